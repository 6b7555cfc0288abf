#include "wasm/ops.h"

#include <algorithm>
#include <array>

namespace nacre::wasm {
namespace {

consteval OpcodeTable make_opcode_table() {
  OpcodeTable table{};
  for (uint16_t& entry : table.one_byte) entry = static_cast<uint16_t>(kNoOp);
  for (auto& page : table.prefixed) {
    for (uint16_t& entry : page) entry = static_cast<uint16_t>(kNoOp);
  }
  for (uint16_t i = 0; i < kOpCount; ++i) {
    const OpInfo& info = kOpInfos[i];
    uint16_t& entry = info.prefix == 0 ? table.one_byte[info.code]
                                       : table.prefixed[info.prefix - kFirstPrefix][info.code];
    // Two rows with one opcode: not a constant expression, so the build stops here.
    if (entry != static_cast<uint16_t>(kNoOp)) __builtin_unreachable();
    entry = i;
  }
  return table;
}

consteval std::array<uint16_t, kOpCount> sort_by_text() {
  std::array<uint16_t, kOpCount> order{};
  for (uint16_t i = 0; i < kOpCount; ++i) order[i] = i;
  std::ranges::sort(order, [](uint16_t a, uint16_t b) {
    return kOpInfos[a].text != kOpInfos[b].text ? kOpInfos[a].text < kOpInfos[b].text : a < b;
  });
  return order;
}

constexpr std::array<uint16_t, kOpCount> kByText = sort_by_text();

}  // namespace

constinit const OpcodeTable kOpcodeTable = make_opcode_table();

std::optional<Op> find_op(std::string_view text) {
  auto found =
      std::ranges::lower_bound(kByText, text, {}, [](uint16_t i) { return kOpInfos[i].text; });
  if (found == kByText.end() || kOpInfos[*found].text != text) return std::nullopt;
  return static_cast<Op>(*found);
}

}  // namespace nacre::wasm
