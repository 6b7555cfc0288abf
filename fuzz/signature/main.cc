// nacre-fuzz-signature: looks for modules that somebody did not sign and Nacre says did. Built with
// sanitizers by ./dev fuzz.
//
//   nacre-fuzz-signature [--seed N] [--count N] [--seconds N]
//
// Each seed makes a module of some parts, signs it or some of them, in one way or another, and asks
// who signed all of it; then it damages module or signature and asks again. Nobody may be found
// unless what is behind the signature is, to the last byte, what they signed: all of the module as
// it was, or a part of it that is all there is now. A finding ends the run with 1.

#include "signature/signature.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "../budget.h"
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
    made_.with_lengths = random.one_in(2);
    for (uint32_t i = 1 + random.below(2); i != 0; --i) made_.sets.push_back(random_set(begins));
    data_ = made_.data();
    is_detached_ = random.one_in(3);
    module_ = is_detached_ ? signature::joined({signature::kHeaderForTest, content_})
                           : signature::with_signature(content_, data_);
  }

  // What is wrong; nothing: all is well.
  const char* check() {
    if (found() != signers_of(content_)) return "who signed it is not found";
    if (is_detached_ && random_.one_in(2)) {
      damage(data_, random_);
    } else {
      damage(module_, random_);
    }
    std::vector<PublicKey> still = found();
    size_t begin = content_begin(module_, is_detached_);
    if (begin > module_.size()) return still.empty() ? nullptr : "a signature of nothing";
    bool right = std::ranges::includes(signers_of(Bytes(module_).subspan(begin)), still);
    return right ? nullptr : "somebody is found who did not sign it";
  }
  const ByteVector& module() const { return module_; }
  bool is_signed() const { return !signers_of(content_).empty(); }

 private:
  SignatureForTest::Set random_set(const std::vector<ByteVector>& begins) {
    SignatureForTest::Set set;
    for (const ByteVector& begin : begins) {
      if (random_.one_in(2)) set.hashed.push_back(begin);
    }
    if (random_.one_in(2)) set.hashed.push_back(content_);
    for (const KeyForTest& key : kKeys) {
      if (random_.one_in(2)) set.signers.push_back(key);
    }
    return set;
  }

  // Those of the known who signed this, and nothing behind it.
  std::vector<PublicKey> signers_of(Bytes content) const {
    std::vector<PublicKey> signers;
    for (size_t i = 0; i < kKnown; ++i) {
      auto signed_it = [&](const SignatureForTest::Set& set) {
        return !set.hashed.empty() && std::ranges::equal(set.hashed.back(), content) &&
               std::ranges::find(set.signers, kKeys[i].key, &KeyForTest::key) != set.signers.end();
      };
      if (std::ranges::any_of(made_.sets, signed_it)) signers.push_back(kKeys[i].key);
    }
    std::ranges::sort(signers);
    return signers;
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
  SignatureForTest made_;
  ByteVector data_;
  ByteVector module_;
  bool is_detached_ = false;
};

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) {
  nacre::fuzz::Budget budget(argc, argv);
  uint64_t seed = budget.first_seed();
  uint64_t done = 0;
  uint64_t signed_ones = 0;
  const char* problem = nullptr;
  for (; problem == nullptr && !budget.is_spent(done); ++done) {
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
