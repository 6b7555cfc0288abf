// A module from text with everything a tier sees of an instance, made by hand: tests of the
// interpreter need no runtime.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "abi/code.h"
#include "abi/host_func.h"
#include "interp/tier.h"
#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/text/parser.h"

namespace nacre::interp {

// Values of wasm as tests write them.
inline abi::Value v32(uint32_t value) {
  abi::Value v;
  v.i32 = value;
  return v;
}
inline abi::Value v64(uint64_t value) {
  abi::Value v;
  v.i64 = value;
  return v;
}

// What guests of one test share.
struct World {
  World() {
    stack.resize(1 << 16);
    exec.stack_begin = reinterpret_cast<uint8_t*>(stack.data());
    exec.stack_end = reinterpret_cast<uint8_t*>(stack.data() + stack.size());
    exec.stack_top = exec.stack_begin;
    exec.upwards_end = exec.stack_end;
  }
  std::unique_ptr<abi::Executor> tier = make_tier();
  wasm::TypeRegistry registry;
  std::vector<abi::Value> stack;
  abi::ExecContext exec;
};

class Guest {
 public:
  static constexpr size_t kPage = 65536;
  static constexpr size_t kMaxPages = 4;

  // `imports`: functions, in order.
  Guest(World& world, std::string_view text, std::vector<abi::FuncObject*> imports = {})
      : world_(world) {
    build(text, std::move(imports));
  }

  abi::FuncObject& func(std::string_view name) {
    for (const wasm::Export& item : module_->exports) {
      if (item.name == name && item.kind == wasm::ExternKind::func) return *functions_[item.index];
    }
    ADD_FAILURE() << "no function " << name;
    return *functions_[0];
  }

  // Arguments in, results out.
  abi::Outcome call(std::string_view name, std::vector<abi::Value>& values) {
    values.resize(values.size() + 1100);
    return world_.tier->call(world_.exec, func(name), values.data());
  }
  // The one i64 or i32 result, or the number of the trap plus kTrapBase.
  static constexpr uint64_t kTrapBase = uint64_t{1} << 40;
  uint64_t run(std::string_view name, std::vector<abi::Value> values = {}) {
    abi::Outcome outcome = call(name, values);
    if (outcome.is_trapped()) return kTrapBase + static_cast<uint64_t>(outcome.trap().kind);
    return values[0].i64;
  }

  abi::MemoryRecord& memory(size_t index = 0) { return memories_[index]; }
  abi::TableRecord& table(size_t index = 0) { return tables_[index]; }
  abi::Value& global(size_t index) { return globals_[index]; }
  abi::VmCtx& vmctx() { return vmctx_; }
  const wasm::Module& module() const { return *module_; }

 private:
  void build(std::string_view text, std::vector<abi::FuncObject*> imports) {
    const wasm::Features features = wasm::Features::all_built();
    auto parsed = wasm::parse_module(text, features);
    if (!parsed) return refuse(parsed.error());
    auto decoded = wasm::decode(wasm::encode(*parsed), features);
    if (!decoded) return refuse(decoded.error());
    module_ = std::make_unique<wasm::Module>(std::move(*decoded));
    auto info = wasm::validate_module(*module_, features, world_.registry);
    if (!info) return refuse(info.error());
    info_ = std::make_unique<wasm::ValidModuleInfo>(std::move(*info));
    auto code = world_.tier->prepare({*info_, world_.registry});
    if (!code) return refuse(code.error());
    code_ = std::move(*code);
    link(std::move(imports));
  }

  void refuse(const Error& error) { ADD_FAILURE() << error.to_string(); }

