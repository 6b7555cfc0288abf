#include "component/text/printer.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "base/utf8.h"
#include "component/limits.h"
#include "component/text/name_section.h"
#include "component/text/print_core.h"
#include "wasm/binary/decoder.h"
#include "wasm/limits.h"
#include "wasm/names.h"
#include "wasm/text/cursor.h"
#include "wasm/text/printer.h"
#include "wasm/text/strings.h"

namespace nacre::component {
namespace {

using Kind = Type::Kind;

class Printer {
 public:
  Printer(wasm::Features core, uint64_t size_bytes)
      : core_(core), max_text_(wasm::kTextForAll + size_bytes * wasm::kMaxTextPerByte) {}

  Result<std::string> print(const Component& component) {
    out_ = "(component";
    Scope scope = make_scope(component.definitions, /*is_nested=*/false);
    if (scope.names.component) append_id(*scope.names.component);
    TRY(body(component.definitions, scope));
    out_ += ")\n";
    return std::move(out_);
  }

 private:
  // How many of each sort there are so far, and what they are called.
  struct Scope {
    std::array<uint32_t, kSortCount> counts{};
    ComponentNames names;
    bool names_from_ids = true;  // the section comes back from the ids alone
  };

  static Scope make_scope(const Definitions& definitions, bool is_nested);
  Result<void> body(const Definitions& definitions, Scope& scope);
  void line();
  void text(std::string_view text) { out_ += text; }
  void number(uint64_t number) {
    out_ += ' ';
    out_ += std::to_string(number);
  }
  void string(std::string_view text) {
    out_ += ' ';
    wasm::text::append_quoted_text(out_, text);
  }
  void append_id(std::string_view name) {
    out_ += ' ';
    wasm::text::append_id(out_, name);
  }
  // " $id (;3;)" of the next one of its sort.
  std::optional<std::string_view> define(Sort sort, Scope& scope);

  Result<void> print(const CoreModule& module, Scope& scope);
  Result<void> print(const CoreInstance& instance, Scope& scope);
  Result<void> print(const CoreType& type, Scope& scope);
  Result<void> print(const NestedComponent& component, Scope& scope);
  Result<void> print(const Instance& instance, Scope& scope);
  Result<void> print(const Alias& alias, Scope& scope);
  Result<void> print(const Type& type, Scope& scope);
  Result<void> print(const Canon& canon, Scope& scope);
  Result<void> print(const Import& import, Scope& scope);
  Result<void> print(const Export& item, Scope& scope);
  Result<void> print(const ExportDeclaration& item, Scope& scope);
  Result<void> print(const CustomSection& custom, Scope& scope);

  void attributed_name(const AttributedName& name);
  void item(const SortIndex& item);
  void desc(const ExternDesc& desc, Scope* scope);
  void val_type(ValType type);
  Result<void> type(const Type& type);
  void members(const Type& type, std::string_view keyword);
  void options(const std::vector<Option>& options);
  void canon_immediates(const Canon& canon);

