#include "tiers.h"

#include <cstdio>
#include <cstring>
#include <utility>

#include "baseline/tier.h"
#include "execute.h"
#include "interp/tier.h"
#include "random.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "tiering/executor.h"

namespace nacre::fuzz {
namespace {

using abi::Value;
using runtime::Extern;
using runtime::Store;
using wasm::HeapType;
using wasm::ValType;

// Of a value that the guest can look at: the bits of its type, what a reference means.
std::string text_of(ValType type, const Value& value, const Store& store) {
  switch (type.code()) {
    case ValType::kI32:
    case ValType::kF32:
      return hex(value.i32);
    case ValType::kI64:
    case ValType::kF64:
      return hex(value.i64);
    case ValType::kV128: {
      uint64_t halves[2];
      std::memcpy(halves, value.v128.data(), sizeof halves);
      return hex(halves[1]) + "'" + hex(halves[0]);
    }
    default:
      break;
  }
  if (value.ref == abi::kNullRef) return "null";
  if (type.heap() == HeapType::kExtern) return "extern " + hex(value.ref);
  const abi::FuncObject* function = store.func_of(value.ref);
  if (function == nullptr) return "no function";
  return (function->vmctx != nullptr ? "func " : "host func ") + std::to_string(function->index);
}

// ---- what the host does

// The host's side of one import: its results depend on all bits of its parameters and on nothing
// else.
struct HostFunction {
  wasm::FuncType type;
  std::string* log;
  const Store* store;
};

abi::Outcome host_call(const abi::HostCall&, void* data, Value* values) {
  auto& self = *static_cast<HostFunction*>(data);
  std::string told = "host";
  for (size_t i = 0; i < self.type.params.size(); ++i)
    told += " " + text_of(self.type.params[i], values[i], *self.store);
  *self.log += told + "\n";
  uint64_t hash = fnv1a(as_bytes(told));
  Value function, object;
  for (size_t i = 0; i < self.type.params.size(); ++i) {
    if (self.type.params[i] == ValType::funcref()) function = values[i];
    if (self.type.params[i] == ValType::externref()) object = values[i];
  }
  if (hash % 32 == 0) return abi::make_trap(abi::TrapKind::host_error, "by chance");
  Random random(hash);
  for (size_t i = 0; i < self.type.results.size(); ++i) {
    // What the type does not use is not the guest's business: it gets a pattern.
    for (size_t k = 0; k < 16; ++k) values[i].v128[k] = static_cast<uint8_t>(0xA5 + k);
    switch (self.type.results[i].code()) {
      case ValType::kI32:
        values[i].i32 = static_cast<uint32_t>(random.interesting());
        break;
      case ValType::kI64:
        values[i].i64 = random.interesting();
        break;
      case ValType::kF32:
        values[i].f32 = static_cast<float>(random.below(1000)) / 4;
        break;
      case ValType::kF64:
        values[i].f64 = static_cast<double>(random.below(1000)) / 4;
        break;
      case ValType::kRef:
        values[i].ref = self.type.results[i] == ValType::funcref() ? function.ref : object.ref;
        break;
      default:
        for (uint8_t& byte : values[i].v128) byte = static_cast<uint8_t>(random.next());
    }
  }
  return nullptr;
}

Value any_argument(ValType type, Random& random) {
  Value value;
  for (size_t k = 0; k < 16; ++k) value.v128[k] = static_cast<uint8_t>(0x5A + k);
  switch (type.code()) {
    case ValType::kI32:
    case ValType::kF32:
      value.i32 = static_cast<uint32_t>(random.interesting());
      break;
    case ValType::kRef:
      value.ref = type.heap() == HeapType::kExtern ? random.below(3) : abi::kNullRef;
      break;
    default:
      value.i64 = random.interesting();
  }
  return value;
}

// ---- one run

struct Observation {
  std::string text;
  bool exhausted = false;  // a stack was, somewhere
};

class Run {
 public:
  static Result<Observation> of(std::shared_ptr<runtime::Engine> engine, uint64_t seed,
                                const std::vector<std::vector<uint8_t>>& modules) {
    auto store = TRY(Store::create(engine));
    Run run(*store);
    for (size_t i = 0; i < modules.size(); ++i)
      TRY(run.instantiate(TRY(runtime::Module::create(engine, Bytes(modules[i]), nullptr))));
    Random random(seed);
    for (runtime::Instance* instance : run.instances_) run.call_all(*instance, random);
    for (runtime::Instance* instance : run.instances_) run.look(*instance);
    return std::move(run.seen_);
  }

 private:
  explicit Run(Store& store) : store_(store), linker_(store) {}

  Result<void> instantiate(runtime::ModulePtr module) {
    const wasm::Module& wasm = module->wasm();
    for (const wasm::Import& import : wasm.imports) {
      if (import.module != "host") continue;
      auto host = std::make_shared<HostFunction>(
          HostFunction{wasm.types[wasm::index_of(import.type.func)].func, &seen_.text, &store_});
      abi::HostFunc function;
      function.type = host->type;
      function.call = host_call;
      function.data = host.get();
      store_.keep(host);
      TRY(linker_.define("host", import.name, TRY(store_.add_func(std::move(function)))));
    }
    auto instance = linker_.instantiate(module);
    if (!instance) return fail(ErrorCode::invalid, instance.error().to_string());
    if (instances_.empty()) TRY(linker_.define_instance("first", **instance));
    instances_.push_back(*instance);
    return {};
  }

