#include "wasm/type_registry.h"

#include <array>
#include <atomic>
#include <bit>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "wasm/limits.h"

namespace nacre::wasm {
namespace {

constexpr uint32_t kMaxIds = HeapType::kMaxIndex + 1;  // a ValType has no room for more

// Types live in chunks that never move: at() is a load and an addition, without a lock. Each chunk
// is twice as large as the one before, so that few types take little room.
constexpr uint32_t kFirstChunkLog2 = 5;
constexpr uint32_t kChunks = std::bit_width(kMaxIds) - kFirstChunkLog2 + 1;

struct ChunkPlace {
  uint32_t chunk;
  uint32_t index;
  constexpr uint32_t chunk_size() const { return 1u << (kFirstChunkLog2 + chunk); }
};
constexpr ChunkPlace place_of(uint32_t id) {
  uint32_t shifted = id + (1u << kFirstChunkLog2);
  auto log2 = static_cast<uint32_t>(std::bit_width(shifted)) - 1;
  return {log2 - kFirstChunkLog2, shifted - (1u << log2)};
}
static_assert(place_of(31).chunk == 0 && place_of(32).chunk == 1 && place_of(95).index == 63 &&
              place_of(kMaxIds - 1).chunk < kChunks);

// A rolled-up group as words: references to the own group are relative to its start, references
// outside are canonical ids, so equal words are equivalent groups.
using Key = std::vector<uint64_t>;
constexpr uint64_t kRelative = uint64_t{1} << 32;

struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t hash = seed;
    for (uint64_t word : key) {
      hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
  uint64_t seed;
};

// What the words and the canonical types of one group are made from.
struct GroupView {
  std::span<const SubType> types;
  uint32_t first = 0;                  // module index of types[0]
  std::span<const CanonTypeId> known;  // ids of the module's types before the group
};

bool is_own(const GroupView& group, TypeIdx index) {
  return index_of(index) >= group.first && index_of(index) - group.first < group.types.size();
}

bool is_reachable(const GroupView& group, TypeIdx index) {
  return index_of(index) < group.known.size() || is_own(group, index);
}

uint64_t index_word(const GroupView& group, TypeIdx index) {
  if (is_own(group, index)) return kRelative | (index_of(index) - group.first);
  return static_cast<uint32_t>(group.known[index_of(index)]);
}

uint64_t val_type_word(const GroupView& group, ValType type) {
  if (!type.is_ref() || !type.heap().is_concrete()) return type.bits();
  uint64_t word = index_word(group, type.heap().index());
  ValType renamed =
      ValType::ref(HeapType::concrete(TypeIdx{static_cast<uint32_t>(word)}), type.nullable());
  return renamed.bits() | (word & kRelative);
}

Key roll_up(const GroupView& group) {
  Key key;
  for (const SubType& type : group.types) {
    bool has_super = type.super.has_value();
    key.push_back(static_cast<uint64_t>(type.kind) | uint64_t{type.is_final} << 8 |
                  uint64_t{has_super} << 9);
    if (has_super) key.push_back(index_word(group, *type.super));
    key.push_back(type.func.params.size() | uint64_t{type.func.results.size()} << 32);
    for (ValType param : type.func.params) key.push_back(val_type_word(group, param));
    for (ValType result : type.func.results) key.push_back(val_type_word(group, result));
    key.push_back(type.fields.size());
    for (const FieldType& field : type.fields) {
      key.push_back(val_type_word(group, field.type) | uint64_t{field.is_mutable} << 40);
    }
  }
  return key;
}

bool all_reachable(const GroupView& group) {
  auto reachable = [&](ValType type) {
    return !type.is_ref() || !type.heap().is_concrete() || is_reachable(group, type.heap().index());
  };
  for (size_t i = 0; i < group.types.size(); ++i) {
    const SubType& type = group.types[i];
    if (type.super && index_of(*type.super) >= group.first + i) return false;
    for (ValType param : type.func.params) {
      if (!reachable(param)) return false;
    }
    for (ValType result : type.func.results) {
      if (!reachable(result)) return false;
    }
    for (const FieldType& field : type.fields) {
      if (!reachable(field.type)) return false;
    }
  }
  return true;
}

// any > eq > i31, struct, array > none; func > nofunc; extern > noextern; exn > noexn; the bottom
// type below all (specification 3.0, 3.3.3).
bool matches_abstract(HeapType::Abstract sub, HeapType::Abstract super) {
  if (sub == super || sub == HeapType::kBottom) return true;
  switch (super) {
    case HeapType::kAny:
      if (sub == HeapType::kEq) return true;
      [[fallthrough]];
    case HeapType::kEq:
      return sub == HeapType::kI31 || sub == HeapType::kStruct || sub == HeapType::kArray ||
             sub == HeapType::kNone;
    case HeapType::kI31:
    case HeapType::kStruct:
    case HeapType::kArray:
      return sub == HeapType::kNone;
    case HeapType::kFunc:
      return sub == HeapType::kNoFunc;
    case HeapType::kExtern:
      return sub == HeapType::kNoExtern;
    case HeapType::kExn:
      return sub == HeapType::kNoExn;
    default:
      return false;
  }
}

}  // namespace

struct TypeRegistry::State {
  // Under `mutex`: `groups` and `next`.
  std::shared_mutex mutex;
  std::unordered_map<Key, uint32_t, KeyHash> groups;  // to the id of the group's first type
  uint32_t next = 0;
  // An entry is set once, before an id of its chunk is given out.
  std::array<std::atomic<CanonType*>, kChunks> chunks{};

