// Mnemonics to instructions, by a hash table made at compile time: parsers of long texts ask for
// every word.
#pragma once

#include <optional>
#include <string_view>

#include "wasm/ops.h"

namespace nacre::wasm::text {

// As find_op(): of the rows that share a mnemonic the first.
std::optional<Op> find_mnemonic(std::string_view text);

// The present name of an instruction that had another one in earlier drafts. Empty: it had none.
std::string_view current_name(std::string_view old_word);

}  // namespace nacre::wasm::text
