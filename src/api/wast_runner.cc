#include "api/wast_runner.h"

#include <bit>
#include <utility>

#include "api/wast_values.h"
#include "component/binary/decoder.h"
#include "component/binary/encoder.h"
#include "component/text/parser.h"
#include "component/validate/validate.h"
#include "runtime/func.h"
#include "runtime/host_func.h"
#include "wasm/names.h"

namespace nacre::api {
namespace {

using runtime::Extern;
using runtime::Failure;
using runtime::Run;
using wasm::Command;
using wasm::ScriptModule;
using wasm::ValType;

// A verdict: the assertion does not hold.
std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::internal, std::move(message));
}

// Scripts give the reference interpreter's words, which may say more or less than ours.
bool same_words(std::string_view want, std::string_view got) {
  return got.starts_with(want) || want.starts_with(got);
}

constexpr runtime::HostFuncDef ignore(std::string_view name, wasm::FuncType (*type)()) {
  return {name, false, type,
          [](const abi::HostCall&, void*, abi::Value*) -> abi::Outcome { return nullptr; }};
}

template <ValType::Code... params>
wasm::FuncType type_of_params() {
  return {{ValType(params)...}, {}};
}

// The annotations that a script may call malformed or invalid are those that Nacre reads.
Result<void> check_custom_sections(const runtime::Module& module) {
  for (const wasm::CustomSection& section : module.wasm().customs) {
    if (section.name == wasm::kBranchHintSection) {
      uint64_t offset = module.wasm().offset_of(section.payload.data());
      wasm::BranchHints hints = TRY(wasm::decode_branch_hints(section.payload, offset));
      TRY(wasm::check_branch_hints(module.wasm(), hints, module.engine().features()));
    }
  }
  return {};
}

// That something was refused, and for that kind of reason.
Result<void> check_refusal(const Result<void>& checked, ErrorCode wanted,
                           const std::string& message, const std::string& what) {
  if (checked) {
    return wrong("the " + what + " is accepted, wanted " + std::string(error_code_text(wanted)) +
                 ": " + message);
  }
  if (checked.error().code() == wanted) return {};
  return wrong("the " + what + " is refused with \"" + checked.error().to_string() + "\", wanted " +
               std::string(error_code_text(wanted)) + ": " + message);
}

// Text goes through the binary format, as it would on its way to others.
Result<void> check_component(const ScriptModule& module, wasm::Features core) {
  component::Features features = component::Features::all();
  features.core = core;
  auto parsed = [&]() -> Result<std::vector<uint8_t>> {
    switch (module.form) {
      case ScriptModule::Form::text: {
        size_t begin = static_cast<size_t>(module.text.data() - module.script.data());
        return component::encode(TRY(component::parse_component_fields(
            module.script, begin, begin + module.text.size(), features.core)));
      }
      case ScriptModule::Form::quote:
        return component::encode(TRY(component::parse_component_fields(
            module.content, 0, module.content.size(), features.core)));
      case ScriptModule::Form::binary:
        break;
    }
    return std::vector<uint8_t>(module.content.begin(), module.content.end());
  };
  std::vector<uint8_t> bytes = TRY(parsed());
  component::Component decoded = TRY(component::decode(bytes, nullptr, features.core));
  wasm::TypeRegistry registry;
  TRY(component::validate_component(decoded, features, registry));
  return {};
}

}  // namespace

void ScriptLog::pass() {
  std::lock_guard lock(mutex_);
  ++counts_.passed;
}

void ScriptLog::fail(uint32_t line, const std::string& message) {
  std::lock_guard lock(mutex_);
  ++counts_.failed;
  report_(line, message, false);
}

void ScriptLog::skip(uint32_t line, const std::string& message) {
  std::lock_guard lock(mutex_);
  ++counts_.skipped;
  report_(line, message, true);
}

ScriptCounts ScriptLog::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

ScriptRunner::ScriptRunner(std::shared_ptr<runtime::Engine> engine, ScriptLog& log,
                           StoredCode stored_code, std::unique_ptr<runtime::Store> store)
    : engine_(std::move(engine)),
      log_(log),
      stored_code_(std::move(stored_code)),
      store_(std::move(store)),
      linker_(*store_) {}

Result<std::unique_ptr<ScriptRunner>> ScriptRunner::create(std::shared_ptr<runtime::Engine> engine,
                                                           ScriptLog& log, StoredCode stored_code) {
  auto store = TRY(runtime::Store::create(engine));
  std::unique_ptr<ScriptRunner> runner(
      new ScriptRunner(std::move(engine), log, std::move(stored_code), std::move(store)));
  TRY(runner->define_spectest());
  return runner;
}

