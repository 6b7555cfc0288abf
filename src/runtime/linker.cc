#include "runtime/linker.h"

#include "base/utf8.h"
#include "runtime/foreign.h"

namespace nacre::runtime {
namespace {

// A person reads no more names than this; the rest is counted.
constexpr size_t kMaxListed = 100;

std::string import_name(const wasm::Import& import) {
  return printable(import.module) + "." + printable(import.name);
}

// "unknown import: env.f (func [i32] -> []), env.m (memory 1)", and where that tells it a second
// line: for which other host the module was made.
Error unknown_imports(const Module& module, const std::vector<const wasm::Import*>& missing) {
  std::string text = missing.size() == 1 ? "unknown import: " : "unknown imports: ";
  for (size_t i = 0; i < missing.size() && i < kMaxListed; ++i) {
    if (i != 0) text += ", ";
    text += import_name(*missing[i]) + " (" +
            describe(missing[i]->type, module.type_ids(), module.engine().types()) + ")";
  }
  if (missing.size() > kMaxListed)
    text += ", and " + std::to_string(missing.size() - kMaxListed) + " more";
  if (auto host = foreign_host(missing)) {
    text += "\nnote: it was made for " + std::string(host->what) + "; " + std::string(host->how);
  }
  return Error(ErrorCode::unlinkable, std::move(text));
}

abi::Outcome call_unknown(const abi::HostCall&, void* data, abi::Value*) {
  return abi::make_trap(abi::TrapKind::unlinked_import,
                        "import " + *static_cast<std::string*>(data) + " was not provided");
}

// A function that says which import is missing.
Result<Extern> make_unknown(Store& store, const Module& module, const wasm::Import& import) {
  auto name = std::make_shared<std::string>(import_name(import));
  abi::HostFunc func;
  func.canon_type = module.type_id(import.type.func);
  func.type = store.engine().types().at(func.canon_type).type.func;
  func.call = call_unknown;
  func.data = name.get();
  func.name = *name;
  store.keep(std::move(name));
  return store.add_func(std::move(func));
}

}  // namespace

Linker::Names& Linker::names_of(std::string_view module) {
  auto names = modules_.find(module);
  if (names == modules_.end()) names = modules_.emplace(module, Names()).first;
  return names->second;
}

void Linker::add(std::string_view module, std::string_view name, Definition definition) {
  names_of(module).defined.insert_or_assign(std::string(name), definition);
}

Result<void> Linker::define(std::string_view module, std::string_view name, const Extern& item) {
  if (!store_.owns(item)) {
    return fail(ErrorCode::usage,
                printable(module) + "." + printable(name) + " was given a handle of another store");
  }
  add(module, name, item);
  return {};
}

Result<void> Linker::define_instance(std::string_view module, const Instance& instance) {
  if (&instance.store() != &store_) {
    return fail(ErrorCode::usage,
                "the instance for " + printable(module) + " belongs to another store");
  }
  for (size_t i = 0; i < instance.export_count(); ++i)
    add(module, instance.export_name(i), instance.export_at(i));
  return {};
}

void Linker::define_functions(std::string_view module, std::span<const HostFuncDef> functions,
                              void* data) {
  Names& names = names_of(module);
  for (const HostFuncDef& def : functions) {
    if (names.defined.empty()) break;
    if (auto replaced = names.defined.find(def.name); replaced != names.defined.end())
      names.defined.erase(replaced);
  }
  names.tables.push_back({functions, data});
}

Result<Extern> Linker::made_form(std::string_view module, const HostFuncDef& def, void* data) {
  for (const Form& form : forms_) {
    if (form.def == &def && form.data == data) return form.made;
  }
  Extern made = TRY(store_.add_func(def.bind(module, data)));
  forms_.push_back({&def, data, made});
  return made;
}

Result<std::optional<Extern>> Linker::find(std::string_view module, std::string_view name,
                                           const wasm::FuncType* wanted) {
  auto names = modules_.find(module);
  if (names == modules_.end()) return std::nullopt;
  auto found = names->second.defined.find(name);
  if (found == names->second.defined.end())
    return find_in_tables(module, names->second, name, wanted);
  if (auto* described = std::get_if<Described>(&found->second)) {
    HostFuncDef def = described->def;
    def.name = found->first;
    found->second = TRY(store_.add_func(def.bind(module, described->data)));
  }
  return std::get<Extern>(found->second);
}

Result<std::optional<Extern>> Linker::find_in_tables(std::string_view module, Names& names,
                                                     std::string_view name,
                                                     const wasm::FuncType* wanted) {
  for (size_t i = names.tables.size(); i-- > 0;) {
    const Table& table = names.tables[i];
    for (const HostFuncDef& def : table.functions) {
      if (def.name != name) continue;
      // The next module may want another form.
      if (def.other != nullptr)
        return TRY(made_form(module, wanted != nullptr ? def.fitting(*wanted) : def, table.data));
      Extern made = TRY(store_.add_func(def.bind(module, table.data)));
      names.defined.emplace(name, made);
      return made;
    }
  }
  return std::nullopt;
}

Result<std::vector<Extern>> Linker::resolve(const Module& module, UnknownImports unknown) {
  if (&module.engine() != &store_.engine())
    return fail(ErrorCode::usage, "the module and the store belong to different engines");
  std::vector<Extern> result;
  std::vector<const wasm::Import*> missing;
  for (const wasm::Import& import : module.wasm().imports) {
    const wasm::FuncType* wanted = module.imported_func_type(import);
    std::optional<Extern> found = TRY(find(import.module, import.name, wanted));
    if (!found && unknown == UnknownImports::trap && wanted != nullptr)
      found = TRY(make_unknown(store_, module, import));
    if (found) {
      result.push_back(*found);
    } else {
      missing.push_back(&import);
    }
  }
  if (!missing.empty()) return std::unexpected(unknown_imports(module, missing));
  return result;
}

Run<Instance*> Linker::instantiate(ModulePtr module, UnknownImports unknown) {
  if (module == nullptr) return fail(ErrorCode::usage, "no module to instantiate");
  std::vector<Extern> imports = TRY(resolve(*module, unknown));
  return runtime::instantiate(store_, std::move(module), imports, group_);
}

}  // namespace nacre::runtime
