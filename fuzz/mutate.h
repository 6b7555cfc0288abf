// Small damage to bytes and text: what a hostile or broken file looks like.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "random.h"

namespace nacre::fuzz {

// One to eight changes: flipped bits, bytes from the set that means something in wasm, removed,
// repeated and moved runs, truncation, LEB128s of huge numbers.
void mutate_bytes(std::vector<uint8_t>& bytes, Random& random);

// The same for text: tokens removed, repeated, swapped and replaced, odd characters put in.
void mutate_text(std::string& text, Random& random);

}  // namespace nacre::fuzz
