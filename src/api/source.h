// What a module was loaded from: its bytes, binary or text, their digest, and who signed them.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace nacre::api {

// Any thread, once its signature is set.
class Source {
 public:
  Source(Bytes bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {}

  size_t size_bytes() const { return bytes_.size(); }
  // Made when it is first asked for.
  const std::string& digest() const;

  // A detached signature, which counts in place of an embedded one.
  void set_signature(Bytes signature);
  // Whether there is one of either kind, good or bad.
  bool carries_signature() const;
  // Those of these keys ("ed25519:...") that signed it. The result is kept for the same keys,
  // because pools ask for each guest.
  std::vector<std::string> signed_by(const std::vector<std::string>& keys) const;

 private:
  std::optional<Bytes> detached() const;

  Bytes bytes_;
  std::shared_ptr<const void> owner_;
  std::optional<std::vector<uint8_t>> signature_;
  mutable std::once_flag made_;
  mutable std::string digest_;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> asked_about_;
  mutable std::vector<std::string> signers_;  // of those
};

}  // namespace nacre::api