  void call_all(runtime::Instance& instance, Random& random) {
    for (size_t i = 0; i < instance.export_count(); ++i) {
      Extern item = instance.export_at(i);
      if (item.func() == nullptr) continue;
      const wasm::FuncType& type = store_.type_of(*item.func());
      std::vector<Value> args, results(type.results.size());
      for (ValType param : type.params) args.push_back(any_argument(param, random));
      std::string name(instance.export_name(i));
      seen_.text += "call " + name + "\n";
      auto done = runtime::call(store_, item, args, results);
      seen_.text += name;
      if (done) {
        for (size_t k = 0; k < results.size(); ++k)
          seen_.text += " " + text_of(type.results[k], results[k], store_);
      } else if (done.error().is_trap()) {
        trapped(done.error().trap());
      } else {
        seen_.text += " refused: " + done.error().to_string();
      }
      seen_.text += "\n";
    }
  }

  void trapped(const abi::Trap& trap) {
    seen_.exhausted |= trap.kind == abi::TrapKind::call_stack_exhausted;
    seen_.text += " traps: " + std::string(abi::trap_text(trap.kind)) + trap.message;
    for (const abi::Frame& frame : trap.frames)
      seen_.text += " " + std::to_string(frame.function) + "@" + hex(frame.offset);
  }

  void look(runtime::Instance& instance) {
    for (size_t i = 0; i < instance.export_count(); ++i) {
      Extern item = instance.export_at(i);
      std::string name(instance.export_name(i));
      if (runtime::Memory* memory = item.memory()) {
        Bytes contents(memory->base(), memory->size_bytes());
        seen_.text +=
            name + " " + std::to_string(memory->size_pages()) + " " + hex(fnv1a(contents)) + "\n";
      } else if (runtime::Global* global = item.global()) {
        seen_.text += name + " " + text_of(global->type.type, global->value, store_) + "\n";
      } else if (runtime::Table* table = item.table()) {
        seen_.text += name;
        for (uint64_t k = 0; k < table->size(); ++k) {
          Value value;
          value.ref = *table->get(k);
          seen_.text += " " + text_of(table->type().element, value, store_);
        }
        seen_.text += "\n";
      }
    }
  }

  Store& store_;
  runtime::Linker linker_;
  std::vector<runtime::Instance*> instances_;
  Observation seen_;
};

// The first line that is not the same, in both texts.
std::string difference(const std::string& a, const std::string& b) {
  size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  size_t begin = at == 0 ? 0 : a.rfind('\n', at - 1) + 1;
  auto line = [&](const std::string& text) {
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  return "interpreter: " + line(a) + "\n  compiler:    " + line(b);
}

}  // namespace

Result<TierComparison> TierComparison::create(const wasm::Features& features) {
  TierComparison comparison;
  comparison.options_.features = features;
  comparison.options_.validation_threads = 1;
  TRY(comparison.make_engines());
  return comparison;
}

Result<void> TierComparison::make_engines() {
  interpreter_ = TRY(runtime::Engine::create(interp::make_tier(), options_));
  compilers_.clear();
  auto add = [&](std::string name, baseline::Options compiler,
                 const runtime::EngineOptions& engine) -> Result<void> {
    compilers_.push_back({std::move(name), TRY(runtime::Engine::create(
                                               TRY(baseline::make_tier(compiler)), engine))});
    return {};
  };
  os::CpuFeatures cpu = os::cpu_features();
  TRY(add("this processor", {.cpu = cpu}, options_));
  os::CpuFeatures sse{.sse41 = cpu.sse41, .sse42 = cpu.sse42, .popcnt = cpu.popcnt};
  TRY(add("SSE only", {.cpu = sse}, options_));
  runtime::EngineOptions unguarded = options_;
  unguarded.guarded_memories = false;
  TRY(add("unguarded", {.cpu = cpu, .guarded_memories = false}, unguarded));
  TRY(add("checked build", {.cpu = cpu, .poison_upper_bits = true, .check_consistency = true},
          options_));
  compilers_.push_back({"mixed with the interpreter", nullptr});
  return {};
}

// What runs where depends on the seed alone, so that it happens again.
Result<std::shared_ptr<runtime::Engine>> TierComparison::mixed(uint64_t seed) {
  std::vector<std::unique_ptr<abi::Executor>> executors;
  executors.push_back(interp::make_tier());
  executors.push_back(TRY(baseline::make_tier({.cpu = os::cpu_features(), .code_changes = true})));
  auto executor = tiering::make_executor(std::move(executors), tiering::choose_at_random(seed, 2));
  return runtime::Engine::create(std::move(executor), interpreter_->options());
}

Result<std::string> TierComparison::run(uint64_t seed,
                                        const std::vector<std::vector<uint8_t>>& modules) {
  // An engine keeps what it knows of every type of function, and has room for so many.
  constexpr uint64_t kProgramsOfAnEngine = 10'000;
  if (++programs_ % kProgramsOfAnEngine == 0) TRY(make_engines());
  Observation expected = TRY(Run::of(interpreter_, seed, modules));
  const Setting& setting = compilers_[seed % compilers_.size()];
  auto engine = setting.engine != nullptr ? setting.engine : TRY(mixed(seed));
  Observation seen = TRY(Run::of(engine, seed, modules));
  if (expected.exhausted || seen.exhausted) {
    ++exhausted_;
    return std::move(expected.text);
  }
  if (expected.text != seen.text) {
    return fail(ErrorCode::internal,
                "tiers differ (" + setting.name + ")\n  " + difference(expected.text, seen.text));
  }
  return std::move(expected.text);
}

}  // namespace nacre::fuzz