ScriptRunner::~ScriptRunner() {
  for (auto& [id, thread] : threads_) {
    if (thread.thread.joinable()) thread.thread.join();
  }
}

// The host module of the reference interpreter (its README), with table64 and shared_memory, which
// newer scripts use. What the functions would print is dropped.
Result<void> ScriptRunner::define_spectest() {
  using enum ValType::Code;
  static constexpr runtime::HostFuncDef kFunctions[] = {
      ignore("print", type_of_params<>),
      ignore("print_i32", type_of_params<kI32>),
      ignore("print_i64", type_of_params<kI64>),
      ignore("print_f32", type_of_params<kF32>),
      ignore("print_f64", type_of_params<kF64>),
      ignore("print_i32_f32", type_of_params<kI32, kF32>),
      ignore("print_f64_f64", type_of_params<kF64, kF64>),
  };
  linker_.define_functions("spectest", kFunctions, nullptr);

  auto define = [&](std::string_view name, const Extern& item) {
    return linker_.define("spectest", name, item);
  };
  auto global = [&](std::string_view name, ValType type, uint64_t bits) -> Result<void> {
    return define(name, TRY(store_->add_global({type, false}, abi::Value{.i64 = bits})));
  };
  TRY(global("global_i32", kI32, 666));
  TRY(global("global_i64", kI64, 666));
  TRY(global("global_f32", kF32, std::bit_cast<uint32_t>(666.6f)));
  TRY(global("global_f64", kF64, std::bit_cast<uint64_t>(666.6)));
  using wasm::AddressType;
  TRY(define("table", TRY(store_->add_table({ValType::funcref(), {10, 20, AddressType::i32}}))));
  TRY(define("table64", TRY(store_->add_table({ValType::funcref(), {10, 20, AddressType::i64}}))));
  TRY(define("memory", TRY(store_->add_memory({{1, 2, AddressType::i32}, false, 16}))));
  TRY(define("shared_memory", TRY(store_->add_memory({{1, 2, AddressType::i32}, true, 16}))));
  return {};
}

void ScriptRunner::run(const std::vector<Command>& commands) {
  for (const Command& command : commands) run_command(command);
  for (auto& [id, thread] : threads_) {
    if (thread.thread.joinable()) thread.thread.join();
  }
}

void ScriptRunner::run_command(const Command& command) {
  if (command.kind == Command::Kind::assert_suspension) {
    log_.skip(command.line, "stack switching is not built");
    return;
  }
  bool of_component = is_of_component(command);
  bool runs = of_component && !command.module.is_component;
  if (runs || (of_component && command.kind == Command::Kind::assert_module_trap)) {
    log_.skip(command.line, "components do not run yet");
    return;
  }
  Verdict verdict = of_component ? execute_component(command) : execute(command);
  if (!verdict) {
    log_.fail(command.line, verdict.error().message());
  } else if (is_assertion(command.kind)) {
    log_.pass();
  }
}

bool ScriptRunner::is_of_component(const Command& command) const {
  if (command.module.is_component) return true;
  using Kind = Command::Kind;
  bool is_of_current = command.kind == Kind::action || command.kind == Kind::assert_return ||
                       command.kind == Kind::assert_trap ||
                       command.kind == Kind::assert_exhaustion ||
                       command.kind == Kind::assert_exception || command.kind == Kind::register_;
  return is_of_current && current_is_component_;
}

ScriptRunner::Verdict ScriptRunner::execute_component(const Command& command) {
  using Kind = Command::Kind;
  if (command.kind == Kind::module || command.kind == Kind::instance) current_is_component_ = true;
  if (command.kind == Kind::instance) return {};
  Result<void> checked = check_component(command.module, engine_->features());
  if (command.kind == Kind::module) {
    if (checked) return {};
    return wrong("the component is refused: " + checked.error().to_string());
  }
  ErrorCode wanted =
      command.kind == Kind::assert_malformed ? ErrorCode::malformed : ErrorCode::invalid;
  return check_refusal(checked, wanted, command.message, "component");
}