  void link(std::vector<abi::FuncObject*> imports) {
    for (const wasm::MemoryType& type : module_->memories) {
      auto& bytes = memory_bytes_.emplace_back(kPage * kMaxPages / sizeof(abi::Value));
      memories_.push_back({.base = reinterpret_cast<uint8_t*>(bytes.data()),
                           .size_bytes = type.limits.min * kPage,
                           .guarded = false,
                           .shared = type.shared,
                           .is_64 = type.limits.address == wasm::AddressType::i64});
      memory_pointers_.push_back(&memories_.back());
    }
    for (const wasm::Table& table : module_->tables) {
      auto& elements = elements_.emplace_back(table.type.limits.min);
      tables_.push_back({.elements = elements.data(),
                         .size = elements.size(),
                         .is_64 = table.type.limits.address == wasm::AddressType::i64});
      table_pointers_.push_back(&tables_.back());
    }
    for (size_t i = 0; i < module_->globals.size(); ++i) {
      globals_.emplace_back();
      global_pointers_.push_back(&globals_.back());
    }
    functions_ = std::move(imports);
    for (uint32_t i = module_->imported_functions; i < module_->functions.size(); ++i) {
      own_functions_.push_back({.type = info_->type_ids()[wasm::index_of(module_->functions[i])],
                                .index = i,
                                .vmctx = &vmctx_});
      functions_.push_back(&own_functions_.back());
    }
    // Active segments of functions, at offset 0 of their table.
    for (const wasm::ElementSegment& segment : module_->elements) {
      for (size_t i = 0; i < segment.functions.size(); ++i) {
        elements_[segment.table][i] = reinterpret_cast<abi::Ref>(functions_[segment.functions[i]]);
      }
    }
    vmctx_ = {.memory0_base = memories_.empty() ? nullptr : memories_[0].base,
              .memory0 = memories_.empty() ? nullptr : &memories_[0],
              .memories = memory_pointers_.data(),
              .tables = table_pointers_.data(),
              .globals = global_pointers_.data(),
              .functions = functions_.data(),
              .types = info_->type_ids().data(),
              .builtins = &kBuiltins,
              .code = code_.get(),
              .module = module_.get(),
              .instance = this};
  }

  static Guest& of(abi::VmCtx* vmctx) { return *static_cast<Guest*>(vmctx->instance); }
  static uint64_t memory_grow(abi::VmCtx* vmctx, uint32_t index, uint64_t delta) {
    abi::MemoryRecord& memory = *vmctx->memories[index];
    uint64_t old = memory.size_bytes / kPage;
    if (delta > kMaxPages - old) return abi::kGrowFailed;
    memory.size_bytes += delta * kPage;
    return old;
  }
  static abi::TrapKind memory_fill(abi::VmCtx* vmctx, uint32_t index, uint64_t to, uint8_t value,
                                   uint64_t length) {
    abi::MemoryRecord& memory = *vmctx->memories[index];
    if (!in_bounds(to, length, memory.size_bytes)) return abi::TrapKind::memory_out_of_bounds;
    std::memset(memory.base + to, value, length);
    return abi::TrapKind::none;
  }
  static bool type_matches(abi::VmCtx* vmctx, wasm::CanonTypeId actual,
                           wasm::CanonTypeId expected) {
    return of(vmctx).world_.registry.is_subtype(actual, expected);
  }
  // Those that no test uses stay null.
  static constexpr abi::Builtins make_builtins() {
    abi::Builtins builtins{};
    builtins.memory_grow = &memory_grow;
    builtins.memory_fill = &memory_fill;
    builtins.type_matches = &type_matches;
    return builtins;
  }
  static const abi::Builtins kBuiltins;

  World& world_;
  std::unique_ptr<wasm::Module> module_;
  std::unique_ptr<wasm::ValidModuleInfo> info_;
  std::unique_ptr<abi::ModuleCode> code_;
  std::deque<std::vector<abi::Value>> memory_bytes_;
  std::deque<abi::MemoryRecord> memories_;
  std::vector<abi::MemoryRecord*> memory_pointers_;
  std::deque<std::vector<abi::Ref>> elements_;
  std::deque<abi::TableRecord> tables_;
  std::vector<abi::TableRecord*> table_pointers_;
  std::deque<abi::Value> globals_;
  std::vector<abi::Value*> global_pointers_;
  std::deque<abi::FuncObject> own_functions_;
  std::vector<abi::FuncObject*> functions_;
  abi::VmCtx vmctx_;
};
inline const abi::Builtins Guest::kBuiltins = Guest::make_builtins();

// A function of the host as guests import it.
struct HostFunction {
  HostFunction(World& world, wasm::FuncType type,
               abi::Outcome (*call)(const abi::HostCall&, void*, abi::Value*),
               void* data = nullptr) {
    host.type = std::move(type);
    host.call = call;
    host.data = data;
    host.canon_type = *world.registry.intern(host.type);
    object.type = host.canon_type;
    object.host = &host;
  }
  abi::HostFunc host;
  abi::FuncObject object;
};

}  // namespace nacre::interp
