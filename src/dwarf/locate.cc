#include "dwarf/locate.h"

#include <array>
#include <optional>

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

class Locator {
 public:
  Locator(const Sections& sections, const Addresses& addresses)
      : sections_(sections), addresses_(addresses), names_(sections_, work_) {}

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
      shown.push_back({.function = printable(names_.of(found.entry)),
                       .file = printable(found.file),
                       .line = found.file.empty() || found.line > UINT32_MAX ? 0 : found.line});
    }
    return shown;
  }

 private:
  struct Found {
    uint64_t entry = 0;
    std::string file;
    uint64_t line = 0;
  };

  // Which of the addresses it knows.
  AddressSet search(Unit& unit, AddressSet wanted) {
    auto covered = unit.covered(unit.root(), addresses_);
    // Who does not say what code is of it, says so in its lines.
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
      LineTable::Row row = (has_line >> i & 1) != 0 ? lines->row(i) : LineTable::Row();
      auto path = [&](uint64_t file) { return lines ? lines->path(file) : std::string(); };
      add(unit, places[i], row, path, found_[i]);
      if (row.line != 0 || places[i].function != 0) known |= AddressSet{1} << i;
    });
    return known;
  }

  // What was inlined is where the row says; what it was inlined into is where it was called.
  template <class PathOf>
  void add(const Unit& unit, const FunctionPlace& place, LineTable::Row row, PathOf path,
           std::vector<Found>& found) {
    found.clear();
    for (size_t i = place.inlined.size(); i-- != 0;) {
      const Inlined& inlined = place.inlined[i];
      names_.want(unit, inlined.entry);
      found.push_back({.entry = inlined.entry, .file = path(row.file), .line = row.line});
      row = {.file = inlined.call_file, .line = inlined.call_line};
    }
    if (place.function != 0) names_.want(unit, place.function);
    found.push_back({.entry = place.function, .file = path(row.file), .line = row.line});
  }

  const Sections& sections_;
  const Addresses& addresses_;
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
  Locator locator(sections, addresses);
  locator.search();
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] < *code) continue;
    if (auto number = addresses.find(offsets[i] - *code)) positions[i] = locator.positions(*number);
  }
  return positions;
}

}  // namespace nacre::dwarf
