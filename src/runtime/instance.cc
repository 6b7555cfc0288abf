#include "runtime/instance.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "runtime/builtins.h"
#include "runtime/store.h"

namespace nacre::runtime {

// global_values_ holds the addresses of values; a Global begins with its value.
static_assert(std::is_standard_layout_v<Global> && offsetof(Global, value) == 0 &&
              sizeof(Global) == abi::kOwnGlobalBytes);

Instance::Instance(Store& store, ModulePtr module, abi::CallerGroup& group)
    : store_(store), module_(std::move(module)), group_(group) {}

Instance::~Instance() = default;

Result<void> Instance::allocate(os::FailPoint* fail_point) {
  const wasm::Module& module = module_->wasm();
  auto make = [&](auto& array, size_t size) -> Result<void> {
    array = TRY(std::remove_reference_t<decltype(array)>::create(size, fail_point));
    return {};
  };
  TRY(make(own_functions_, module.defined_functions()));
  TRY(allocate_block(module.globals.size() - module.imported_globals, fail_point));
  TRY(make(own_tags_, module.tags.size() - module.imported_tags));
  TRY(make(functions_, module.functions.size()));
  TRY(make(tables_, module.tables.size()));
  TRY(make(table_records_, module.tables.size()));
  TRY(make(memories_, module.memories.size()));
  TRY(make(memory_records_, module.memories.size()));
  TRY(make(global_values_, module.globals.size()));
  TRY(make(tags_, module.tags.size()));
  TRY(make(exports_, module.exports.size()));
  TRY(make(dropped_elements_, module.elements.size()));
  TRY(make(dropped_data_, module.data.size()));
  TRY(make(element_begins_, module.elements.size()));
  uint64_t refs = 0;
  for (size_t i = 0; i < module.elements.size(); ++i) {
    const wasm::ElementSegment& segment = module.elements[i];
    element_begins_[i] = refs;
    if (segment.mode == wasm::ElementSegment::Mode::passive) refs += segment.exprs.size();
  }
  TRY(make(element_refs_, refs));

  vmctx_->memories = memory_records_.data();
  vmctx_->tables = table_records_.data();
  vmctx_->globals = global_values_.data();
  vmctx_->functions = functions_.data();
  vmctx_->types = module_->type_ids().data();
  vmctx_->builtins = &builtins();
  vmctx_->code = &module_->code();
  vmctx_->module = &module;
  vmctx_->instance = this;
  vmctx_->group = &group_;
  store_.run_here(*vmctx_);
  index_exports();
  return {};
}

Result<void> Instance::allocate_block(size_t globals, os::FailPoint* fail_point) {
  size_t bytes = abi::own_global_offset(static_cast<uint32_t>(globals));
  block_ = TRY(FixedArray<uint64_t>::create(bytes / sizeof(uint64_t), fail_point));
  vmctx_ = new (block_.data()) abi::VmCtx;
  auto* behind = reinterpret_cast<uint8_t*>(block_.data()) + abi::kOwnGlobalsOffset;
  own_globals_ = reinterpret_cast<Global*>(behind);
  std::uninitialized_default_construct_n(own_globals_, globals);
  return {};
}

void Instance::index_exports() {
  const std::vector<wasm::Export>& exports = module_->wasm().exports;
  for (size_t i = 0; i < exports.size(); ++i) exports_[i] = static_cast<uint32_t>(i);
  std::sort(exports_.begin(), exports_.end(),
            [&](uint32_t a, uint32_t b) { return exports[a].name < exports[b].name; });
}

std::optional<Extern> Instance::find_export(std::string_view name) const {
  const std::vector<wasm::Export>& exports = module_->wasm().exports;
  const uint32_t* found =
      std::lower_bound(exports_.begin(), exports_.end(), name,
                       [&](uint32_t a, std::string_view b) { return exports[a].name < b; });
  if (found == exports_.end() || exports[*found].name != name) return std::nullopt;
  return export_at(*found);
}

size_t Instance::export_count() const { return module_->wasm().exports.size(); }

std::string_view Instance::export_name(size_t index) const {
  return module_->wasm().exports[index].name;
}

Extern Instance::export_at(size_t index) const {
  const wasm::Export& item_export = module_->wasm().exports[index];
  return item(item_export.kind, item_export.index);
}

Extern Instance::item(wasm::ExternKind kind, uint32_t index) const {
  switch (kind) {
    case wasm::ExternKind::func:
      break;
    case wasm::ExternKind::table:
      return Extern(store_.id(), *tables_[index]);
    case wasm::ExternKind::memory:
      return Extern(store_.id(), *memories_[index]);
    case wasm::ExternKind::global:
      return Extern(store_.id(), *reinterpret_cast<Global*>(global_values_[index]));
    case wasm::ExternKind::tag:
      return Extern(store_.id(), *tags_[index]);
  }
  return Extern(store_.id(), *functions_[index]);
}

uint64_t Instance::element_count(uint32_t segment) const {
  return dropped_elements_[segment] ? 0 : module_->wasm().elements[segment].size();
}

abi::Ref Instance::element(uint32_t segment, uint64_t index) const {
  const wasm::ElementSegment& written = module_->wasm().elements[segment];
  if (written.uses_exprs) return element_refs_[element_begins_[segment] + index];
  return Store::ref_of(*functions_[written.functions[index]]);
}

void Instance::drop_element(uint32_t segment) { dropped_elements_[segment] = true; }

Bytes Instance::data(uint32_t segment) const {
  return dropped_data_[segment] ? Bytes() : module_->wasm().data[segment].bytes;
}

void Instance::drop_data(uint32_t segment) { dropped_data_[segment] = true; }

}  // namespace nacre::runtime
