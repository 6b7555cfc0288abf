// Damaged components: whatever the bytes are, decoding ends with a component or an error with a
// place, and what was decoded can be encoded and decoded again.
#include "component/binary/decoder.h"

#include <gtest/gtest.h>

#include "component/binary/encoder.h"
#include "component/text/parser.h"

namespace nacre::component {
namespace {

using ByteVector = std::vector<uint8_t>;

constexpr const char* kText = R"((component $c
  (core module $m (memory (export "mem") 1) (func (export "f") (param i32)))
  (core instance $i (instantiate $m))
  (type $R (resource (rep i32) (dtor (core func $i "f"))))
  (core type (module (import "a" "b" (func (param i32))) (export "t" (table 1 funcref))))
  (import "a:b/c@1.2.3-x+y" (external-id "z") (instance $j
    (export "t" (type $t (sub resource)))
    (export "f" (func async (param "a" (variant (case "p" (own $t)) (case "q")))))))
  (component (alias outer $c 1 (type)) (export "x" (type 0)))
  (core func (canon task.return (result string) (memory (core memory $i "mem"))))
  (export "r" (type $R) (type (sub resource)))))";

ByteVector everything() { return encode(*parse_component(kText, wasm::Features())); }

void exercise(const ByteVector& input, const std::string& what) {
  // An exact allocation, so that sanitizers see the first byte beyond.
  ByteVector exact(input);
  exact.shrink_to_fit();
  Result<Component> component = decode(Bytes(exact), nullptr, wasm::Features());
  if (!component) {
    ASSERT_TRUE(component.error().where()) << what;
    ASSERT_LE(component.error().where()->offset, input.size()) << what;
    return;
  }
  ByteVector once = encode(*component);
  Result<Component> again = decode(once, wasm::Features());
  ASSERT_TRUE(again) << what << ": " << again.error().to_string();
  ASSERT_EQ(encode(*again), once) << what;
}

TEST(ComponentDecoder, EveryTruncation) {
  ByteVector whole = everything();
  for (size_t size = 0; size < whole.size(); ++size) {
    exercise(ByteVector(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)),
             "first " + std::to_string(size) + " bytes");
  }
}

TEST(ComponentDecoder, EveryByteChanged) {
  ByteVector bytes = everything();
  for (size_t at = 0; at < bytes.size(); ++at) {
    uint8_t before = bytes[at];
    for (int value = 0; value < 256; ++value) {
      bytes[at] = static_cast<uint8_t>(value);
      exercise(bytes, std::to_string(value) + " at byte " + std::to_string(at));
    }
    bytes[at] = before;
  }
}

TEST(ComponentDecoder, LongCountsFailEarly) {
  // A type section that says it has 2^32 - 1 types, in a few bytes.
  ByteVector bytes = {0, 'a', 's', 'm', 0x0D, 0, 1, 0, 7, 6, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x7F};
  Result<Component> component = decode(bytes, wasm::Features());
  ASSERT_FALSE(component);
}

}  // namespace
}  // namespace nacre::component
