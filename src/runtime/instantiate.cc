// Instantiation in two phases (invariants.md: two-phases). Until the instance is published nothing
// of it is reachable from elsewhere, and a failure drops it whole; afterwards a trap leaves it in
// the store, since its functions may already be in a table of another instance.
#include <new>
#include <string>
#include <utility>

#include "base/checked.h"
#include "base/utf8.h"
#include "runtime/const_expr.h"
#include "runtime/entry.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/store.h"

namespace nacre::runtime {
namespace {

bool limits_match(const wasm::Limits& found, const wasm::Limits& wanted) {
  if (found.address != wanted.address || found.min < wanted.min) return false;
  return !wanted.max || (found.max && *found.max <= *wanted.max);
}

bool same_type(wasm::ValType a, wasm::ValType b, const wasm::TypeRegistry& types) {
  return types.matches(a, b) && types.matches(b, a);
}

// Import matching (specification 3.0, 3.3.10), for things of the same kind.
bool matches(const Extern& found, const wasm::ExternType& wanted, const Module& module,
             const wasm::TypeRegistry& types) {
  switch (wanted.kind) {
    case wasm::ExternKind::func:
      return types.is_subtype(found.func()->type, module.type_id(wanted.func));
    case wasm::ExternKind::table: {
      wasm::TableType type = found.table()->current_type();
      return limits_match(type.limits, wanted.table.limits) &&
             same_type(type.element, canonical(wanted.table.element, module.type_ids()), types);
    }
    case wasm::ExternKind::memory: {
      wasm::MemoryType type = found.memory()->current_type();
      return limits_match(type.limits, wanted.memory.limits) &&
             type.shared == wanted.memory.shared &&
             type.page_size_log2 == wanted.memory.page_size_log2;
    }
    case wasm::ExternKind::global: {
      wasm::ValType type = canonical(wanted.global.type, module.type_ids());
      if (found.global()->type.is_mutable != wanted.global.is_mutable) return false;
      return wanted.global.is_mutable ? same_type(found.global()->type.type, type, types)
                                      : types.matches(found.global()->type.type, type);
    }
    case wasm::ExternKind::tag:
      return found.tag()->type == module.type_id(wanted.tag.type);
  }
  return false;
}

}  // namespace

Result<void> check_import(const Store& store, const Module& module, const wasm::Import& wanted,
                          const Extern& found) {
  const wasm::TypeRegistry& types = store.engine().types();
  if (found.kind() == wanted.type.kind && matches(found, wanted.type, module, types)) return {};
  return fail(ErrorCode::unlinkable, "incompatible import type: " + printable(wanted.module) + "." +
                                         printable(wanted.name) + ": the module wants " +
                                         describe(wanted.type, module.type_ids(), types) +
                                         ", what is offered is " + describe(found, types));
}

class Instantiator {
 public:
  Instantiator(Store& store, ModulePtr module, abi::CallerGroup* group)
      : store_(store),
        module_(std::move(module)),
        group_(group != nullptr ? *group : store.group()),
        wasm_(module_->wasm()) {}

  Run<Instance*> run(std::span<const Extern> imports) {
    TRY(check(imports));
    std::unique_ptr<Instance> owned(new (std::nothrow) Instance(store_, module_, group_));
    if (owned == nullptr) return fail(ErrorCode::out_of_memory, "no room for an instance");
    instance_ = owned.get();
    TRY(instance_->allocate(store_.engine().fail_point()));
    add_imports(imports);
    add_functions();
    add_tags();
    TRY(add_globals());
    TRY(add_tables());
    TRY(add_memories());
    TRY(evaluate_passive_elements());
    TRY(attach());

    publish(std::move(owned));
    TRY(write_elements());
    TRY(write_data());
    return instance_;
  }

 private:
  // A tier may compile functions here (for debuggers, all), as at a first call: in the guest's time.
  Result<void> attach() {
    Entry entry(store_, store_.exec());
    std::span functions(instance_->own_functions_.data(), instance_->own_functions_.size());
    return module_->code().attach(*instance_->vmctx_, functions);
  }

