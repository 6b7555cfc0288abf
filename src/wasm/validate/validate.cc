// A module's checks outside of bodies (specification 3.4), in the order in which the context grows.
#include "wasm/validate/validate.h"

#include <string>
#include <unordered_set>

#include "wasm/limits.h"
#include "wasm/validate/bodies.h"
#include "wasm/validate/body.h"
#include "wasm/validate/const_expr.h"

namespace nacre::wasm {
namespace {

std::string item(const char* kind, size_t index) {
  return std::string(kind) + " " + std::to_string(index);
}

std::unexpected<Error> invalid(const std::string& where, const std::string& what) {
  return fail(ErrorCode::invalid, where + ": " + what);
}

class ModuleValidator {
 public:
  explicit ModuleValidator(ModuleContext& context)
      : context_(context), module_(context.module()), validator_(context) {}

  Result<void> run() {
    context_.data_count = static_cast<uint32_t>(module_.data.size());
    context_.data_count_missing = !module_.bytes.empty() && !module_.data_count;
    TRY(check_functions());
    TRY(check_tags());
    TRY(check_memories());
    TRY(check_table_types());
    TRY(check_globals());
    TRY(check_table_inits());
    TRY(check_elements());
    TRY(check_data());
    TRY(check_start());
    return check_exports();
  }

 private:
  Result<void> check_functions();
  Result<void> check_tags();
  Result<void> check_memories();
  Result<void> check_memory(const std::string& where, const MemoryType& type);
  Result<void> check_table_types();
  Result<void> check_globals();
  Result<void> check_table_inits();
  Result<void> check_elements();
  Result<void> check_element(const std::string& where, const ElementSegment& segment);
  Result<void> check_element_functions(const std::string& where, const ElementSegment& segment,
                                       ValType type);
  Result<void> check_data();
  Result<void> check_start();
  Result<void> check_exports();
  uint64_t count_of(ExternKind kind) const;

  Result<ValType> canonical(const std::string& where, ValType type) {
    std::optional<ValType> known = context_.canonical(type);
    if (!known) {
      return invalid(where, "unknown type " + std::to_string(index_of(type.heap().index())));
    }
    return *known;
  }
  Result<void> check_expr(const std::string& where, const ConstExpr& expr, ValType result,
                          size_t globals) {
    Result<void> checked = check_const_expr(
        context_, validator_, expr, {.result = result, .globals = static_cast<uint32_t>(globals)});
    if (!checked) return std::unexpected(std::move(checked).error().with_context(where));
    return {};
  }
  bool has(Feature feature) const { return context_.features().has(feature); }
  // Of the first `defined` globals, those that a constant expression may read: before gc only
  // imported ones.
  size_t visible_globals(size_t defined) const {
    return has(Feature::gc) ? defined : module_.imported_globals;
  }

