// Canonical definitions: functions lifted and lowered, and built-ins (component model,
// "Canonical ABI").
#include <algorithm>

#include "component/canonical/signature.h"
#include "component/validate/validator.h"

namespace nacre::component {

using wasm::FuncType;
using Kind = Type::Kind;

namespace {

constexpr wasm::ValType kI32 = wasm::ValType::kI32;
constexpr uint32_t kSlots = 2;  // of context.get and context.set

void append(std::vector<wasm::ValType>& list, const FlatTypes& flat) {
  for (uint32_t i = 0; i < flat.size(); ++i) list.push_back(core_type(flat.at(i)));
}

// "ii:l" of canons.def.
FuncType parse_type(std::string_view text) {
  FuncType type;
  std::vector<wasm::ValType>* list = &type.params;
  for (char c : text) {
    if (c == ':') {
      list = &type.results;
    } else {
      list->push_back(c == 'i' ? kI32 : wasm::ValType(wasm::ValType::kI64));
    }
  }
  return type;
}

std::string option_name(OptionKind kind) {
  return "canonical option `" + std::string(option_info(kind).text) + "`";
}

}  // namespace

struct Validator::Options {
  std::optional<OptionKind> encoding;
  std::optional<uint32_t> memory;
  std::optional<uint32_t> realloc;
  std::optional<uint32_t> post_return;
  std::optional<uint32_t> callback;
  bool is_async = false;

  // What the types of a function ask for.
  bool needs_memory = false;
  bool needs_realloc = false;

