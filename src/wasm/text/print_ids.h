// How the printer names the items of one index space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/names.h"

namespace nacre::wasm::text {

class IdSpace {
 public:
  IdSpace() = default;
  explicit IdSpace(const NameMap& names);

  // From now on it is referred to by its number, and its name is not written.
  void forbid(uint32_t index);

  // Appends " $id", or " (@name "...")" where the name cannot be an id (it is empty, or taken) and
  // `annotate` is on. Returns whether the name was written.
  bool append_definition(std::string& out, uint32_t index, bool annotate) const;
  // Appends " $id", if the name is not longer than `max_bytes`, or " 7". Whether it was an id.
  bool append_reference(std::string& out, uint32_t index, uint64_t max_bytes) const;
  // How many of the items [0, end) have names.
  size_t count_names(uint32_t end) const;
  bool has_name(uint32_t index) const { return find(index) != nullptr; }

 private:
  struct Entry {
    uint32_t index;
    std::string_view name;
    bool is_id;
  };
  const Entry* find(uint32_t index) const;

  std::vector<Entry> entries_;  // by rising index
};

// The number of names in a section: what a printer must have written to have written them all.
size_t count_names(const NameSection& names);

}  // namespace nacre::wasm::text