  // The seed differs from run to run, so a guest cannot choose types that collide.
  State() : groups(0, KeyHash{reinterpret_cast<uintptr_t>(this) * 0xD6E8FEB86659FD93u}) {}
  ~State() {
    for (auto& chunk : chunks) delete[] chunk.load(std::memory_order_relaxed);
  }

  CanonType& slot(uint32_t id) {
    ChunkPlace place = place_of(id);
    return chunks[place.chunk].load(std::memory_order_acquire)[place.index];
  }
  std::optional<uint32_t> find(const Key& key) const {
    auto found = groups.find(key);
    if (found == groups.end()) return std::nullopt;
    return found->second;
  }
  Result<uint32_t> add(const GroupView& group, Key key);
  Result<void> add_type(const GroupView& group, uint32_t first_id, uint32_t position);
};

// Under the exclusive lock. A failure leaves the registry as it was: ids are taken at the end.
Result<uint32_t> TypeRegistry::State::add(const GroupView& group, Key key) {
  uint32_t count = static_cast<uint32_t>(group.types.size());
  if (count > kMaxIds - next) {
    return fail(ErrorCode::limit, "too many different types in one engine");
  }
  uint32_t first_id = next;
  for (uint32_t i = 0; i < count; ++i) TRY(add_type(group, first_id, i));
  groups.emplace(std::move(key), first_id);
  next += count;
  return first_id;
}

Result<void> TypeRegistry::State::add_type(const GroupView& group, uint32_t first_id,
                                           uint32_t position) {
  uint32_t id = first_id + position;
  ChunkPlace place = place_of(id);
  auto& chunk = chunks[place.chunk];
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    chunk.store(new CanonType[place.chunk_size()], std::memory_order_release);
  }
  auto renamed = [&](TypeIdx index) {
    uint64_t word = index_word(group, index);
    return TypeIdx{static_cast<uint32_t>(word) + ((word & kRelative) != 0 ? first_id : 0)};
  };
  auto rename = [&](ValType& type) {
    if (!type.is_ref() || !type.heap().is_concrete()) return;
    type = ValType::ref(HeapType::concrete(renamed(type.heap().index())), type.nullable());
  };
  CanonType canon{group.types[position], {}};
  if (canon.type.super) {
    canon.type.super = renamed(*canon.type.super);
    canon.display = slot(index_of(*canon.type.super)).display;
  }
  if (canon.display.size() > kMaxSubtypeDepth) {
    return fail(ErrorCode::limit, "a type has too many supertypes above it");
  }
  canon.display.push_back(CanonTypeId{id});
  for (ValType& param : canon.type.func.params) rename(param);
  for (ValType& result : canon.type.func.results) rename(result);
  for (FieldType& field : canon.type.fields) rename(field.type);
  slot(id) = std::move(canon);
  return {};
}

