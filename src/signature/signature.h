// Signatures of modules: who signed a whole module. The format is WebAssembly/tool-conventions,
// Signatures.md (version 1), as a custom section `signature` in front of all others, or detached.
//
// Reads hostile bytes: what does not follow the format is not a signature. Pure functions; any
// thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "signature/key.h"

namespace nacre::signature {

// If there are more, none is checked: each signature costs some 50 us per key.
inline constexpr uint32_t kMaxSets = 64;
inline constexpr uint32_t kMaxHashes = 64;  // of one set
inline constexpr uint32_t kMaxSignatures = 256;

// The contents of the section `signature`, if the module's first section is one.
std::optional<Bytes> embedded(Bytes module);

// Those of the keys that signed the whole module, in their order. `detached`: used in place of an
// embedded signature.
std::vector<PublicKey> signers_of(Bytes module, std::optional<Bytes> detached,
                                  std::span<const PublicKey> keys);

}  // namespace nacre::signature
