// Public keys of Ed25519 (RFC 8032), as files and as text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nacre::signature {

using PublicKey = std::array<uint8_t, 32>;

// From "ed25519:" and 64 hexadecimal digits; nothing: it is not a key.
std::string key_text(const PublicKey& key);
std::optional<PublicKey> key_of_text(std::string_view text);

// The contents of a file: a line of OpenSSH (ssh-ed25519), PEM (SubjectPublicKeyInfo, RFC 8410), or
// the 33 bytes of Signatures.md. Errors (usage): it is not one of these.
Result<PublicKey> read_public_key(std::string_view file);

}  // namespace nacre::signature
