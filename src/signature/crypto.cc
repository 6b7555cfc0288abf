#include "signature/crypto.h"

#ifdef NACRE_SODIUM
#include <sodium.h>
#endif

namespace nacre::signature {

#ifdef NACRE_SODIUM

bool is_built() { return true; }

bool holds(Bytes signature, Bytes message, const PublicKey& key) {
  // From any thread, as often as one likes; before anything else of the library.
  if (sodium_init() < 0) return false;
  return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                             key.data()) == 0;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  int failed =
      sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), "\r\n", &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

#else

bool is_built() { return false; }
bool holds(Bytes, Bytes, const PublicKey&) { return false; }
std::optional<std::string> from_base64(std::string_view) { return std::nullopt; }

#endif

}  // namespace nacre::signature
