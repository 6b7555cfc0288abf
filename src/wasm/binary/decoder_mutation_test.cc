// Damaged modules: whatever the bytes are, decoding ends with a module or an error, and what was
// decoded can be encoded and decoded again. Meant to run under sanitizers too.
#include <gtest/gtest.h>

#include <random>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/binary/test_modules.h"
#include "wasm/names.h"
#include "wasm/walk.h"

namespace nacre::wasm {
namespace {

using test::ByteVector;

// Everything that reads the module's bytes without it being valid.
void exercise(const ByteVector& input, const std::string& what) {
  // An exact allocation, so that sanitizers see the first byte beyond.
  auto owner = std::make_shared<ByteVector>(input);
  owner->shrink_to_fit();
  Result<Module> m = decode(Bytes(*owner), owner, {});
  if (!m) {
    ASSERT_TRUE(m.error().where()) << what;
    ASSERT_LE(m.error().where()->offset, input.size()) << what;
    return;
  }
  module_names(*m);
  for (Bytes body : m->bodies) {
    BodyReader reader(body, m->offset_of(body.data()), {});
    Trusted checker;
    NullVisitor visitor;
    walk(reader, checker, visitor);
    ASSERT_TRUE(checker.done() || !reader.ok()) << what;
  }
  ByteVector once = encode(*m);
  Result<Module> again = decode(once, {});
  ASSERT_TRUE(again) << what << ": " << again.error().to_string();
  ASSERT_EQ(encode(*again), once) << what;
}

TEST(DecoderMutation, EveryTruncation) {
  ByteVector whole = test::everything();
  for (size_t size = 0; size < whole.size(); ++size) {
    exercise(ByteVector(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)),
             "first " + std::to_string(size) + " bytes");
  }
}

TEST(DecoderMutation, EveryBitFlipped) {
  ByteVector bytes = test::everything();
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
      exercise(bytes, "bit " + std::to_string(bit) + " of byte " + std::to_string(at));
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
    }
  }
}

TEST(DecoderMutation, SeveralBytesReplacedOrRemoved) {
  ByteVector whole = test::everything();
  std::mt19937 random(20240229);
  for (int round = 0; round < 4000; ++round) {
    ByteVector bytes = whole;
    for (uint32_t changes = 1 + random() % 4; changes > 0; --changes) {
      size_t at = 8 + random() % (bytes.size() - 8);
      if (random() % 4 == 0) {
        bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at));
      } else {
        bytes[at] = static_cast<uint8_t>(random());
      }
    }
    exercise(bytes, "round " + std::to_string(round));
  }
}

}  // namespace
}  // namespace nacre::wasm
