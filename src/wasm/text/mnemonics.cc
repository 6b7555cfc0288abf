#include "wasm/text/mnemonics.h"

#include <array>
#include <utility>

namespace nacre::wasm::text {
namespace {

constexpr uint32_t kSlots = 4096;
static_assert(kSlots > 4 * kOpCount, "few collisions need a mostly empty table");

// FNV-1a. A hostile text can make its own words collide, not those of the table: a look-up never
// visits more slots than the longest run of full ones.
constexpr uint32_t hash(std::string_view text) {
  uint32_t value = 2166136261u;
  for (char c : text) value = (value ^ static_cast<uint8_t>(c)) * 16777619u;
  return (value ^ value >> 15) % kSlots;
}

consteval std::array<uint16_t, kSlots> make_slots() {
  std::array<uint16_t, kSlots> slots{};
  for (uint16_t& slot : slots) slot = static_cast<uint16_t>(kNoOp);
  for (uint16_t i = 0; i < kOpCount; ++i) {
    uint32_t at = hash(kOpInfos[i].text);
    while (slots[at] != static_cast<uint16_t>(kNoOp) &&
           kOpInfos[slots[at]].text != kOpInfos[i].text) {
      at = (at + 1) % kSlots;
    }
    if (slots[at] == static_cast<uint16_t>(kNoOp)) slots[at] = i;
  }
  return slots;
}

constexpr std::array<uint16_t, kSlots> kByMnemonic = make_slots();

}  // namespace

std::optional<Op> find_mnemonic(std::string_view text) {
  for (uint32_t at = hash(text);; at = (at + 1) % kSlots) {
    uint16_t slot = kByMnemonic[at];
    if (slot == static_cast<uint16_t>(kNoOp)) return std::nullopt;
    if (kOpInfos[slot].text == text) return static_cast<Op>(slot);
  }
}

std::string_view current_name(std::string_view old_word) {
  constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
#define RENAMED(old, now) {old, now},
#include "wasm/text/renamed.def"
#undef RENAMED
  };
  for (auto [old, now] : kRenamed) {
    if (old == old_word) return now;
  }
  return {};
}

}  // namespace nacre::wasm::text
