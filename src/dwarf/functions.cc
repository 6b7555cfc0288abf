#include "dwarf/functions.h"

namespace nacre::dwarf {
namespace {

// The entries around the one that is looked at.
class Path {
 public:
  void enter(uint32_t depth, uint64_t entry) {
    if (depth >= kMaxDepth) return;
    entries_.resize(depth + 1);
    entries_[depth] = entry;
  }
  bool has(uint32_t depth, uint64_t entry) const {
    return depth < entries_.size() && entries_[depth] == entry;
  }
  static constexpr uint32_t kMaxDepth = 256;

 private:
  std::vector<uint64_t> entries_;
};

// Whether an inlined function lies in the function, and in what was inlined there before: who says
// otherwise about an address is not believed.
bool lies_inside(const Path& path, const FunctionPlace& place) {
  if (place.function == 0 || !path.has(place.depth, place.function)) return false;
  if (place.inlined.empty()) return true;
  const Inlined& last = place.inlined.back();
  return path.has(last.depth, last.entry) && place.inlined.size() < FunctionPlace::kMaxInlined;
}

uint64_t number_of(const Entry& entry, Attribute attribute) {
  const Value* value = entry.find(attribute);
  return value == nullptr ? 0 : value->number;
}

}  // namespace

std::array<FunctionPlace, Addresses::kMax> find_functions(const Unit& unit,
                                                          const Addresses& addresses,
                                                          AddressSet wanted) {
  std::array<FunctionPlace, Addresses::kMax> places;
  Path path;
  AddressSet inside = 0;  // those of the function that entries are in
  Inlined function;       // that one; only where it stands
  Entries entries(unit);
  while (const Entry* entry = entries.next()) {
    if (entries.depth() >= Path::kMaxDepth) continue;
    path.enter(entries.depth(), entry->offset());
    if (entry->tag() == Tag::subprogram) {
      AddressSet its = unit.covered(*entry, addresses).value_or(0) & wanted;
      // A local type may declare functions, behind which the outer one goes on.
      bool is_nested = inside != 0 && path.has(function.depth, function.entry);
      inside = is_nested ? inside | its : its;
      if (!is_nested) function = {.entry = entry->offset(), .depth = entries.depth()};
      for_each(its, [&](size_t i) {
        if (places[i].function != 0) return;
        places[i].function = entry->offset();
        places[i].depth = entries.depth();
        places[i].extent = unit.extent(*entry);
      });
    } else if (entry->tag() == Tag::inlined_subroutine && inside != 0) {
      for_each(unit.covered(*entry, addresses).value_or(0) & inside, [&](size_t i) {
        if (!lies_inside(path, places[i])) return;
        places[i].inlined.push_back({.entry = entry->offset(),
                                     .depth = entries.depth(),
                                     .call_file = number_of(*entry, Attribute::call_file),
                                     .call_line = number_of(*entry, Attribute::call_line)});
      });
    }
  }
  return places;
}

}  // namespace nacre::dwarf