ScriptRunner::Verdict ScriptRunner::execute(const Command& command) {
  using Kind = Command::Kind;
  switch (command.kind) {
    case Kind::module:
      return run_module(command);
    case Kind::instance:
      return run_instance(command);
    case Kind::register_:
      return run_register(command);
    case Kind::thread:
      return run_thread(command);
    case Kind::wait:
      return run_wait(command);
    case Kind::action: {
      auto results = act(command.action);
      if (!results) return wrong(results.error().to_string());
      return {};
    }
    case Kind::assert_return:
      return assert_return(command);
    case Kind::assert_trap:
      return assert_trap(command, abi::TrapKind::none);
    case Kind::assert_exhaustion:
      return assert_trap(command, abi::TrapKind::call_stack_exhausted);
    case Kind::assert_exception:
      return assert_trap(command, abi::TrapKind::uncaught_exception);
    case Kind::assert_module_trap:
      return assert_module_trap(command);
    case Kind::assert_invalid:
      return assert_refused(command, ErrorCode::invalid);
    case Kind::assert_malformed:
      return assert_refused(command, ErrorCode::malformed);
    case Kind::assert_unlinkable:
      return assert_unlinkable(command);
    case Kind::assert_malformed_custom:
      return assert_refused(command, ErrorCode::malformed_custom);
    case Kind::assert_invalid_custom:
      return assert_refused(command, ErrorCode::invalid);
    case Kind::assert_suspension:
      break;
  }
  return wrong("unknown command");
}

Result<runtime::ModulePtr> ScriptRunner::compile(const ScriptModule& module) {
  std::vector<uint8_t> binary = TRY(wasm::to_binary(module, engine_->features()));
  runtime::ModulePtr compiled = TRY(runtime::Module::create(engine_, std::move(binary)));
  TRY(stored_code_.apply(*compiled));
  return compiled;
}

Run<runtime::Instance*> ScriptRunner::instantiate(const runtime::ModulePtr& module) {
  return linker_.instantiate(module);
}

void ScriptRunner::set_current(std::string_view id, runtime::Instance& instance) {
  Target target;
  for (size_t i = 0; i < instance.export_count(); ++i) {
    target.exports.emplace_back(instance.export_name(i), instance.export_at(i));
  }
  if (!id.empty()) targets_.insert_or_assign(std::string(id), target);
  targets_.insert_or_assign("", std::move(target));
}

const ScriptRunner::Target* ScriptRunner::find_target(std::string_view id) const {
  auto found = targets_.find(id);
  return found == targets_.end() ? nullptr : &found->second;
}

ScriptRunner::Verdict ScriptRunner::run_module(const Command& command) {
  current_is_component_ = false;
  auto module = compile(command.module);
  if (!module) {
    targets_.erase("");
    return wrong("the module is refused: " + module.error().to_string());
  }
  const std::string id(command.module.id);
  definitions_.insert_or_assign("", *module);
  if (!id.empty()) definitions_.insert_or_assign(id, *module);
  if (command.module.definition) return {};
  auto instance = instantiate(*module);
  if (!instance) {
    targets_.erase("");
    return wrong("the module cannot be instantiated: " + instance.error().to_string());
  }
  set_current(id, **instance);
  return {};
}

ScriptRunner::Verdict ScriptRunner::run_instance(const Command& command) {
  auto found = definitions_.find(command.source_id);
  if (found == definitions_.end()) return wrong("there is no such module definition");
  auto instance = instantiate(found->second);
  if (!instance) return wrong("the module cannot be instantiated: " + instance.error().to_string());
  set_current(command.id, **instance);
  return {};
}

ScriptRunner::Verdict ScriptRunner::run_register(const Command& command) {
  const Target* target = find_target(command.id);
  if (target == nullptr) return wrong("there is no such module to register");
  for (const auto& [name, item] : target->exports) {
    TRY(linker_.define(command.name, name, item));
  }
  return {};
}

ScriptRunner::Verdict ScriptRunner::run_thread(const Command& command) {
  std::unique_ptr<ScriptRunner> runner = TRY(create(engine_, log_, stored_code_));
  if (!command.source_id.empty()) {
    const Target* target = find_target(command.source_id);
    if (target == nullptr) return wrong("there is no such module to share");
    Target shared;
    for (const auto& [name, item] : target->exports) {
      std::shared_ptr<runtime::Memory> memory = store_->share(item);
      if (memory != nullptr) shared.exports.emplace_back(name, TRY(runner->store_->adopt(memory)));
    }
    runner->targets_.insert_or_assign(std::string(command.source_id), std::move(shared));
  }
  Thread thread{std::move(runner), {}};
  thread.thread = std::thread(
      [runner = thread.runner.get(), &commands = command.commands] { runner->run(commands); });
  threads_.insert_or_assign(std::string(command.id), std::move(thread));
  return {};
}

ScriptRunner::Verdict ScriptRunner::run_wait(const Command& command) {
  auto found = threads_.find(command.id);
  if (found == threads_.end()) return wrong("there is no such thread");
  found->second.thread.join();
  threads_.erase(found);
  return {};
}

