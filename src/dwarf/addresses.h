// The addresses that are asked about, and sets of them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace nacre::dwarf {

// Bit i: the address number i.
using AddressSet = uint64_t;

class Addresses {
 public:
  static constexpr size_t kMax = 64;

  // In any order, some of them often; only the first kMax different ones count.
  explicit Addresses(std::vector<uint64_t> addresses) : sorted_(std::move(addresses)) {
    std::ranges::sort(sorted_);
    sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
    if (sorted_.size() > kMax) sorted_.resize(kMax);
  }

  const std::vector<uint64_t>& sorted() const { return sorted_; }  // each at its number
  AddressSet all() const { return below(sorted_.size()); }
  // Those in [begin, end).
  AddressSet within(uint64_t begin, uint64_t end) const {
    if (begin >= end) return 0;
    return below(number_of(end)) & ~below(number_of(begin));
  }
  // The number of an address that counts.
  std::optional<size_t> find(uint64_t address) const {
    size_t number = number_of(address);
    if (number < sorted_.size() && sorted_[number] == address) return number;
    return std::nullopt;
  }

 private:
  // Of an address, or of the next higher one.
  size_t number_of(uint64_t address) const {
    return static_cast<size_t>(std::ranges::lower_bound(sorted_, address) - sorted_.begin());
  }
  static AddressSet below(size_t count) {
    return count >= kMax ? ~AddressSet{0} : (AddressSet{1} << count) - 1;
  }
  std::vector<uint64_t> sorted_;
};

// Calls visit(i) for each member.
template <class Visit>
void for_each(AddressSet set, Visit visit) {
  for (; set != 0; set &= set - 1) visit(static_cast<size_t>(std::countr_zero(set)));
}

}  // namespace nacre::dwarf
