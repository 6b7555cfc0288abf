// nacre-fuzz-signature: looks for modules that somebody did not sign and Nacre says did. Built with
// sanitizers by ./dev fuzz.
//
//   nacre-fuzz-signature [--seed N] [--count N] [--seconds N]
//
// Each seed makes a module of some parts, signs it or some of them, in one way or another, and asks
// who signed all of it; then it damages module or signature and asks again. Nobody may be found who
// did not sign, and nobody unless what is behind the signature is what was signed, to the last
// byte. A finding ends the run with 1.

#include "signature/signature.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../random.h"
#include "signature/sign_for_test.h"

namespace nacre::fuzz {
namespace {

using signature::ByteVector;
using signature::KeyForTest;
using signature::PublicKey;
using signature::SignatureForTest;

// The last of them is known to nobody.
const std::vector<KeyForTest> kKeys = {KeyForTest(1), KeyForTest(2), KeyForTest(3)};
constexpr size_t kKnown = 2;

ByteVector random_bytes(Random& random, uint32_t most) {
  ByteVector bytes(random.below(most + 1));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
  return bytes;
}

void damage(ByteVector& bytes, Random& random) {
  for (uint32_t times = 1 + random.below(3); times != 0 && !bytes.empty(); --times) {
    auto at = bytes.begin() + random.below(static_cast<uint32_t>(bytes.size()));
    switch (random.below(5)) {
      case 0:
        *at = static_cast<uint8_t>(random.next());
        break;
      case 1:
        *at = static_cast<uint8_t>(random.interesting());
        break;
      case 2:
        bytes.erase(at, at + random.below(static_cast<uint32_t>(bytes.end() - at)) + 1);
        break;
      case 3: {
        ByteVector more = random_bytes(random, 4);
        bytes.insert(at, more.begin(), more.end());
        break;
      }
      default: {
        ByteVector copy(at, bytes.end());
        bytes.insert(random.one_in(2) ? bytes.end() : bytes.begin(), copy.begin(), copy.end());
      }
    }
  }
}

// The second reading: where what is behind the header or the first section begins.
size_t content_begin(const ByteVector& module, bool is_detached) {
  size_t at = signature::kHeaderForTest.size();
  if (is_detached) return at;
  uint64_t size = 0;
  ++at;  // the section's number
  for (int shift = 0; at < module.size(); shift += 7) {
    uint8_t byte = module[at++];
    size |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80 || shift == 28) break;
  }
  return at + size;
}

class Case {
 public:
  explicit Case(Random& random) : random_(random) {
    std::vector<ByteVector> begins;  // of the content: it up to the end of each part
    for (uint32_t i = random.below(4); i != 0; --i) {
      ByteVector part = random.one_in(8) ? ByteVector{} : random_bytes(random, 40);
      content_ = signature::joined({content_, signature::section_of("a", part)});
      begins.push_back(content_);
    }
    SignatureForTest made;
    made.with_lengths = random.one_in(2);
    for (uint32_t i = 1 + random.below(2); i != 0; --i) made.sets.push_back(random_set(begins));
    data_ = made.data();
    is_detached_ = random.one_in(3);
    module_ = is_detached_ ? signature::joined({signature::kHeaderForTest, content_})
                           : signature::with_signature(content_, data_);
  }

  // What is wrong; nothing: all is well.
  const char* check() {
    if (found() != signers_) return "who signed it is not found";
    if (is_detached_ && random_.one_in(2)) {
      damage(data_, random_);
    } else {
      damage(module_, random_);
    }
    std::vector<PublicKey> still = found();
    if (!std::ranges::includes(signers_, still)) return "somebody is found who did not sign it";
    size_t begin = content_begin(module_, is_detached_);
    bool same = begin <= module_.size() &&
                std::ranges::equal(Bytes(module_).subspan(begin), Bytes(content_));
    return still.empty() || same ? nullptr : "something else was signed";
  }
  const ByteVector& module() const { return module_; }
  bool is_signed() const { return !signers_.empty(); }

 private:
  SignatureForTest::Set random_set(const std::vector<ByteVector>& begins) {
    SignatureForTest::Set set;
    for (const ByteVector& begin : begins) {
      if (random_.one_in(2)) set.hashed.push_back(begin);
    }
    if (random_.one_in(2)) set.hashed.push_back(content_);
    bool is_whole = !set.hashed.empty() && set.hashed.back() == content_;
    for (size_t i = 0; i < kKeys.size(); ++i) {
      if (random_.one_in(2)) continue;
      set.signers.push_back(kKeys[i]);
      if (is_whole && i < kKnown) signers_.push_back(kKeys[i].key);
    }
    std::ranges::sort(signers_);
    signers_.erase(std::ranges::unique(signers_).begin(), signers_.end());
    return set;
  }

  std::vector<PublicKey> found() const {
    std::vector<PublicKey> known;
    for (size_t i = 0; i < kKnown; ++i) known.push_back(kKeys[i].key);
    std::optional<Bytes> detached;
    if (is_detached_) detached = data_;
    std::vector<PublicKey> signers = signature::signers_of(module_, detached, known);
    std::ranges::sort(signers);
    return signers;
  }

  Random& random_;
  ByteVector content_;
  ByteVector data_;
  ByteVector module_;
  std::vector<PublicKey> signers_;
  bool is_detached_ = false;
};

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) {
  uint64_t seed = 1;
  uint64_t count = 1000;
  uint64_t seconds = 0;
  for (int at = 1; at + 1 < argc; at += 2) {
    uint64_t value = std::strtoull(argv[at + 1], nullptr, 10);
    if (std::strcmp(argv[at], "--seed") == 0) seed = value;
    if (std::strcmp(argv[at], "--count") == 0) count = value;
    if (std::strcmp(argv[at], "--seconds") == 0) seconds = value;
  }
  auto start = std::chrono::steady_clock::now();
  uint64_t done = 0;
  uint64_t signed_ones = 0;
  const char* problem = nullptr;
  for (; problem == nullptr; ++done) {
    bool expired = std::chrono::steady_clock::now() - start >= std::chrono::seconds(seconds);
    if (seconds != 0 ? expired : done >= count) break;
    nacre::fuzz::Random random(seed + done);
    nacre::fuzz::Case one(random);
    signed_ones += one.is_signed() ? 1 : 0;
    problem = one.check();
    if (problem == nullptr) continue;
    std::printf("seed %llu: %s:", static_cast<unsigned long long>(seed + done), problem);
    for (uint8_t byte : one.module()) std::printf(" %02x", byte);
    std::printf("\n");
  }
  std::printf("signature: %llu from seed %llu, %llu signed, %d findings\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(signed_ones), problem != nullptr ? 1 : 0);
  return problem != nullptr ? 1 : 0;
}
