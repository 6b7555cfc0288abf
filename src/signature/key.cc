#include "signature/key.h"

#include <algorithm>

#include "base/hex.h"
#include "signature/crypto.h"

namespace nacre::signature {
namespace {

constexpr std::string_view kPrefix = "ed25519:";

// What stands in front of the key in each form.
constexpr std::string_view kRawHead("\x01", 1);  // Signatures.md, "key serialization"
constexpr std::string_view kSshHead("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);  // RFC 8709
constexpr std::string_view kDerHead("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0",
                                    12);  // RFC 8410

constexpr std::string_view kSshName = "ssh-ed25519 ";
constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kPemEnd = "-----END PUBLIC KEY-----";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// The bytes of a key and what must stand in front of them.
struct Form {
  std::string bytes;
  std::string_view head;
};

std::optional<Form> form_of(std::string_view file) {
  if (file.starts_with(kRawHead)) return Form{std::string(file), kRawHead};
  std::string_view text = trimmed(file);
  std::optional<std::string> bytes;
  std::string_view head;
  if (text.starts_with(kSshName) && text.find('\n') == std::string_view::npos) {
    text.remove_prefix(kSshName.size());
    bytes = from_base64(text.substr(0, text.find(' ')));  // a comment may follow
    head = kSshHead;
  } else if (text.starts_with(kPemBegin) && text.ends_with(kPemEnd)) {
    text.remove_prefix(kPemBegin.size());
    bytes = from_base64(text.substr(0, text.size() - kPemEnd.size()));
    head = kDerHead;
  }
  if (!bytes) return std::nullopt;
  return Form{std::move(*bytes), head};
}

}  // namespace

std::string key_text(const PublicKey& key) { return std::string(kPrefix) + hex_text(key); }

std::optional<PublicKey> key_of_text(std::string_view text) {
  PublicKey key;
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 2 * key.size()) {
    return std::nullopt;
  }
  text.remove_prefix(kPrefix.size());
  for (size_t i = 0; i < key.size(); ++i) {
    size_t high = kHexDigits.find(text[2 * i]);
    size_t low = kHexDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    key[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return key;
}

Result<PublicKey> read_public_key(std::string_view file) {
  PublicKey key;
  auto form = form_of(file);
  if (!form || !form->bytes.starts_with(form->head) ||
      form->bytes.size() != form->head.size() + key.size()) {
    return fail(ErrorCode::usage,
                "not an Ed25519 public key: give one line of OpenSSH (ssh-ed25519 ...), PEM "
                "(BEGIN PUBLIC KEY), or the 33 bytes that wasmsign2 writes");
  }
  std::ranges::copy(form->bytes.substr(form->head.size()), key.begin());
  return key;
}

}  // namespace nacre::signature
