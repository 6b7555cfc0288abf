// Code that takes the place of older code of the same function: running calls finish in the old code,
// whose bytes become other code afterwards.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "baseline/module_compiler.h"
#include "baseline/tier.h"
#include "native/module_code.h"
#include "os/synchronize.h"
#include "runtime/guest_call.h"
#include "runtime/host_func.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/typed_func.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using runtime::GuestCall;
using runtime::HostResult;

// What the guest calls: it may be parked there, and anything may happen.
struct Host {
  std::function<void(abi::ExecContext&)> act;
};
HostResult<int32_t> wait(Host& host, const abi::HostCall& call, int32_t value) {
  if (call.waiting() == abi::Waiting::suspended) return std::unexpected(call.suspend(&host));
  if (host.act) host.act(call.exec);
  if (value < 0) return runtime::host_trap("asked for");
  return value;
}
constexpr runtime::HostFuncDef kFunctions[] = {
    runtime::host_func<wait>("wait", runtime::MayBlock::yes),
};

// The text of version `number`, which differs from others in one constant of `versioned`.
std::string text_of(uint32_t number) {
  return R"((module
  (import "h" "wait" (func $wait (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $versioned))
  (func $versioned (export "versioned") (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (i32.const )" +
         std::to_string(number) + R"()))
  (func $quick (export "quick") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const )" +
         std::to_string(number) + R"()))
  ;; The same by way of the table, so deep.
  (func $below (export "below") (param i32 i32) (result i32)
    (if (result i32) (local.get 1)
      (then (call $below (local.get 0) (i32.sub (local.get 1) (i32.const 1))))
      (else (call_indirect (type $unary) (local.get 0) (i32.const 0)))))))";
}
constexpr uint32_t kVersioned = 1, kQuick = 2;

struct Listener final : os::CodeListener {
  void code_made(std::span<const os::NewCode> code) override {
    for (const os::NewCode& item : code) known[item.begin] = item.name;
  }
  void code_freed(const uint8_t* begin, const uint8_t* end) override {
    std::erase_if(known, [&](const auto& item) { return item.first >= begin && item.first < end; });
  }
  std::map<const uint8_t*, std::string> known;
};

class ReplacedCode : public testing::Test {
 public:
  void SetUp() override {
    auto listener = std::make_unique<Listener>();
    listener_ = listener.get();
    auto tier = baseline::make_tier(options_, std::move(listener));
    if (!tier) GTEST_SKIP() << tier.error().to_string();
    if (!os::synchronize_threads()) GTEST_SKIP() << "the system does not synchronize threads";
    engine_ = runtime::Engine::create(std::move(*tier)).value();
    module_ = parse(0);
    instance_ = instantiate(*(store_ = runtime::Store::create(engine_).value()));
  }
  runtime::ModulePtr parse(uint32_t number) {
    auto binary = wasm::text_to_binary(text_of(number), engine_->features());
    EXPECT_TRUE(binary) << binary.error().to_string();
    return runtime::Module::create(engine_, std::move(*binary)).value();
  }
  runtime::Instance* instantiate(runtime::Store& store) {
    runtime::Linker linker(store);
    linker.define_functions("h", kFunctions, &host_);
    return linker.instantiate(module_).value();
  }
  native::ModuleCode& code() { return static_cast<native::ModuleCode&>(module_->code()); }
  // The code of a function as of that version.
  native::CodeImage image(uint32_t function, uint32_t number) {
    runtime::ModulePtr version = parse(number);
    baseline::ModuleCompiler compiler(version->info(), options_);
    native::CodeImage image;
    EXPECT_TRUE(compiler.compile(function, 1 << 20, image));
    return image;
  }
  void replace(uint32_t function, uint32_t number, const abi::ExecContext* own = nullptr) {
    auto replaced = code().replace(function, image(function, number), own);
    EXPECT_TRUE(replaced) << replaced.error().to_string();
  }
  int32_t call(const char* name, int32_t value) {
    return call_in(*store_, *instance_, name, value);
  }
  static int32_t call_in(runtime::Store& store, const runtime::Instance& instance, const char* name,
                         int32_t value) {
    using Unary = runtime::TypedFunc<int32_t(int32_t)>;
    return Unary::create(store, *instance.find_export(name)).value()(value).value();
  }
  int32_t call_below(int32_t value, int32_t depth) {
    using Binary = runtime::TypedFunc<int32_t(int32_t, int32_t)>;
    return Binary::create(*store_, *instance_->find_export("below")).value()(value, depth).value();
  }
  std::unique_ptr<GuestCall> start(const char* name, int32_t value) {
    abi::Value argument{};
    argument.i32 = static_cast<uint32_t>(value);
    return GuestCall::start(*store_, *instance_->find_export(name), {{argument}}).value();
  }
  static uint32_t finish(GuestCall& call, uint32_t value) {
    call.host_results()[0].i32 = value;
    EXPECT_TRUE(call.resume());
    EXPECT_FALSE(call.is_parked());
    return call.results()[0].i32;
  }
  // How many pieces of code of a function those who listen know of.
  size_t known(uint32_t function) const {
    std::string name = "wasm!" + module_->function_name(function);
    return static_cast<size_t>(std::ranges::count_if(
        listener_->known, [&](const auto& item) { return item.second == name; }));
  }

 protected:
  baseline::Options options_{.cpu = os::cpu_features(), .code_changes = true};
  Listener* listener_ = nullptr;
  Host host_;
  std::shared_ptr<runtime::Engine> engine_;
  runtime::ModulePtr module_;
  std::unique_ptr<runtime::Store> store_;
  runtime::Instance* instance_ = nullptr;
};

TEST_F(ReplacedCode, CallsGoToTheNewCodeWhicheverWayTheyCome) {
  EXPECT_EQ(call("versioned", 5), 5);
  EXPECT_EQ(call_below(5, 3), 5);
  for (uint32_t number : {100u, 200u}) {
    replace(kVersioned, number);
    EXPECT_EQ(call("versioned", 5), static_cast<int32_t>(5 + number));
    EXPECT_EQ(call_below(5, 3), static_cast<int32_t>(5 + number));
  }
}

TEST_F(ReplacedCode, AFunctionThatWasNeverCalledMayBeReplaced) {
  replace(kQuick, 100);
  EXPECT_EQ(call("quick", 5), 105);
  EXPECT_EQ(known(kQuick), 1u);
}

TEST_F(ReplacedCode, AnEngineForCodeThatStaysRefuses) {
  options_.code_changes = false;
  SetUp();
  auto refused = code().replace(kQuick, image(kQuick, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::usage);
}

TEST_F(ReplacedCode, AHundredThousandTimesTakeNoMoreSpaceThanAFew) {
  std::vector<native::CodeImage> images;
  for (uint32_t number : {1u, 2u}) images.push_back(image(kQuick, number));
  auto parked = start("versioned", 5);
  call("quick", 0);
  uint64_t before = code().code_bytes();
  for (uint32_t i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(code().replace(kQuick, images[i % 2]));
    if (i % 1000 == 0) {
      ASSERT_EQ(call("quick", 5), static_cast<int32_t>(6 + i % 2));
    }
  }
  EXPECT_LT(code().code_bytes() - before, 200'000u);
  code().free_unused();
  EXPECT_EQ(known(kQuick), 1u);
  EXPECT_EQ(finish(*parked, 7), 7u);
}

// By the host function that a guest is in: its own stack is looked at.
TEST_F(ReplacedCode, AHundredThousandTimesWhileTheGuestIsInTheHost) {
  std::vector<native::CodeImage> images;
  for (uint32_t number : {1u, 2u}) images.push_back(image(kQuick, number));
  call("quick", 0);
  uint64_t before = code().code_bytes();
  host_.act = [&](abi::ExecContext& exec) {
    for (uint32_t i = 0; i < 100'000; ++i)
      ASSERT_TRUE(code().replace(kQuick, images[i % 2], &exec));
  };
  EXPECT_EQ(call_below(5, 10), 5);
  EXPECT_LT(code().code_bytes() - before, 200'000u);
}

TEST_F(ReplacedCode, WhoIsParkedInTheOldCodeFinishesThere) {
  auto first = start("versioned", 0);
  replace(kVersioned, 100);
  auto second = start("versioned", 0);
  replace(kVersioned, 200);
  code().free_unused();
  EXPECT_EQ(known(kVersioned), 3u);
  EXPECT_EQ(call("quick", 5), 5);  // on another stack
  EXPECT_EQ(finish(*second, 7), 107u);
  code().free_unused();
  EXPECT_EQ(known(kVersioned), 2u);
  EXPECT_EQ(finish(*first, 7), 7u);
  code().free_unused();
  EXPECT_EQ(known(kVersioned), 1u);
  // What is freed becomes other code.
  uint64_t before = code().code_bytes();
  replace(kVersioned, 3);
  replace(kVersioned, 4);
  EXPECT_EQ(code().code_bytes(), before);
  EXPECT_EQ(call("versioned", 5), 9);
}

TEST_F(ReplacedCode, WhoRunsBeneathAnotherCallFinishesInTheOldCode) {
  int depth = 0;
  host_.act = [&](abi::ExecContext& exec) {
    if (depth == 3) return;
    replace(kVersioned, 100 * static_cast<uint32_t>(++depth), &exec);
    code().free_unused(&exec);
    // Each activation beneath this one keeps the code that it runs.
    EXPECT_EQ(known(kVersioned), static_cast<size_t>(depth) + 1);
    EXPECT_EQ(call_below(5, 20), depth == 3 ? 305 : 5 + 100 * depth);
  };
  EXPECT_EQ(call("versioned", 5), 5);
  code().free_unused();
  EXPECT_EQ(known(kVersioned), 1u);
  EXPECT_EQ(call("versioned", 5), 305);
}

TEST_F(ReplacedCode, BacktracesNameOldFramesAndNew) {
  host_.act = [&](abi::ExecContext& exec) {
    host_.act = nullptr;
    replace(kVersioned, 100, &exec);
    code().free_unused(&exec);
    replace(kQuick, 100, &exec);
  };
  abi::Value values[1] = {};
  values[0].i32 = static_cast<uint32_t>(-1);
  auto trapped = runtime::call(*store_, *instance_->find_export("versioned"), values, values);
  ASSERT_FALSE(trapped);
  abi::TrapPtr trap = std::move(trapped).error().take_trap();
  ASSERT_EQ(trap->frames.size(), 1u);
  EXPECT_EQ(trap->frames[0].function, kVersioned);

  auto parked = start("versioned", 0);
  replace(kVersioned, 200);
  code().free_unused();
  trap = parked->fail(abi::make_trap(abi::TrapKind::host_error, "gone")).take_trap();
  ASSERT_EQ(trap->frames.size(), 1u);
  EXPECT_EQ(trap->frames[0].function, kVersioned);
  code().free_unused();
  EXPECT_EQ(known(kVersioned), 1u);
}

// Guests run, wait and go on in two threads while a third one replaces what they run.
TEST_F(ReplacedCode, WhileOthersRunIt) {
  std::vector<native::CodeImage> images;
  for (uint32_t number : {1u, 2u}) images.push_back(image(kVersioned, number));
  std::atomic<bool> done = false;
  auto run = [&] {
    auto store = runtime::Store::create(engine_).value();
    runtime::Instance* instance = instantiate(*store);
    for (uint32_t i = 0; i < 2000; ++i) {
      int32_t result = call_in(*store, *instance, "versioned", 5);
      ASSERT_TRUE(result >= 5 && result <= 7) << result;
      abi::Value argument{};
      auto parked = GuestCall::start(*store, *instance->find_export("versioned"), {{argument}});
      ASSERT_TRUE(parked && (*parked)->is_parked());
      if (i % 16 == 0) std::this_thread::yield();
      uint32_t waited = finish(**parked, 1000);
      ASSERT_TRUE(waited >= 1000 && waited <= 1002) << waited;
    }
  };
  std::thread other([&] {
    for (uint32_t i = 0; !done; ++i) {
      ASSERT_TRUE(code().replace(kVersioned, images[i % 2]));
      if (i % 8 == 0) code().free_unused();
    }
  });
  std::thread first(run), second(run);
  first.join();
  second.join();
  done = true;
  other.join();
  code().free_unused();
  EXPECT_EQ(known(kVersioned), 1u);
}

}  // namespace
}  // namespace nacre::api
