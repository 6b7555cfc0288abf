#include "dwarf/locate.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <ranges>
#include <utility>

#include "base/utf8.h"
#include "dwarf/addresses.h"
#include "dwarf/functions.h"
#include "dwarf/line_table.h"
#include "dwarf/names.h"
#include "dwarf/sections.h"
#include "dwarf/unit.h"

namespace nacre::dwarf {
namespace {

// About a second.
constexpr uint64_t kMaxSteps = 100'000'000;

// The body of a function as the module has it, in addresses.
using Body = Unit::Extent;

// Whether debug information is of this very code, and not of what it was before a tool wrote the
// module anew and left these sections as they were. Functions begin at their body or at its size in
// front of it, and end with it or at its last instruction.
bool is_of(const FunctionPlace& place, const Body& body) {
  constexpr uint64_t kMaxSizeBytes = 5, kEndBytes = 1;
  if (!place.extent) return true;
  const auto& [begin, end] = *place.extent;
  return begin <= body.begin && begin + kMaxSizeBytes >= body.begin && end <= body.end &&
         end + kEndBytes >= body.end;
}

// Of the function that an offset lies in; empty: of none.
Body body_at(const wasm::Module& module, uint64_t offset, uint64_t code) {
  auto begin_of = [&](Bytes body) { return module.offset_of(body.data()); };
  auto after = std::ranges::upper_bound(module.bodies, offset, {}, begin_of);
  if (after == module.bodies.begin()) return {};
  Bytes body = *std::prev(after);
  uint64_t begin = begin_of(body) - code;
  return {.begin = begin, .end = begin + body.size()};
}

class Locator {
 public:
  // `bodies`: for each address, by its number.
  Locator(const Sections& sections, const Addresses& addresses, std::span<const Body> bodies)
      : sections_(sections), addresses_(addresses), bodies_(bodies), names_(sections_, work_) {}

  void search() {
    AddressSet missing = addresses_.all();
    for (uint64_t offset = 0; missing != 0;) {
      auto unit = Unit::read(sections_, offset, work_);
      if (!unit) break;
      if (unit->has_code()) missing &= ~search(*unit, missing);
      offset = unit->end();
    }
    names_.find_scopes();
  }

  // The youngest first.
  std::vector<Position> positions(size_t address) const {
    std::vector<Position> shown;
    for (const Found& found : found_[address]) {
      const auto& [file, line] = found.place;
      shown.push_back({.function = printable(names_.of(found.entry)),
                       .file = printable(file),
                       .line = file.empty() || line > UINT32_MAX ? 0 : line});
    }
    return shown;
  }

 private:
  struct Place {
    std::string file;
    uint64_t line = 0;
  };
  struct Found {
    uint64_t entry = 0;
    Place place;
  };

  // Which of the addresses it knows.
  AddressSet search(Unit& unit, AddressSet wanted) {
    auto covered = unit.covered(unit.root(), addresses_);
    // A unit that does not say which code belongs to it says so in its lines.
    wanted &= covered.value_or(wanted);
    if (wanted == 0) return 0;
    auto lines = LineTable::read(unit, addresses_, wanted);
    AddressSet has_line = lines ? lines->found() : 0;
    if (!covered) wanted = has_line;
    if (wanted == 0) return 0;
    unit.open();
    auto places = find_functions(unit, addresses_, wanted);
    AddressSet known = 0;
    for_each(wanted, [&](size_t i) {
      bool has_row = (has_line >> i & 1) != 0;
      if ((!has_row && places[i].function == 0) || !is_of(places[i], bodies_[i])) return;
      known |= AddressSet{1} << i;
      Place place;
      if (has_row) place = {.file = lines->path(lines->row(i).file), .line = lines->row(i).line};
      found_[i].clear();
      // What was inlined is where the row says; what it was inlined into is where it was called.
      for (const Inlined& inlined : std::views::reverse(places[i].inlined)) {
        names_.want(unit, inlined.entry);
        found_[i].push_back({.entry = inlined.entry, .place = std::move(place)});
        place = {.file = lines ? lines->path(inlined.call_file) : std::string(),
                 .line = inlined.call_line};
      }
      if (places[i].function != 0) names_.want(unit, places[i].function);
      found_[i].push_back({.entry = places[i].function, .place = std::move(place)});
    });
    return known;
  }

  const Sections& sections_;
  const Addresses& addresses_;
  std::span<const Body> bodies_;
  Work work_{kMaxSteps};
  Names names_;
  std::array<std::vector<Found>, Addresses::kMax> found_;
};

}  // namespace

std::vector<std::vector<Position>> locate(const wasm::Module& module,
                                          std::span<const uint64_t> offsets) {
  std::vector<std::vector<Position>> positions(offsets.size());
  Sections sections = find_sections(module);
  auto code = code_begin(module);
  if (sections.info.empty() || sections.abbrev.empty() || !code) return positions;
  std::vector<uint64_t> wanted;
  for (uint64_t offset : offsets) {
    if (offset >= *code) wanted.push_back(offset - *code);
  }
  Addresses addresses(wanted);
  std::vector<Body> bodies;
  for (uint64_t address : addresses.sorted())
    bodies.push_back(body_at(module, *code + address, *code));
  Locator locator(sections, addresses, bodies);
  locator.search();
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] < *code) continue;
    if (auto number = addresses.find(offsets[i] - *code)) positions[i] = locator.positions(*number);
  }
  return positions;
}

}  // namespace nacre::dwarf
