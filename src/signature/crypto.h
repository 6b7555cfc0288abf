// What libsodium does for signatures; nothing else but tests includes that. A build may have none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "signature/key.h"

namespace nacre::signature {

inline constexpr size_t kSignatureBytes = 64;

bool is_built();
// Whether a signature of Ed25519 (RFC 8032) holds; it has kSignatureBytes. With a key of small
// order, for which anybody can make signatures up, none does.
bool holds(Bytes signature, Bytes message, const PublicKey& key);
// Base64 (RFC 4648, section 4); line ends within are skipped. Nothing: it is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace nacre::signature
