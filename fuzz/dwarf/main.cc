// nacre-fuzz-dwarf: looks for debug information that harms its reader. Built with sanitizers by
// ./dev fuzz.
//
//   nacre-fuzz-dwarf [--seed N] [--count N] [--seconds N]
//
// Each seed makes the debug information of a small program in one version and encoding, and asks
// where every byte of its code comes from; then it damages the sections and asks again. Undamaged
// information must be found; damaged may say anything, but in texts that can be printed, and soon. A
// finding ends the run with 1.

#include <chrono>
#include <cstdio>
#include <string>

#include "../budget.h"
#include "../random.h"
#include "base/utf8.h"
#include "dwarf/debug_info_for_test.h"
#include "dwarf/locate.h"

namespace nacre::fuzz {
namespace {

using dwarf::ByteVector;
using dwarf::DebugInfoForTest;

DebugInfoForTest random_info(Random& random) {
  DebugInfoForTest info;
  info.version = static_cast<uint16_t>(3 + random.below(3));
  info.offset_bytes = random.one_in(4) ? 8 : 4;
  info.address_bytes = random.one_in(4) ? 8 : 4;
  info.has_range_list = random.one_in(2);
  info.has_unit_range = !random.one_in(4);
  info.indexes = info.version == 5 && random.one_in(2);
  info.has_dead_code = random.one_in(2);
  info.is_dead_zero = random.one_in(2);
  return info;
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
        bytes.erase(at, at + 1 + random.below(4) % (bytes.end() - at));
        break;
      case 3: {
        // Over a whole offset or count.
        uint64_t number = random.interesting();
        for (; number != 0 && at != bytes.end(); number >>= 8) *at++ = static_cast<uint8_t>(number);
        break;
      }
      default: {
        // Once more what follows: entries in entries, sequences in sequences.
        ByteVector copy(at, bytes.end());
        if (copy.size() > 200) copy.resize(200);
        bytes.insert(at, copy.begin(), copy.end());
      }
    }
  }
}

std::vector<std::vector<dwarf::Position>> locate_all(
    const std::map<std::string, ByteVector>& sections) {
  auto module = wasm::decode(dwarf::module_with(sections), wasm::Features::all_built());
  std::vector<uint64_t> offsets;
  for (uint64_t i = 0; i < 64; ++i) offsets.push_back(dwarf::kCodeBegin + i);
  return module ? dwarf::locate(*module, offsets) : std::vector<std::vector<dwarf::Position>>();
}

// What is wrong; nothing: all is well.
const char* check(Random& random) {
  auto sections = random_info(random).sections();
  auto found = locate_all(sections);
  if (found.size() != 64 || found[DebugInfoForTest::kTwice].size() != 2 ||
      found[DebugInfoForTest::kTwice][0].function != "geo::Vec::twice" ||
      found[DebugInfoForTest::kTwice][1].line != 6)
    return "what nobody damaged is not found";
  for (auto& [name, bytes] : sections) {
    if (random.one_in(3)) damage(bytes, random);
  }
  auto begin = std::chrono::steady_clock::now();
  found = locate_all(sections);
  if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(60))
    return "it takes minutes";
  for (const auto& positions : found) {
    for (const dwarf::Position& position : positions) {
      if (!is_printable(position.function) || !is_printable(position.file))
        return "a text cannot be printed";
    }
  }
  return nullptr;
}

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) {
  nacre::fuzz::Budget budget(argc, argv);
  uint64_t seed = budget.first_seed();
  uint64_t done = 0;
  const char* problem = nullptr;
  for (; problem == nullptr && !budget.is_spent(done); ++done) {
    nacre::fuzz::Random random(seed + done);
    problem = nacre::fuzz::check(random);
    if (problem != nullptr)
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed + done), problem);
  }
  std::printf("dwarf: %llu from seed %llu, %d findings\n", static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(seed), problem != nullptr ? 1 : 0);
  return problem != nullptr ? 1 : 0;
}
