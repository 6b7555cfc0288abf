// What instances import and export: a handle to a function, table, memory, global or tag of a
// store. A small value; the object behind it lives as long as the store.
//
// It knows its store (invariants.md: same-store): every function of the runtime that takes one
// refuses those of another store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "abi/vmctx.h"
#include "runtime/global.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wasm/types.h"

namespace nacre::runtime {

enum class StoreId : uint64_t {};

class Extern {
 public:
  Extern(StoreId store, abi::FuncObject& func)
      : store_(store), kind_(wasm::ExternKind::func), object_(&func) {}
  Extern(StoreId store, Table& table)
      : store_(store), kind_(wasm::ExternKind::table), object_(&table) {}
  Extern(StoreId store, Memory& memory)
      : store_(store), kind_(wasm::ExternKind::memory), object_(&memory) {}
  Extern(StoreId store, Global& global)
      : store_(store), kind_(wasm::ExternKind::global), object_(&global) {}
  Extern(StoreId store, Tag& tag) : store_(store), kind_(wasm::ExternKind::tag), object_(&tag) {}

  StoreId store() const { return store_; }
  wasm::ExternKind kind() const { return kind_; }

  // Null if it is something else.
  abi::FuncObject* func() const { return as<abi::FuncObject>(wasm::ExternKind::func); }
  Table* table() const { return as<Table>(wasm::ExternKind::table); }
  Memory* memory() const { return as<Memory>(wasm::ExternKind::memory); }
  Global* global() const { return as<Global>(wasm::ExternKind::global); }
  Tag* tag() const { return as<Tag>(wasm::ExternKind::tag); }

  friend bool operator==(const Extern&, const Extern&) = default;

 private:
  template <class T>
  T* as(wasm::ExternKind kind) const {
    return kind_ == kind ? static_cast<T*>(object_) : nullptr;
  }

  StoreId store_;
  wasm::ExternKind kind_;
  void* object_;
};

// For messages: "func [i32] -> []", "memory 1..2 shared", "global mut i64".
std::string describe(const Extern& item, const wasm::TypeRegistry& types);
// The same for what a module declares; `ids` are the ids of its types.
std::string describe(const wasm::ExternType& type, const std::vector<wasm::CanonTypeId>& ids,
                     const wasm::TypeRegistry& types);

}  // namespace nacre::runtime
