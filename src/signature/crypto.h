// The cryptography of signatures, by libsodium, which only this file and tests include. A build may
// be without it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "signature/key.h"

namespace nacre::signature {

inline constexpr size_t kSignatureBytes = 64;

bool is_built();
// Whether a signature of Ed25519 (RFC 8032) holds; it has kSignatureBytes. Never true
// for a key of small order, for which signatures can be forged.
bool holds(Bytes signature, Bytes message, const PublicKey& key);
// Decodes base64 (RFC 4648, section 4), skipping line ends. Nothing: the text is not base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace nacre::signature