  Result<void> check(std::span<const Extern> imports) {
    if (&module_->engine() != &store_.engine())
      return fail(ErrorCode::usage, "the module and the store belong to different engines");
    if (imports.size() != wasm_.imports.size()) {
      return fail(ErrorCode::usage, "the module has " + std::to_string(wasm_.imports.size()) +
                                        " imports; " + std::to_string(imports.size()) +
                                        " were given");
    }
    if (store_.instances_.size() >= store_.options_.max_instances)
      return fail(ErrorCode::limit, "the store has all the instances that it may have");
    for (size_t i = 0; i < imports.size(); ++i) {
      if (!store_.owns(imports[i])) {
        return fail(ErrorCode::usage, "the import " + printable(wasm_.imports[i].module) + "." +
                                          printable(wasm_.imports[i].name) +
                                          " was given a handle of another store");
      }
      TRY(check_import(store_, *module_, wasm_.imports[i], imports[i]));
    }
    return {};
  }

  void add_imports(std::span<const Extern> imports) {
    uint32_t functions = 0, tables = 0, memories = 0, globals = 0, tags = 0;
    for (const Extern& item : imports) {
      switch (item.kind()) {
        case wasm::ExternKind::func:
          instance_->functions_[functions++] = item.func();
          break;
        case wasm::ExternKind::table:
          set_table(tables++, *item.table());
          break;
        case wasm::ExternKind::memory:
          set_memory(memories++, *item.memory());
          break;
        case wasm::ExternKind::global:
          instance_->global_values_[globals++] = &item.global()->value;
          break;
        case wasm::ExternKind::tag:
          instance_->tags_[tags++] = item.tag();
          break;
      }
    }
  }

  void set_table(uint32_t index, Table& table) {
    instance_->tables_[index] = &table;
    instance_->table_records_[index] = table.record();
    if (index == 0) instance_->vmctx_->table0 = table.record();
  }

  void set_memory(uint32_t index, Memory& memory) {
    instance_->memories_[index] = &memory;
    instance_->memory_records_[index] = memory.record();
    if (index == 0) {
      instance_->vmctx_->memory0 = memory.record();
      instance_->vmctx_->memory0_base = memory.base();
    }
  }

  void add_functions() {
    for (uint32_t i = 0; i < wasm_.defined_functions(); ++i) {
      uint32_t index = wasm_.imported_functions + i;
      abi::FuncObject& function = instance_->own_functions_[i];
      function.type = module_->type_id(wasm_.functions[index]);
      function.index = index;
      function.vmctx = instance_->vmctx_;
      instance_->functions_[index] = &function;
    }
  }

  void add_tags() {
    for (uint32_t i = wasm_.imported_tags; i < wasm_.tags.size(); ++i) {
      Tag& tag = instance_->own_tags_[i - wasm_.imported_tags];
      tag.type = module_->type_id(wasm_.tags[i].type);
      instance_->tags_[i] = &tag;
    }
  }

  Run<abi::Value> value_of(const wasm::ConstExpr& expr) {
    return evaluate(expr, *instance_->vmctx_);
  }

  Run<void> add_globals() {
    for (uint32_t i = wasm_.imported_globals; i < wasm_.globals.size(); ++i) {
      const wasm::Global& written = wasm_.globals[i];
      Global& global = instance_->own_globals_[i - wasm_.imported_globals];
      global.value = TRY(value_of(written.init));
      global.type = {canonical(written.type.type, module_->type_ids()), written.type.is_mutable};
      instance_->global_values_[i] = &global.value;
    }
    return {};
  }

  Run<void> add_tables() {
    for (uint32_t i = wasm_.imported_tables; i < wasm_.tables.size(); ++i) {
      const wasm::Table& written = wasm_.tables[i];
      abi::Ref initial = abi::kNullRef;
      if (written.init) initial = TRY(value_of(*written.init)).ref;
      wasm::TableType type = written.type;
      type.element = canonical(type.element, module_->type_ids());
      instance_->own_tables_.push_back(TRY(store_.make_table(type, initial)));
      set_table(i, *instance_->own_tables_.back());
    }
    return {};
  }

