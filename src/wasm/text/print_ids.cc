#include "wasm/text/print_ids.h"

#include <algorithm>
#include <unordered_set>

#include "wasm/text/strings.h"

namespace nacre::wasm::text {

IdSpace::IdSpace(const NameMap& names) {
  entries_.reserve(names.size());
  std::unordered_set<std::string_view> taken;
  taken.reserve(names.size());
  for (const NameAssoc& item : names) {
    bool is_id = !item.name.empty() && taken.insert(item.name).second;
    entries_.push_back({item.index, item.name, is_id});
  }
}

const IdSpace::Entry* IdSpace::find(uint32_t index) const {
  if (entries_.empty()) return nullptr;
  auto found = std::ranges::lower_bound(entries_, index, {}, &Entry::index);
  return found == entries_.end() || found->index != index ? nullptr : &*found;
}

void IdSpace::forbid(uint32_t index) {
  auto found = std::ranges::lower_bound(entries_, index, {}, &Entry::index);
  if (found != entries_.end() && found->index == index) entries_.erase(found);
}

bool IdSpace::append_definition(std::string& out, uint32_t index, bool annotate) const {
  const Entry* entry = find(index);
  if (entry == nullptr) return false;
  if (entry->is_id) {
    out += ' ';
    append_id(out, entry->name);
    return true;
  }
  if (!annotate) return false;
  out += " (@name ";
  append_quoted_text(out, entry->name);
  out += ')';
  return true;
}

bool IdSpace::append_reference(std::string& out, uint32_t index, uint64_t max_bytes) const {
  out += ' ';
  const Entry* entry = find(index);
  if (entry != nullptr && entry->is_id && entry->name.size() <= max_bytes) {
    append_id(out, entry->name);
    return true;
  }
  out += std::to_string(index);
  return false;
}

size_t IdSpace::count_names(uint32_t end) const {
  auto last = std::ranges::lower_bound(entries_, end, {}, &Entry::index);
  return static_cast<size_t>(last - entries_.begin());
}

size_t count_names(const NameSection& names) {
  size_t count = names.module ? 1 : 0;
  for (const NameMap* map : {&names.functions, &names.types, &names.tables, &names.memories,
                             &names.globals, &names.elements, &names.data, &names.tags}) {
    count += map->size();
  }
  for (const IndirectNameMap* map : {&names.locals, &names.labels, &names.fields}) {
    for (const IndirectNameAssoc& item : *map) count += item.names.size();
  }
  return count;
}

}  // namespace nacre::wasm::text