  Result<void> check_needs() const {
    if (needs_memory && !memory) return invalid("canonical option `memory` is required");
    if (needs_realloc && !realloc) return invalid("canonical option `realloc` is required");
    return {};
  }
};

Result<const FuncType*> Validator::core_function(uint32_t index, const Scope& scope) const {
  if (index < scope.core_funcs.size()) return &registry_.at(scope.core_funcs[index]).type.func;
  return invalid("unknown core function ", std::to_string(index), ": function index out of bounds");
}

Result<void> Validator::check_memory(uint32_t index, const Scope& scope) const {
  if (index >= scope.core_memories.size()) {
    return invalid("unknown memory ", std::to_string(index), ": memory index out of bounds");
  }
  const wasm::MemoryType& type = scope.core_memories[index];
  if (type.limits.address == wasm::AddressType::i64) {
    return invalid("a memory with 64-bit addresses cannot be used here");
  }
  CoreItem given{.kind = wasm::ExternKind::memory, .memory = type};
  CoreItem wanted{.kind = wasm::ExternKind::memory};
  return Matcher(types_, registry_).check(given, wanted);
}

// ---- options

Result<Validator::Options> Validator::options(const Canon& canon, const Scope& scope) const {
  Options options;
  for (const Option& option : canon.options) TRY(set_option(options, option, scope));
  TRY(check_options(options, canon));
  return options;
}

Result<void> Validator::set_option(Options& options, const Option& option,
                                   const Scope& scope) const {
  auto set_index = [&](std::optional<uint32_t>& place) -> Result<void> {
    if (place) return invalid(option_name(option.kind), " is specified more than once");
    place = option.index;
    return {};
  };
  switch (option.kind) {
    case OptionKind::utf8:
    case OptionKind::utf16:
    case OptionKind::latin1_utf16:
      if (options.encoding) {
        return invalid("canonical encoding option `", option_info(*options.encoding).text,
                       "` conflicts with option `", option_info(option.kind).text, "`");
      }
      options.encoding = option.kind;
      return {};
    case OptionKind::memory:
      TRY(set_index(options.memory));
      return check_memory(option.index, scope);
    case OptionKind::realloc: {
      TRY(set_index(options.realloc));
      const FuncType& type = *TRY(core_function(option.index, scope));
      if (type == FuncType{{kI32, kI32, kI32, kI32}, {kI32}}) return {};
      return invalid("canonical option `realloc` uses a core function with an incorrect signature");
    }
    case OptionKind::post_return:
      TRY(set_index(options.post_return));
      TRY(core_function(option.index, scope));
      return {};
    case OptionKind::async:
      TRY(need(Feature::async, "the canonical option `async`"));
      if (options.is_async)
        return invalid(option_name(option.kind), " is specified more than once");
      options.is_async = true;
      return {};
    case OptionKind::callback: {
      TRY(need(Feature::async, "the canonical option `callback`"));
      TRY(set_index(options.callback));
      const FuncType& type = *TRY(core_function(option.index, scope));
      if (type == FuncType{{kI32, kI32, kI32}, {kI32}}) return {};
      return invalid(
          "canonical option `callback` uses a core function with an incorrect signature");
    }
  }
  return {};
}

// What goes together, and what the kind of definition allows.
Result<void> Validator::check_options(const Options& options, const Canon& canon) const {
  if (options.realloc && !options.memory) {
    return invalid("canonical option `realloc` requires `memory` to also be specified");
  }
  if (options.callback && !options.is_async) {
    return invalid("canonical option `callback` cannot be specified without `async`");
  }
  bool is_lift = canon.kind == CanonKind::lift;
  if (options.post_return && !is_lift) {
    return invalid("canonical option `post-return` cannot be specified for lowerings");
  }
  if (options.callback && !is_lift) {
    return invalid("canonical option `callback` cannot be specified for lowerings");
  }
  if (options.post_return && options.is_async) {
    return invalid("canonical option `post-return` cannot be specified with `async`");
  }
  return {};
}

Result<void> Validator::define(const Canon& canon, Scope& scope) {
  if (canon.kind == CanonKind::lift) return lift(canon, scope);
  if (canon.kind == CanonKind::lower) return lower(canon, scope);
  return built_in(canon, scope);
}

// ---- lift and lower

Result<void> Validator::lift(const Canon& canon, Scope& scope) {
  TypeId type_id = TRY(type_at(canon.type, Kind::func, scope));
  const FuncType& core = *TRY(core_function(canon.function, scope));
  Options options = TRY(this->options(canon, scope));
  const TypeDef& func = types_.at(type_id);
  if (options.is_async && !func.is_async) {
    return invalid("the `async` canonical option requires an async function type");
  }
  if (options.is_async && !options.callback) {
    TRY(need(Feature::async_stackful, "an async function without callback"));
  }
  FlatTypes params;
  bool params_have_pointers = false;
  for (const TypeMember& member : func.members) {
    params.append(types_.at(member.type).flat());
    params_have_pointers |= types_.at(member.type).has_pointers;
  }
  bool has_result = func.first != kNoType;
  FlatTypes result = has_result ? types_.at(func.first).flat() : FlatTypes();
  CoreSignature expected = lift_signature(params, result, options.is_async,
                                          options.callback.has_value(), AddressWidth::b32);
  options.needs_memory = options.needs_realloc = params_have_pointers || expected.spills_params;
  if (!options.is_async) {
    bool result_has_pointers = has_result && types_.at(func.first).has_pointers;
    options.needs_memory |= expected.spills_result || result_has_pointers;
  }
  TRY(options.check_needs());
  if (core != expected.type) {
    return invalid("lifting asks for a core function of type ", to_string(expected.type),
                   ", found ", to_string(core));
  }
  if (options.post_return) {
    const FuncType& post_return = *TRY(core_function(*options.post_return, scope));
    if (post_return != FuncType{core.results, {}}) {
      return invalid(
          "canonical option `post-return` uses a core function with an incorrect signature");
    }
  }
  scope.funcs.push_back(type_id);
  return {};
}

Result<void> Validator::lower(const Canon& canon, Scope& scope) {
  if (canon.function >= scope.funcs.size()) {
    return invalid("unknown function ", std::to_string(canon.function),
                   ": function index out of bounds");
  }
  Options options = TRY(this->options(canon, scope));
  const TypeDef& func = types_.at(scope.funcs[canon.function]);
  if (options.is_async && !func.is_async) {
    return invalid("the `async` canonical option requires an async function type");
  }
  FlatTypes params;
  for (const TypeMember& member : func.members) {
    params.append(types_.at(member.type).flat());
    options.needs_memory |= types_.at(member.type).has_pointers;
  }
  const TypeDef* result = func.first == kNoType ? nullptr : &types_.at(func.first);
  bool result_has_pointers = result != nullptr && result->has_pointers;
  CoreSignature core = lower_signature(params, result == nullptr ? FlatTypes() : result->flat(),
                                       options.is_async, AddressWidth::b32);
  options.needs_memory |= core.spills_params || core.spills_result || result_has_pointers;
  options.needs_realloc = result_has_pointers;
  TRY(options.check_needs());
  scope.core_funcs.push_back(TRY(registry_.intern(core.type)));
  return {};
}

// ---- built-ins

Result<void> Validator::built_in(const Canon& canon, Scope& scope) {
  const CanonInfo& info = canon_info(canon.kind);
  if (info.gate) TRY(need(*info.gate, info.text));
  FuncType core;
  switch (info.shape) {
    case CanonShape::type:
    case CanonShape::type_is_async:
      TRY(check_built_in_type(canon, scope));
      break;
    case CanonShape::type_options:
      TRY(check_built_in_type(canon, scope));
      TRY(check_copy(canon, scope));
      break;
    case CanonShape::options:
      TRY(check_text_options(canon, scope));
      break;
    case CanonShape::result_options:
      core = TRY(task_return(canon, scope));
      break;
    case CanonShape::slot:
      core = TRY(context_slot(canon));
      break;
    case CanonShape::wait:
      TRY(check_memory(canon.index, scope));
      break;
    case CanonShape::start:
      TRY(check_start(canon, scope));
      break;
    case CanonShape::none:
    case CanonShape::is_async:
    case CanonShape::reserved:
      break;
  }
  bool cancels_async =
      (info.shape == CanonShape::is_async || info.shape == CanonShape::type_is_async) && canon.flag;
  if (cancels_async) {
    TRY(need(Feature::more_async_builtins, "async `" + std::string(info.text) + "`"));
  }
  if (!info.type.empty()) core = parse_type(info.type);
  scope.core_funcs.push_back(TRY(registry_.intern(core)));
  return {};
}

// What the built-in is for: a resource, a stream or a future.
Result<void> Validator::check_built_in_type(const Canon& canon, const Scope& scope) const {
  std::string_view text = canon_info(canon.kind).text;
  bool of_resource = text.starts_with("resource.");
  TypeId type = TRY(type_at(canon.type, scope));
  Kind wanted = of_resource                   ? Kind::resource
                : text.starts_with("stream.") ? Kind::stream
                                              : Kind::future;
  const TypeDef& def = types_.at(type);
  if (def.kind != wanted) {
    return invalid("`", text, "`: type index ", std::to_string(canon.type), " is not a ",
                   type_kind_text(wanted), " type");
  }
  bool needs_local = canon.kind == CanonKind::resource_new || canon.kind == CanonKind::resource_rep;
  if (needs_local && !scope.local_resources.contains(def.resource)) {
    return invalid("`", text, "`: type index ", std::to_string(canon.type),
                   " is not a local resource");
  }
  return {};
}

// Reading from and writing to streams and futures.
Result<void> Validator::check_copy(const Canon& canon, const Scope& scope) const {
  Options options = TRY(this->options(canon, scope));
  TypeId payload = types_.at(scope.types[canon.type]).first;
  if (!options.is_async) {
    TRY(need(Feature::more_async_builtins,
             "synchronous `" + std::string(canon_info(canon.kind).text) + "`"));
  }
  if (payload != kNoType) {
    bool is_read = canon.kind == CanonKind::stream_read || canon.kind == CanonKind::future_read;
    options.needs_memory = true;
    options.needs_realloc = is_read && types_.at(payload).has_pointers;
  }
  return options.check_needs();
}

// Of the built-ins that read or write a message.
Result<void> Validator::check_text_options(const Canon& canon, const Scope& scope) const {
  Options options = TRY(this->options(canon, scope));
  if (options.is_async) return invalid("canonical option `async` cannot be specified here");
  options.needs_memory = true;
  options.needs_realloc = canon.kind == CanonKind::error_context_debug_message;
  return options.check_needs();
}

Result<FuncType> Validator::task_return(const Canon& canon, const Scope& scope) const {
  Options options = TRY(this->options(canon, scope));
  if (options.is_async || options.realloc) {
    return invalid("`task.return` takes only a memory and an encoding of strings");
  }
  FuncType core;
  TypeId result = TRY(optional_type(canon.result, scope));
  if (result == kNoType) return core;
  const TypeDef& def = types_.at(result);
  if (def.has_borrows) return invalid("function result cannot contain a `borrow` type");
  if (def.flat().is_too_long()) {
    core.params = {kI32};
  } else {
    append(core.params, def.flat());
  }
  options.needs_memory = def.has_pointers || def.flat().is_too_long();
  TRY(options.check_needs());
  return core;
}

Result<FuncType> Validator::context_slot(const Canon& canon) const {
  std::string_view text = canon_info(canon.kind).text;
  if (canon.slot_type != kI32) return invalid("`", text, "` takes only slots of type i32");
  if (canon.index >= kSlots) {
    return invalid("`", text, "` immediate must be zero or one: ", std::to_string(canon.index));
  }
  if (canon.kind == CanonKind::context_get) return FuncType{{}, {canon.slot_type}};
  return FuncType{{canon.slot_type}, {}};
}

// The function that a new thread begins with, and the table it is in.
Result<void> Validator::check_start(const Canon& canon, const Scope& scope) const {
  if (canon.type >= scope.core_types.size()) {
    return invalid("unknown core type ", std::to_string(canon.type), ": type index out of bounds");
  }
  const CoreTypeEntry& entry = scope.core_types[canon.type];
  bool is_start = !entry.module &&
                  registry_.at(entry.type).type.kind == wasm::SubType::Kind::func &&
                  registry_.at(entry.type).type.func == FuncType{{kI32}, {}};
  if (!is_start) return invalid("the start function of a thread must be of type [i32] -> []");
  if (canon.index >= scope.core_tables.size()) {
    return invalid("unknown table ", std::to_string(canon.index), ": table index out of bounds");
  }
  const wasm::TableType& table = scope.core_tables[canon.index];
  if (table.limits.address == wasm::AddressType::i32 && table.element == wasm::ValType::funcref()) {
    return {};
  }
  return invalid("a thread starts from a table of funcref with 32-bit indices");
}

}  // namespace nacre::component