Run<ScriptRunner::Results> ScriptRunner::act(const wasm::Action& action) {
  const Target* target = find_target(action.module_id);
  if (target == nullptr) return std::unexpected<Failure>(Error(ErrorCode::usage, "no module"));
  for (const auto& [name, item] : target->exports) {
    if (name != action.name) continue;
    if (action.kind == wasm::Action::Kind::get && item.global() != nullptr) {
      return Results{{item.global()->type.type}, {item.global()->value}};
    }
    if (action.kind == wasm::Action::Kind::invoke && item.func() != nullptr) {
      return invoke(item, action);
    }
  }
  return std::unexpected<Failure>(
      Error(ErrorCode::usage, "nothing of this kind is exported as \"" + action.name + "\""));
}

Run<ScriptRunner::Results> ScriptRunner::invoke(const Extern& func, const wasm::Action& action) {
  const wasm::FuncType& type = store_->type_of(*func.func());
  std::vector<abi::Value> args;
  for (size_t i = 0; i < action.args.size(); ++i) {
    ValType given = type_of(action.args[i]);
    if (i < type.params.size() && type.params[i].is_ref() != given.is_ref()) {
      return std::unexpected<Failure>(Error(ErrorCode::usage, "an argument of the wrong type"));
    }
    args.push_back(to_value(action.args[i]));
  }
  Results results{type.results, std::vector<abi::Value>(type.results.size())};
  auto done = runtime::call(*store_, func, args, results.values);
  if (!done) return std::unexpected(std::move(done).error());
  return results;
}

ScriptRunner::Verdict ScriptRunner::assert_return(const Command& command) {
  auto results = act(command.action);
  if (!results) return wrong(results.error().to_string());
  if (results->values.size() != command.results.size()) {
    return wrong(std::to_string(results->values.size()) + " results, wanted " +
                 std::to_string(command.results.size()));
  }
  for (size_t i = 0; i < command.results.size(); ++i) {
    if (!matches(command.results[i], results->types[i], results->values[i])) {
      return wrong("result " + std::to_string(i) + " is " +
                   describe(results->types[i], results->values[i]) + ", wanted " +
                   describe(command.results[i]));
    }
  }
  return {};
}

// Of kind none: the trap's words decide.
ScriptRunner::Verdict ScriptRunner::assert_trap(const Command& command, abi::TrapKind kind) {
  auto results = act(command.action);
  if (results) return wrong("it returned, wanted a trap: " + command.message);
  if (!results.error().is_trap()) return wrong(results.error().to_string());
  const abi::Trap& trap = results.error().trap();
  bool same = kind == abi::TrapKind::none ? same_words(command.message, abi::trap_text(trap.kind))
                                          : trap.kind == kind;
  if (!same) {
    return wrong("it trapped with \"" + runtime::describe(trap) + "\", wanted \"" +
                 (command.message.empty() ? std::string(abi::trap_text(kind)) : command.message) +
                 "\"");
  }
  return {};
}

ScriptRunner::Verdict ScriptRunner::assert_module_trap(const Command& command) {
  auto module = compile(command.module);
  if (!module) return wrong("the module is refused: " + module.error().to_string());
  auto instance = instantiate(*module);
  if (instance) return wrong("it was instantiated, wanted a trap: " + command.message);
  if (!instance.error().is_trap() ||
      !same_words(command.message, abi::trap_text(instance.error().trap().kind))) {
    return wrong(instance.error().to_string() + ", wanted a trap: " + command.message);
  }
  return {};
}

ScriptRunner::Verdict ScriptRunner::assert_refused(const Command& command, ErrorCode code) {
  auto module = compile(command.module);
  Result<void> verdict;
  if (!module) {
    verdict = std::unexpected(std::move(module).error());
  } else if (command.kind == Command::Kind::assert_invalid_custom) {
    verdict = check_custom_sections(**module);
  }
  return check_refusal(verdict, code, command.message, "module");
}

ScriptRunner::Verdict ScriptRunner::assert_unlinkable(const Command& command) {
  auto module = compile(command.module);
  if (!module) return wrong("the module is refused: " + module.error().to_string());
  auto instance = instantiate(*module);
  if (instance) return wrong("it was linked, wanted: " + command.message);
  if (instance.error().is_trap() || instance.error().error().code() != ErrorCode::unlinkable) {
    return wrong(instance.error().to_string() + ", wanted: " + command.message);
  }
  return {};
}

}  // namespace nacre::api
