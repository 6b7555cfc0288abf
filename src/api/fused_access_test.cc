// Loads whose value is the operand of the very next instruction, which a compiler may read from
// memory in place: wherever the access ends up, one beyond the memory traps, at the load.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "baseline/tier.h"
#include "interp/tier.h"
#include "os/cpu.h"
#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/binary/encoder.h"
#include "wasm/ops.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

constexpr uint32_t kPageBytes = 65536;

std::string type_name(char letter) {
  return letter == 'i' ? "i32" : letter == 'l' ? "i64" : letter == 'f' ? "f32" : "f64";
}

// One function for each instruction of two equal operands and each way to give it a loaded one.
std::string all_uses() {
  std::string text = "(module (memory 1 1)\n";
  int count = 0;
  auto add = [&](const std::string& type, const std::string& body) {
    text += "(func (export \"" + std::to_string(count++) + "\") (param i32 " + type + ") (local " +
            type + ")\n  " + body + " drop)\n";
  };
  for (const wasm::OpInfo& row : wasm::kOpInfos) {
    std::string_view signature = row.signature;
    if (row.imm != wasm::ImmKind::none || signature.size() != 4 || signature[0] != signature[1] ||
        std::string_view("ilfd").find(signature[0]) == std::string_view::npos) {
      continue;
    }
    std::string type = type_name(signature[0]), op(row.text);
    std::string load = "local.get 0 " + type + ".load ";
    add(type, "local.get 1 " + load + op);
    add(type, load + "local.get 1 " + op);
    add(type, load + type + ".const 3 " + op);
    add(type,
        "local.get 1 " + load + op + " " + (signature[3] == signature[0] ? "local.tee 2" : ""));
  }
  for (const char* type : {"i32", "i64"}) {
    std::string load = std::string("local.get 0 ") + type + ".load ";
    add(type, load + type + ".eqz");
    add(type, load + type + ".eqz if nop end i32.const 0");
  }
  add("i32", "local.get 0 i32.load if nop end i32.const 0");
  add("i32", "block local.get 0 i32.load br_if 0 end i32.const 0");
  add("i32", "i32.const 1 i32.const 2 local.get 0 i32.load select");
  return text + ")";
}

struct Subject {
  Subject(Result<std::unique_ptr<abi::Executor>> tier, bool guarded) {
    if (!tier) return;
    runtime::EngineOptions options;
    options.guarded_memories = guarded;
    auto engine = runtime::Engine::create(std::move(*tier), options).value();
    bytes = wasm::encode(wasm::parse_module(all_uses(), engine->features()).value());
    auto module = runtime::Module::create(engine, Bytes(bytes), nullptr).value();
    store = runtime::Store::create(engine).value();
    instance = runtime::instantiate(*store, module, {}).value();
  }

  // Where the function with that number trapped; 0: it did not.
  uint64_t trap_offset(size_t index, uint32_t address) {
    abi::Value args[2] = {};
    args[0].i32 = address;
    auto done = runtime::call(*store, instance->export_at(index), args, {});
    if (done) return 0;
    const abi::Trap& trap = done.error().trap();
    EXPECT_EQ(trap.kind, abi::TrapKind::memory_out_of_bounds) << index;
    EXPECT_EQ(trap.frames.size(), 1u);
    return trap.frames.empty() ? 0 : trap.frames[0].offset;
  }

  std::vector<uint8_t> bytes;
  std::unique_ptr<runtime::Store> store;
  runtime::Instance* instance = nullptr;
};

void compare(const baseline::Options& options) {
  Subject subject(baseline::make_tier(options), options.guarded_memories);
  if (subject.instance == nullptr) GTEST_SKIP() << "no compiler for this processor";
  Subject reference(interp::make_tier(), true);
  ASSERT_GT(subject.instance->export_count(), 200u);
  for (size_t i = 0; i < subject.instance->export_count(); ++i) {
    uint64_t wanted = reference.trap_offset(i, kPageBytes - 1);
    EXPECT_NE(wanted, 0u);
    EXPECT_EQ(subject.trap_offset(i, kPageBytes - 1), wanted) << i;
  }
}

TEST(FusedAccess, TrapsAtTheLoad) { compare({.cpu = os::cpu_features()}); }

TEST(FusedAccess, TrapsAtTheLoadOnTheOldestProcessor) {
  auto cpu = os::cpu_features();
  compare({.cpu = {.sse41 = cpu.sse41, .sse42 = cpu.sse42, .popcnt = cpu.popcnt}});
}

TEST(FusedAccess, TrapsAtTheLoadWhereMemoriesAreChecked) {
  compare({.cpu = os::cpu_features(), .guarded_memories = false});
}

TEST(FusedAccess, TrapsAtTheLoadInACheckedBuild) {
  compare({.cpu = os::cpu_features(), .poison_upper_bits = true, .check_consistency = true});
}

}  // namespace
}  // namespace nacre::api
