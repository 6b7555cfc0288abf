#include "api/source.h"

#include "os/sha256.h"
#include "signature/signature.h"

namespace nacre::api {

const std::string& Source::digest() const {
  std::call_once(made_, [this] { digest_ = os::digest_text(bytes_); });
  return digest_;
}

void Source::set_signature(Bytes signature) {
  signature_.emplace(signature.begin(), signature.end());
  asked_about_.clear();
  signers_.clear();
}

std::optional<Bytes> Source::detached() const {
  if (!signature_) return std::nullopt;
  return Bytes(*signature_);
}

bool Source::carries_signature() const {
  return signature_ || signature::embedded(bytes_).has_value();
}

std::vector<std::string> Source::signed_by(const std::vector<std::string>& keys) const {
  std::lock_guard lock(mutex_);
  if (keys == asked_about_) return signers_;
  asked_about_ = keys;
  signers_.clear();
  std::vector<signature::PublicKey> known;
  for (const std::string& text : keys) {
    if (auto key = signature::key_of_text(text)) known.push_back(*key);
  }
  for (const signature::PublicKey& key : signature::signers_of(bytes_, detached(), known)) {
    signers_.push_back(signature::key_text(key));
  }
  return signers_;
}

}  // namespace nacre::api