TypeRegistry::TypeRegistry() : state_(std::make_unique<State>()) {}
TypeRegistry::~TypeRegistry() = default;

Result<CanonTypeId> TypeRegistry::intern(std::span<const SubType> types, uint32_t first,
                                         std::span<const CanonTypeId> known) {
  GroupView group{types, first, known};
  if (!all_reachable(group)) {
    return fail(ErrorCode::invalid, "unknown type: a type refers to one that is not yet declared");
  }
  Key key = roll_up(group);
  std::optional<uint32_t> first_id;
  {
    std::shared_lock lock(state_->mutex);
    first_id = state_->find(key);
  }
  if (!first_id) {
    std::unique_lock lock(state_->mutex);
    first_id = state_->find(key);  // another thread may have been faster
    if (!first_id) first_id = TRY(state_->add(group, std::move(key)));
  }
  return CanonTypeId{*first_id};
}

Result<std::vector<CanonTypeId>> TypeRegistry::intern(const Module& module) {
  std::vector<CanonTypeId> ids;
  ids.reserve(module.types.size());
  for (const RecGroup& range : module.rec_groups) {
    auto types = std::span(module.types).subspan(range.first, range.count);
    auto first_id = static_cast<uint32_t>(TRY(intern(types, range.first, ids)));
    for (uint32_t i = 0; i < range.count; ++i) ids.push_back(CanonTypeId{first_id + i});
  }
  return ids;
}

Result<CanonTypeId> TypeRegistry::intern(const FuncType& type) {
  Module module;
  module.types.push_back({.kind = SubType::Kind::func, .func = type});
  module.rec_groups.push_back({.first = 0, .count = 1});
  return TRY(intern(module)).front();
}

const CanonType& TypeRegistry::at(CanonTypeId id) const {
  return state_->slot(static_cast<uint32_t>(id));
}

bool TypeRegistry::is_subtype(CanonTypeId sub, CanonTypeId super) const {
  if (sub == super) return true;
  const std::vector<CanonTypeId>& below = at(sub).display;
  size_t depth = at(super).display.size() - 1;
  return depth < below.size() && below[depth] == super;
}

bool TypeRegistry::matches(HeapType sub, HeapType super) const {
  if (sub == super) return true;
  if (!sub.is_concrete() && !super.is_concrete()) {
    return matches_abstract(sub.abstract(), super.abstract());
  }
  auto canon = [](HeapType type) { return CanonTypeId{index_of(type.index())}; };
  if (sub.is_concrete() && super.is_concrete()) return is_subtype(canon(sub), canon(super));
  if (sub.is_concrete()) {
    return matches_abstract(abstract_above(at(canon(sub)).type.kind), super.abstract());
  }
  return matches_abstract(sub.abstract(), abstract_below(at(canon(super)).type.kind));
}

bool TypeRegistry::matches(ValType sub, ValType super) const {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  return matches(sub.heap(), super.heap());
}

ValType canonical(ValType type, const std::vector<CanonTypeId>& ids) {
  if (!type.is_ref() || !type.heap().is_concrete()) return type;
  auto id = static_cast<uint32_t>(ids[index_of(type.heap().index())]);
  return ValType::ref(HeapType::concrete(TypeIdx{id}), type.nullable());
}

}  // namespace nacre::wasm