  Result<void> add_memories() {
    for (uint32_t i = wasm_.imported_memories; i < wasm_.memories.size(); ++i) {
      instance_->own_memories_.push_back(TRY(store_.make_memory(wasm_.memories[i])));
      set_memory(i, *instance_->own_memories_.back());
    }
    return {};
  }

  Run<void> evaluate_passive_elements() {
    for (uint32_t i = 0; i < wasm_.elements.size(); ++i) {
      const wasm::ElementSegment& segment = wasm_.elements[i];
      if (segment.mode != wasm::ElementSegment::Mode::passive || !segment.uses_exprs) continue;
      abi::Ref* refs = instance_->element_refs_.data() + instance_->element_begins_[i];
      for (const wasm::ConstExpr& expr : segment.exprs) *refs++ = TRY(value_of(expr)).ref;
    }
    return {};
  }

  void publish(std::unique_ptr<Instance> owned) {
    store_.add_functions(instance_->own_functions_.data(), instance_->own_functions_.size());
    store_.add_instance(std::move(owned));
  }

  // An offset as the address type of its table or memory reads it.
  Run<uint64_t> offset_of(const wasm::ConstExpr& expr, bool is_64) {
    abi::Value value = TRY(value_of(expr));
    return is_64 ? value.i64 : value.i32;
  }

  Run<void> write_elements() {
    for (uint32_t i = 0; i < wasm_.elements.size(); ++i) {
      const wasm::ElementSegment& segment = wasm_.elements[i];
      if (segment.mode == wasm::ElementSegment::Mode::passive) continue;
      if (segment.mode == wasm::ElementSegment::Mode::active) TRY(write_element(segment));
      instance_->drop_element(i);
    }
    return {};
  }

  Run<void> write_element(const wasm::ElementSegment& segment) {
    Table& table = instance_->table(segment.table);
    uint64_t offset = TRY(offset_of(segment.offset, table.record()->is_64));
    if (!in_bounds(offset, uint64_t{segment.size()}, table.size()))
      return std::unexpected(abi::make_trap(abi::TrapKind::table_out_of_bounds));
    abi::Ref* to = table.elements_to_write() + offset;
    for (const wasm::ConstExpr& expr : segment.exprs) *to++ = TRY(value_of(expr)).ref;
    for (uint32_t function : segment.functions)
      *to++ = Store::ref_of(*instance_->functions_[function]);
    return {};
  }

  Run<void> write_data() {
    for (uint32_t i = 0; i < wasm_.data.size(); ++i) {
      const wasm::DataSegment& segment = wasm_.data[i];
      if (segment.mode != wasm::DataSegment::Mode::active) continue;
      Memory& memory = instance_->memory(segment.memory);
      uint64_t offset = TRY(offset_of(segment.offset, memory.record()->is_64));
      if (!memory.initialize(offset, segment.bytes))
        return std::unexpected(abi::make_trap(abi::TrapKind::memory_out_of_bounds));
      instance_->drop_data(i);
    }
    return {};
  }

  Store& store_;
  ModulePtr module_;
  abi::CallerGroup& group_;
  const wasm::Module& wasm_;
  Instance* instance_ = nullptr;
};

Run<void> run_start(Instance& instance) {
  std::optional<uint32_t> start = instance.module().wasm().start;
  if (!start) return {};
  return call(instance.store(), instance.item(wasm::ExternKind::func, *start), {}, {});
}

Run<Instance*> instantiate(Store& store, ModulePtr module, std::span<const Extern> imports,
                           abi::CallerGroup* group) {
  if (module == nullptr) return fail(ErrorCode::usage, "no module to instantiate");
  Instance* instance = TRY(Instantiator(store, std::move(module), group).run(imports));
  TRY(run_start(*instance));
  return instance;
}

Run<Instance*> instantiate_unstarted(Store& store, ModulePtr module,
                                     std::span<const Extern> imports, abi::CallerGroup* group) {
  if (module == nullptr) return fail(ErrorCode::usage, "no module to instantiate");
  return Instantiator(store, std::move(module), group).run(imports);
}

}  // namespace nacre::runtime
