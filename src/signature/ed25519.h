// Ed25519 (RFC 8032), which is libsodium's: nothing else here includes that.
#pragma once

#include "base/bytes.h"
#include "signature/key.h"

namespace nacre::signature {

inline constexpr size_t kSignatureBytes = 64;

// Whether this build has it; without, no signature holds.
bool is_built();
// `signature` has kSignatureBytes. With a key of small order, for which anybody can make
// signatures up, none holds.
bool holds(Bytes signature, Bytes message, const PublicKey& key);

}  // namespace nacre::signature
