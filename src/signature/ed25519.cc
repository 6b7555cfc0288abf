#include "signature/ed25519.h"

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

#else

bool is_built() { return false; }
bool holds(Bytes, Bytes, const PublicKey&) { return false; }

#endif

}  // namespace nacre::signature