  ModuleContext& context_;
  const Module& module_;
  FunctionValidator validator_;
};

Result<void> ModuleValidator::check_functions() {
  context_.functions.reserve(module_.functions.size());
  for (size_t i = 0; i < module_.functions.size(); ++i) {
    TypeIdx index = module_.functions[i];
    if (index_of(index) >= context_.type_count()) {
      return invalid(item("function", i), "unknown type " + std::to_string(index_of(index)));
    }
    const TypeDef* type = context_.find_func_type(index);
    if (type == nullptr) {
      return invalid(item("function", i),
                     "type " + std::to_string(index_of(index)) + " is not a function type");
    }
    context_.functions.push_back(type);
  }
  context_.declared_functions.assign(module_.functions.size(), false);
  return {};
}

Result<void> ModuleValidator::check_tags() {
  for (size_t i = 0; i < module_.tags.size(); ++i) {
    TypeIdx index = module_.tags[i].type;
    if (index_of(index) >= context_.type_count()) {
      return invalid(item("tag", i), "unknown type " + std::to_string(index_of(index)));
    }
    const TypeDef* type = context_.find_func_type(index);
    if (type == nullptr) return invalid(item("tag", i), "its type is not a function type");
    if (!type->results.empty() && !has(Feature::stack_switching)) {
      return invalid(item("tag", i), "non-empty tag result type");
    }
    context_.tags.push_back(type);
  }
  return {};
}

Result<void> ModuleValidator::check_memory(const std::string& where, const MemoryType& type) {
  const Limits& limits = type.limits;
  bool is64 = limits.address == AddressType::i64;
  if (is64 && !has(Feature::memory64))
    return invalid(where, "64-bit memories need the feature memory64");
  if (type.page_size_log2 != 16) {
    if (type.page_size_log2 != 0) {
      return invalid(where, "invalid custom page size: it is 1 or 65536 bytes");
    }
    if (!has(Feature::custom_page_sizes)) {
      return invalid(where,
                     "invalid custom page size: the feature custom-page-sizes is switched off");
    }
  }
  uint64_t limit =
      type.page_size_log2 == 0 ? (is64 ? UINT64_MAX : UINT32_MAX) : uint64_t{1} << (is64 ? 48 : 16);
  if (limits.min > limit || limits.max.value_or(0) > limit) {
    return invalid(where, "memory size must be at most " + std::to_string(limit) + " pages");
  }
  if (limits.max && limits.min > *limits.max) {
    return invalid(where, "size minimum must not be greater than maximum");
  }
  if (type.shared) {
    if (!has(Feature::threads)) return invalid(where, "shared memories need the feature threads");
    if (!limits.max) return invalid(where, "shared memory must have maximum");
  }
  return {};
}

Result<void> ModuleValidator::check_memories() {
  if (module_.memories.size() > 1 && !has(Feature::multi_memory)) {
    return fail(ErrorCode::invalid, "multiple memories need the feature multi-memory");
  }
  for (size_t i = 0; i < module_.memories.size(); ++i) {
    TRY(check_memory(item("memory", i), module_.memories[i]));
    bool is64 = module_.memories[i].limits.address == AddressType::i64;
    context_.memories.push_back(is64 ? ValType::kI64 : ValType::kI32);
  }
  return {};
}

Result<void> ModuleValidator::check_table_types() {
  if (module_.tables.size() > 1 && !has(Feature::reference_types)) {
    return fail(ErrorCode::invalid, "multiple tables need the feature reference-types");
  }
  for (size_t i = 0; i < module_.tables.size(); ++i) {
    const TableType& type = module_.tables[i].type;
    bool is64 = type.limits.address == AddressType::i64;
    if (is64 && !has(Feature::memory64)) {
      return invalid(item("table", i), "64-bit tables need the feature memory64");
    }
    if (!is64 && (type.limits.min > UINT32_MAX || type.limits.max.value_or(0) > UINT32_MAX)) {
      return invalid(item("table", i), "table size must be at most 2^32-1");
    }
    if (type.limits.max && type.limits.min > *type.limits.max) {
      return invalid(item("table", i), "size minimum must not be greater than maximum");
    }
    ValType element = TRY(canonical(item("table", i), type.element));
    context_.tables.push_back({element, is64 ? ValType::kI64 : ValType::kI32});
  }
  return {};
}

// Each initializer sees the globals before its own.
Result<void> ModuleValidator::check_globals() {
  for (size_t i = 0; i < module_.globals.size(); ++i) {
    const Global& global = module_.globals[i];
    ValType type = TRY(canonical(item("global", i), global.type.type));
    if (i >= module_.imported_globals) {
      TRY(check_expr(item("global", i), global.init, type, visible_globals(i)));
    }
    context_.globals.push_back({type, global.type.is_mutable});
  }
  return {};
}

// Tables stand before globals: their initializers see imported globals only.
Result<void> ModuleValidator::check_table_inits() {
  for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    ValType element = context_.tables[i].element;
    if (module_.tables[i].init) {
      TRY(check_expr(item("table", i), *module_.tables[i].init, element, module_.imported_globals));
    } else if (!element.is_defaultable()) {
      return invalid(item("table", i), "type mismatch: elements of type " + to_string(element) +
                                           " have no default, the table needs an initial value");
    }
  }
  return {};
}

Result<void> ModuleValidator::check_element_functions(const std::string& where,
                                                      const ElementSegment& segment, ValType type) {
  for (uint32_t function : segment.functions) {
    if (function >= context_.functions.size()) {
      return invalid(where, "unknown function " + std::to_string(function));
    }
    context_.declared_functions[function] = true;
    ValType given =
        ValType::ref(HeapType::concrete(TypeIdx{context_.functions[function]->canonical}), false);
    if (!context_.matches(given, type)) {
      return invalid(where,
                     "type mismatch: expected " + to_string(type) + ", found " + to_string(given));
    }
  }
  return {};
}

Result<void> ModuleValidator::check_element(const std::string& where,
                                            const ElementSegment& segment) {
  ValType type = TRY(canonical(where, segment.type));
  context_.elements.push_back(type);
  TRY(check_element_functions(where, segment, type));
  for (size_t k = 0; k < segment.exprs.size(); ++k) {
    Result<void> checked = check_const_expr(
        context_, validator_, segment.exprs[k],
        {.result = type,
         .globals = static_cast<uint32_t>(visible_globals(context_.globals.size()))});
    if (!checked) {
      return std::unexpected(
          std::move(checked).error().with_context(where + ", " + item("item", k)));
    }
  }
  if (segment.mode != ElementSegment::Mode::active) return {};
  if (segment.table >= context_.tables.size()) {
    return invalid(where, "unknown table " + std::to_string(segment.table));
  }
  const ModuleContext::TableInfo& table = context_.tables[segment.table];
  if (!context_.matches(type, table.element)) {
    return invalid(where, "type mismatch: table " + std::to_string(segment.table) + " holds " +
                              to_string(table.element) + ", the segment " + to_string(type));
  }
  return check_expr(where, segment.offset, table.address, visible_globals(context_.globals.size()));
}

Result<void> ModuleValidator::check_elements() {
  context_.elements.reserve(module_.elements.size());
  for (size_t i = 0; i < module_.elements.size(); ++i) {
    TRY(check_element(item("element segment", i), module_.elements[i]));
  }
  return {};
}

Result<void> ModuleValidator::check_data() {
  for (size_t i = 0; i < module_.data.size(); ++i) {
    const DataSegment& segment = module_.data[i];
    if (segment.mode != DataSegment::Mode::active) continue;
    if (segment.memory >= context_.memories.size()) {
      return invalid(item("data segment", i), "unknown memory " + std::to_string(segment.memory));
    }
    TRY(check_expr(item("data segment", i), segment.offset, context_.memories[segment.memory],
                   visible_globals(context_.globals.size())));
  }
  return {};
}

Result<void> ModuleValidator::check_start() {
  if (!module_.start) return {};
  if (*module_.start >= context_.functions.size()) {
    return invalid("start function", "unknown function " + std::to_string(*module_.start));
  }
  const TypeDef& type = *context_.functions[*module_.start];
  if (!type.params.empty() || !type.results.empty()) {
    return invalid("start function", "it must not take or return values; function " +
                                         std::to_string(*module_.start) + " does");
  }
  return {};
}

uint64_t ModuleValidator::count_of(ExternKind kind) const {
  switch (kind) {
    case ExternKind::func:
      return module_.functions.size();
    case ExternKind::table:
      return module_.tables.size();
    case ExternKind::memory:
      return module_.memories.size();
    case ExternKind::global:
      return module_.globals.size();
    case ExternKind::tag:
      return module_.tags.size();
  }
  return 0;
}

Result<void> ModuleValidator::check_exports() {
  std::unordered_set<std::string_view> names;
  names.reserve(module_.exports.size());
  for (const Export& entry : module_.exports) {
    std::string where = "export \"" + std::string(entry.name) + "\"";
    if (!names.insert(entry.name).second) return invalid(where, "duplicate export name");
    if (entry.index >= count_of(entry.kind)) {
      std::string kind(entry.kind == ExternKind::func ? "function" : extern_kind_text(entry.kind));
      return invalid(where, "unknown " + kind + " " + std::to_string(entry.index));
    }
    if (entry.kind == ExternKind::func) context_.declared_functions[entry.index] = true;
  }
  return {};
}

}  // namespace

ValidModuleInfo::ValidModuleInfo(std::shared_ptr<const ModuleContext> context)
    : context_(std::move(context)) {}

const Module& ValidModuleInfo::module() const { return context_->module(); }
Features ValidModuleInfo::features() const { return context_->features(); }
const std::vector<CanonTypeId>& ValidModuleInfo::type_ids() const { return context_->type_ids(); }

Result<ValidModuleInfo> validate_module(const Module& module, Features features,
                                        TypeRegistry& registry, ValidateOptions options) {
  TRY(check_type_indices(module, features));
  std::vector<CanonTypeId> ids = TRY(registry.intern(module));
  auto context = std::make_shared<ModuleContext>(module, features, std::move(ids));
  TRY(check_subtypes(*context));
  TRY(ModuleValidator(*context).run());
  if (options.bodies) {
    auto not_run = TRY(check_bodies(*context, options.threads));
    if (!context->not_run) context->not_run = not_run;
  }
  return ValidModuleInfo(std::move(context));
}

Result<void> validate_function(const ValidModuleInfo& info, uint32_t function, StopCheck stop) {
  FunctionValidator validator(info.context());
  validator.set_stop(stop);
  TRY(check_body(info.context(), validator, function));
  return {};
}

}  // namespace nacre::wasm