  wasm::Features core_;
  uint64_t max_text_;
  std::string out_;
  uint32_t indent_ = 0;
};

// The names that can be ids: each once in its space, and neither empty nor of other than UTF-8.
Printer::Scope Printer::make_scope(const Definitions& definitions, bool is_nested) {
  Scope scope;
  for (const Definition& definition : definitions) {
    const auto* custom = std::get_if<CustomSection>(&definition.content);
    if (custom == nullptr || custom->name != kComponentNameSection) continue;
    scope.names = decode_component_names(custom->payload);
    // A nested component has the id of its definition.
    if (scope.names.component && (is_nested || scope.names.component->empty())) {
      scope.names.component.reset();
    }
    for (wasm::NameMap& map : scope.names.items) {
      std::unordered_set<std::string_view> used;
      std::erase_if(map, [&](const wasm::NameAssoc& item) {
        return item.name.empty() || !used.insert(item.name).second;
      });
    }
    std::vector<uint8_t> from_ids = encode_component_names(scope.names);
    scope.names_from_ids = std::ranges::equal(from_ids, custom->payload);
    break;
  }
  return scope;
}

void Printer::line() {
  out_ += '\n';
  out_.append(2 * indent_, ' ');
}

std::optional<std::string_view> Printer::define(Sort sort, Scope& scope) {
  uint32_t index = scope.counts[static_cast<size_t>(sort)]++;
  std::optional<std::string_view> name =
      wasm::find_name(scope.names.items[static_cast<size_t>(sort)], index);
  if (name) append_id(*name);
  out_ += " (;" + std::to_string(index) + ";)";
  return name;
}

Result<void> Printer::body(const Definitions& definitions, Scope& scope) {
  ++indent_;
  for (const Definition& definition : definitions) {
    TRY(std::visit([&](const auto& content) { return print(content, scope); }, definition.content));
    if (out_.size() > max_text_) {
      return fail(ErrorCode::limit, "the component's text would be out of proportion to its size");
    }
  }
  --indent_;
  if (!definitions.empty()) line();
  return {};
}

// ---- core

Result<void> Printer::print(const CoreModule& content, Scope& scope) {
  line();
  text("(core module");
  std::optional<std::string_view> id = define(Sort::core_module, scope);
  Result<std::string> printed = [&]() -> Result<std::string> {
    wasm::Module module = TRY(wasm::decode(content.bytes, nullptr, core_));
    std::optional<std::string_view> own = wasm::module_names(module).module;
    // A module has the id of its definition as its name, unless it says another one.
    if (own != id && (own || id)) {
      text(" (@name");
      string(own.value_or(""));
      text(")");
    }
    return wasm::print_module(module, core_);
  }();
  if (!printed) {
    text(" binary ");
    wasm::text::append_quoted_bytes(out_, content.bytes);
    text(")");
    return {};
  }
  // Behind "(module $id": its lines, further to the right.
  wasm::text::Cursor cursor(*printed, 0, printed->size(), wasm::text::Annotations::none);
  cursor.take_list("module");
  if (cursor.at(wasm::text::TokenKind::id)) cursor.take();
  std::string_view rest = std::string_view(*printed).substr(cursor.taken_end());
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  for (char c : rest) {
    out_ += c;
    if (c == '\n') out_.append(2 * indent_, ' ');
  }
  return {};
}

Result<void> Printer::print(const CoreInstance& instance, Scope& scope) {
  line();
  text("(core instance");
  define(Sort::core_instance, scope);
  if (instance.module) {
    text(" (instantiate");
    number(*instance.module);
    for (const CoreInstance::Argument& argument : instance.arguments) {
      text(" (with");
      string(argument.name);
      text(" (instance");
      number(argument.instance);
      text("))");
    }
    text(")");
  }
  for (const CoreInstance::Export& exported : instance.exports) {
    text(" (export");
    string(exported.name);
    text(" (");
    text(sort_text(exported.item.sort).substr(5));
    number(exported.item.index);
    text("))");
  }
  text(")");
  return {};
}

Result<void> Printer::print(const CoreType& type, Scope& scope) {
  line();
  const auto* group = std::get_if<CoreRecGroup>(&type.type);
  if (group == nullptr) {
    text("(core type");
    define(Sort::core_type, scope);
    text(" (module");
    print_module_type(out_, std::get<CoreModuleType>(type.type));
    text("))");
    return {};
  }
  bool is_rec = group->is_explicit || group->types.size() != 1;
  text(is_rec ? "(core rec" : "(core");
  for (const wasm::SubType& sub_type : group->types) {
    text(is_rec ? " (type" : " type");
    define(Sort::core_type, scope);
    print_sub_type(out_, sub_type);
    text(")");
  }
  if (is_rec) text(")");
  return {};
}

// ---- components and instances

Result<void> Printer::print(const NestedComponent& component, Scope& scope) {
  line();
  text("(component");
  define(Sort::component, scope);
  Scope inner = make_scope(component.definitions, /*is_nested=*/true);
  TRY(body(component.definitions, inner));
  text(")");
  return {};
}

void Printer::item(const SortIndex& item) {
  text(" (");
  text(sort_text(item.sort));
  number(item.index);
  text(")");
}

void Printer::attributed_name(const AttributedName& name) {
  string(name.name);
  if (name.implements) {
    text(" (implements");
    string(*name.implements);
    text(")");
  }
  if (name.external_id) {
    text(" (external-id");
    string(*name.external_id);
    text(")");
  }
}

Result<void> Printer::print(const Instance& instance, Scope& scope) {
  line();
  text("(instance");
  define(Sort::instance, scope);
  if (instance.component) {
    text(" (instantiate");
    number(*instance.component);
    for (const Instance::Argument& argument : instance.arguments) {
      text(" (with");
      string(argument.name);
      item(argument.item);
      text(")");
    }
    text(")");
  }
  for (const Instance::Export& exported : instance.exports) {
    text(" (export");
    attributed_name(exported.name);
    item(exported.item);
    text(")");
  }
  text(")");
  return {};
}

Result<void> Printer::print(const Alias& alias, Scope& scope) {
  line();
  if (alias.target == Alias::Target::outer) {
    text("(alias outer");
    number(alias.count);
    number(alias.index);
  } else {
    text(alias.target == Alias::Target::core_export ? "(alias core export" : "(alias export");
    number(alias.instance);
    string(alias.name);
  }
  text(" (");
  text(sort_text(alias.sort));
  define(alias.sort, scope);
  text("))");
  return {};
}

// "(func $id (;1;) (type 3))"; without a scope nothing is defined.
void Printer::desc(const ExternDesc& desc, Scope* scope) {
  text(" (");
  text(sort_text(desc.sort));
  if (scope != nullptr) define(desc.sort, *scope);
  if (desc.is_fresh_resource) {
    text(" (sub resource))");
    return;
  }
  text(desc.sort == Sort::type ? " (eq" : " (type");
  number(desc.index);
  text("))");
}

Result<void> Printer::print(const Import& import, Scope& scope) {
  line();
  text("(import");
  attributed_name(import.name);
  desc(import.desc, &scope);
  text(")");
  return {};
}

Result<void> Printer::print(const ExportDeclaration& declared, Scope& scope) {
  line();
  text("(export");
  attributed_name(declared.name);
  desc(declared.desc, &scope);
  text(")");
  return {};
}

Result<void> Printer::print(const Export& exported, Scope& scope) {
  line();
  text("(export");
  define(exported.item.sort, scope);
  attributed_name(exported.name);
  item(exported.item);
  if (exported.desc) desc(*exported.desc, nullptr);
  text(")");
  return {};
}

Result<void> Printer::print(const CustomSection& custom, Scope& scope) {
  if (custom.name == kComponentNameSection && scope.names_from_ids) return {};
  line();
  text("(@custom");
  string(custom.name);
  text(" ");
  wasm::text::append_quoted_bytes(out_, custom.payload);
  text(")");
  return {};
}

// ---- types

void Printer::val_type(ValType type) {
  if (!type.is_primitive()) return number(type.index());
  out_ += ' ';
  out_ += primitive_text(type.primitive());
}

void Printer::members(const Type& type, std::string_view keyword) {
  for (const Type::Member& member : type.members) {
    if (!keyword.empty()) {
      text(" (");
      text(keyword);
    }
    if (type.kind != Kind::tuple) string(member.label);
    if (member.type) val_type(*member.type);
    if (!keyword.empty()) text(")");
  }
}

Result<void> Printer::print(const Type& content, Scope& scope) {
  line();
  text("(type");
  define(Sort::type, scope);
  TRY(type(content));
  text(")");
  return {};
}

Result<void> Printer::type(const Type& type) {
  if (type.kind == Kind::primitive) {
    val_type(type.primitive);
    return {};
  }
  text(" (");
  text(type.kind == Kind::fixed_list ? "list" : type_kind_text(type.kind));
  switch (type.kind) {
    case Kind::record:
      members(type, "field");
      break;
    case Kind::variant:
      members(type, "case");
      break;
    case Kind::func:
      if (type.is_async) text(" async");
      members(type, "param");
      if (type.first) {
        text(" (result");
        val_type(*type.first);
        text(")");
      }
      break;
    case Kind::own:
    case Kind::borrow:
      number(type.index);
      break;
    case Kind::resource:
      text(" (rep i32)");
      if (type.destructor) {
        text(" (dtor (core func");
        number(*type.destructor);
        text("))");
      }
      break;
    case Kind::component:
    case Kind::instance: {
      Scope inner;
      TRY(body(type.body, inner));
      break;
    }
    case Kind::result:
      if (type.first) val_type(*type.first);
      if (type.second) {
        text(" (error");
        val_type(*type.second);
        text(")");
      }
      break;
    default:
      members(type, "");
      if (type.first) val_type(*type.first);
      if (type.second) val_type(*type.second);
      if (type.kind == Kind::fixed_list) number(type.length);
  }
  text(")");
  return {};
}

// ---- canonical definitions

void Printer::options(const std::vector<Option>& options) {
  for (const Option& option : options) {
    const OptionInfo& info = option_info(option.kind);
    text(info.sort ? " (" : " ");
    text(info.text);
    if (!info.sort) continue;
    item({*info.sort, option.index});
    text(")");
  }
}

Result<void> Printer::print(const Canon& canon, Scope& scope) {
  line();
  if (canon.kind == CanonKind::lift) {
    text("(func");
    define(Sort::func, scope);
    text(" (type");
    number(canon.type);
    text(") (canon lift (core func");
  } else {
    text("(core func");
    define(Sort::core_func, scope);
    text(canon.kind == CanonKind::lower ? " (canon lower (func" : " (canon ");
  }
  if (canon.kind == CanonKind::lift || canon.kind == CanonKind::lower) {
    number(canon.function);
    text(")");
    options(canon.options);
  } else {
    text(canon_info(canon.kind).text);
    canon_immediates(canon);
  }
  text("))");
  return {};
}

void Printer::canon_immediates(const Canon& canon) {
  CanonShape shape = canon_info(canon.kind).shape;
  switch (shape) {
    case CanonShape::none:
      return;
    case CanonShape::type:
      return number(canon.type);
    case CanonShape::type_options:
      number(canon.type);
      return options(canon.options);
    case CanonShape::options:
      return options(canon.options);
    case CanonShape::result_options:
      if (canon.result) {
        text(" (result");
        val_type(*canon.result);
        text(")");
      }
      return options(canon.options);
    case CanonShape::type_is_async:
      number(canon.type);
      [[fallthrough]];
    case CanonShape::is_async:
      return text(canon.flag ? " async" : "");
    case CanonShape::slot:
      text(" ");
      text(to_string(canon.slot_type));
      return number(canon.index);
    case CanonShape::reserved:
      return text(canon.flag ? " cancellable" : "");
    case CanonShape::wait:
      text(canon.flag ? " cancellable (memory" : " (memory");
      item({Sort::core_memory, canon.index});
      return text(")");
    case CanonShape::start:
      number(canon.type);
      return item({Sort::core_table, canon.index});
  }
}

}  // namespace

Result<std::string> print_component(const Component& component, wasm::Features core) {
  return Printer(core, component.size_bytes).print(component);
}

}  // namespace nacre::component
