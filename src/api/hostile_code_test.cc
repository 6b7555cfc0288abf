// Code that is cheap to write and could be dear to prepare: a function of megabytes each of whose
// instructions takes and gives a thousand values. Making it runnable takes bounded time and
// memory that its bytes are worth, or stops when the guest's time is over (security.md#limits).
//
// Bounds on time are generous: they tell what is stopped from what takes minutes.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "baseline/tier.h"
#include "interp/tier.h"
#include "os/cpu.h"
#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/binary/decoder.h"
#include "wasm/limits.h"
#include "wasm/validate/body.h"
#include "wasm/validate/test_module.h"

namespace nacre::api {
namespace {

using ByteString = std::vector<uint8_t>;

ByteString number(uint32_t value) { return wasm::Code().u32(value).bytes(); }
ByteString operator+(ByteString a, const ByteString& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
ByteString operator*(const ByteString& bytes, size_t times) {
  ByteString all;
  all.reserve(bytes.size() * times);
  for (size_t i = 0; i < times; ++i) all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}
ByteString sized(const ByteString& bytes) {
  return number(static_cast<uint32_t>(bytes.size())) + bytes;
}
ByteString section(uint8_t id, const ByteString& bytes) { return ByteString{id} + sized(bytes); }

// What a function's body is made of: something in front, then one part again and again.
struct Shape {
  const char* name;
  ByteString before;
  ByteString part;
  ByteString behind;      // without the final `end`
  bool only_i64 = false;  // not valid with values of other types
};

constexpr uint32_t kValues = 1000;
// Functions and, for their types, blocks: 0 gives kValues, 1 takes them, 2 does both, 3 neither.
constexpr uint8_t kGive = 0, kTake = 1, kBoth = 2, kNone = 3, kAllButOne = 4;
constexpr uint8_t kSubject = 4;

const ByteString kGiven = {0x10, kGive}, kTaken = {0x10, kTake};

std::vector<Shape> shapes() {
  // A table of branches over 2000 blocks of two kinds: more that are left, more that are entered.
  ByteString targets = number(2000);
  for (uint32_t i = 0; i < 2000; ++i) targets = targets + number(i + 1);
  ByteString table =
      ByteString{0x41, 1, 0x04, kBoth, 0x41, 0, 0x0E} + targets + ByteString{0, 0x0B};
  return {
      {"IfElse", kGiven, {0x41, 1, 0x04, kBoth, 0x05, 0x0B}, kTaken},
      {"If", kGiven, {0x41, 1, 0x04, kBoth, 0x0B}, kTaken},
      {"Block", kGiven, {0x02, kBoth, 0x0B}, kTaken},
      {"Loop", kGiven, {0x03, kBoth, 0x0B}, kTaken},
      {"BlockLeftByBranch", kGiven, {0x02, kBoth, 0x0C, 0, 0x0B}, kTaken},
      {"Branches", kGiven + ByteString{0x02, kBoth}, {0x41, 0, 0x0D, 0}, ByteString{0x0B} + kTaken},
      {"BranchesThatMove",
       kGiven + ByteString{0x02, kAllButOne},
       {0x41, 0, 0x0D, 0},
       ByteString{0x1A, 0x0B, 0x42, 0} + kTaken,
       true},
      {"BranchesToALoop",
       kGiven + ByteString{0x03, kBoth},
       {0x41, 0, 0x0D, 0},
       ByteString{0x0B} + kTaken},
      {"Tables", kGiven + ByteString{0x02, kBoth} * 2000, table, ByteString{0x0B} * 2000 + kTaken},
      {"GiveAndTake", {}, kGiven + kTaken, {}},
      {"Calls", kGiven, {0x10, kBoth}, kTaken},
      {"IndirectCalls", kGiven, {0x41, kBoth, 0x11, kBoth, 0}, kTaken},
      {"References", kGiven, {0xD2, kBoth, 0x14, kBoth}, kTaken},
      {"TailCalls", {}, {0x41, 0, 0x04, 0x40, 0x10, kGive, 0x12, kTake, 0x0B}, {}},
      {"Returns", {}, {0x41, 0, 0x04, 0x40, 0x0F, 0x0B}, {}},
      {"Unreachable", {0x00}, {0x02, kBoth, 0x0B}, {0x00}},
      {"UnreachableCalls", {0x00}, {0x10, kBoth}, {0x00}},
      {"Deep", ByteString{0x42, 0} * 100'000, {0x41, 0, 0x04, 0x40, 0x0B}, {0x00}},
      {"Plain", {}, {0x41, 0, 0x1A}, {}},
      {"Traps", {}, {0x41, 0, 0x28, 2, 0, 0x1A}, {}},
  };
}

// A module whose function "run" has the shape and about so many bytes. `values`: types of the
// values, taken in turn.
ByteString module_of(const Shape& shape, size_t bytes, const ByteString& values = {0x7E}) {
  auto list = [&](uint32_t count) {
    ByteString types = number(count);
    for (uint32_t i = 0; i < count; ++i) types.push_back(values[i % values.size()]);
    return types;
  };
  ByteString all = list(kValues), none = number(0), func = {0x60};
  ByteString types = number(5) + func + none + all + func + all + none + func + all + all + func +
                     none + none + func + all + list(kValues - 1);
  ByteString give = {0}, both = {0};
  for (uint32_t i = 0; i < kValues; ++i) {
    uint8_t type = values[i % values.size()];
    if (type == 0x7B) {
      give = give + ByteString{0xFD, 0x0C} + ByteString(16, 1);
    } else {
      give = give + ByteString{static_cast<uint8_t>(type == 0x7E ? 0x42 : 0x41), 1};
    }
    both = both + ByteString{0x20} + number(i);
  }
  size_t parts = (bytes - shape.before.size()) / shape.part.size();
  ByteString subject = ByteString{0} + shape.before + shape.part * parts + shape.behind;
  ByteString end = {0x0B};
  ByteString module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  module = module + section(1, types);
  module = module + section(3, {5, kGive, kTake, kBoth, kNone, kNone});
  module = module + section(4, {1, 0x70, 0, 5});
  module = module + section(5, {1, 0, 1});
  module = module + section(7, ByteString{1, 3, 'r', 'u', 'n', 0, kSubject});
  module = module + section(9, {1, 0, 0x41, 0, 0x0B, 5, 0, 1, 2, 3, 4});
  ByteString bodies = number(5) + sized(give + end) + sized({0, 0x0B}) + sized(both + end) +
                      sized({0, 0x0B}) + sized(subject + end);
  return module + section(10, bodies);
}

// Bytes of a large function; the sanitizers' builds are an order of magnitude slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kLarge = 300'000;
#else
constexpr size_t kLarge = 3'000'000;
#endif

using Clock = std::chrono::steady_clock;

class World {
 public:
  explicit World(std::string_view tier, runtime::ModuleOptions::Validate validate =
                                            runtime::ModuleOptions::Validate::eager)
      : validate_(validate) {
    auto made = tier == "interp" ? interp::make_tier() : baseline::make_tier();
    if (made) engine = runtime::Engine::create(std::move(*made), {}).value();
  }
  Result<runtime::ModulePtr> load(const ByteString& bytes) const {
    return runtime::Module::create(engine, bytes, {.validate = validate_});
  }

  std::shared_ptr<runtime::Engine> engine;  // null: not on this processor

 private:
  runtime::ModuleOptions::Validate validate_;
};

struct Guest {
  std::unique_ptr<runtime::Store> store;
  runtime::Instance* instance;

  // `time`: how long it may run; 0: without limit.
  Guest(const World& world, const runtime::ModulePtr& module, std::chrono::milliseconds time) {
    runtime::StoreOptions options;
    if (time.count() != 0) {
      options.limits.push_back({.kind = abi::TrapKind::time_limit,
                                .amount = static_cast<uint64_t>(time.count()) * 1'000'000,
                                .words = "some time"});
    }
    store = runtime::Store::create(world.engine, options).value();
    instance = runtime::instantiate(*store, module, {}).value();
  }
  // How it ended: "returned", or why not.
  std::string run() {
    auto done = runtime::call(*store, instance->export_at(0), {}, {});
    return done ? "returned" : done.error().to_string();
  }
};

// Tells it from minutes. Who works for the guest does not wait for signals, which
// the thread sanitizer keeps back.
constexpr std::chrono::seconds kGenerous{5};

class HostileCode : public testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  World world{std::get<0>(GetParam()), std::get<1>(GetParam())
                                           ? runtime::ModuleOptions::Validate::lazy
                                           : runtime::ModuleOptions::Validate::eager};
};

INSTANTIATE_TEST_SUITE_P(Tiers, HostileCode,
                         testing::Combine(testing::Values("interp", "baseline"), testing::Bool()),
                         [](const auto& chosen) {
                           return std::string(std::get<0>(chosen.param)) +
                                  (std::get<1>(chosen.param) ? "Lazy" : "Eager");
                         });

// Runs the guest; it must end, by itself or by its time limit, soon after `begin`.
void expect_bounded(Guest& guest, Clock::time_point begin) {
  std::string end = guest.run();
  EXPECT_LT(Clock::now() - begin, kGenerous);
  bool returned = end == "returned" || end == "trap: unreachable";
  EXPECT_TRUE(returned || end.starts_with("trap: time limit reached: some time")) << end;
}

// What is behind the guest's time is over: it ends with that, or did all before.
TEST_P(HostileCode, IsStoppedWhileItIsPrepared) {
  if (world.engine == nullptr) GTEST_SKIP() << "no compiler for this processor";
  for (const ByteString& values : {ByteString{0x7E}, ByteString{0x7F, 0x7B, 0x7E}}) {
    for (const Shape& shape : shapes()) {
      if (shape.only_i64 && values[0] != 0x7E) continue;
      SCOPED_TRACE(shape.name);
      auto module = world.load(module_of(shape, kLarge, values));
      ASSERT_TRUE(module) << module.error().to_string();
      Guest guest(world, *module, std::chrono::milliseconds(50));
      auto begin = Clock::now();
      expect_bounded(guest, begin);
    }
  }
}

// For debuggers all functions are compiled when their module is instantiated.
TEST(HostileCodeForDebuggers, IsStoppedWhileItIsPrepared) {
  auto tier = baseline::make_tier({.cpu = os::cpu_features(), .debug = true});
  if (!tier) GTEST_SKIP() << "no compiler for this processor";
  World world("interp");
  world.engine = runtime::Engine::create(std::move(*tier), {}).value();
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.name);
    auto module = world.load(module_of(shape, 2 * kLarge));
    ASSERT_TRUE(module) << module.error().to_string();
    auto begin = Clock::now();
    Guest guest(world, *module, std::chrono::milliseconds(20));
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2));
    expect_bounded(guest, begin);
  }
}

// A later caller finds nothing of it.
TEST_P(HostileCode, IsPreparedForTheNext) {
  if (world.engine == nullptr) GTEST_SKIP() << "no compiler for this processor";
  Shape shape = shapes()[0];
  auto module = world.load(module_of(shape, kLarge));
  ASSERT_TRUE(module);
  Guest stopped(world, *module, std::chrono::milliseconds(1));
  EXPECT_EQ(stopped.run(), "trap: time limit reached: some time");
  Guest patient(world, *module, {});
  EXPECT_EQ(patient.run(), "returned");
}

// Two threads want the same function. One may not wait for it as long as the other does.
TEST_P(HostileCode, IsWaitedForNoLongerThanOneMay) {
  if (world.engine == nullptr) GTEST_SKIP() << "no compiler for this processor";
  Shape shape = shapes()[0];
  auto module = world.load(module_of(shape, 2 * kLarge));
  ASSERT_TRUE(module);
  Guest patient(world, *module, {});
  std::string end;
  std::thread thread([&] { end = patient.run(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::vector<std::string> others;
  for (int i = 0; i < 3; ++i) {
    Guest hasty(world, *module, std::chrono::milliseconds(1));
    others.push_back(hasty.run());
  }
  thread.join();
  EXPECT_EQ(end, "returned");
  for (const std::string& other : others)
    EXPECT_TRUE(other == "trap: time limit reached: some time" || other == "returned") << other;
}

// ---- machine code

// Functions of any shape become no more machine code than their bytes are worth, so that all there
// may be run in this tier as in the other.
TEST(HostileMachineCode, IsInProportionToBytes) {
  World world("baseline");
  if (world.engine == nullptr) GTEST_SKIP() << "no compiler for this processor";
  constexpr size_t kBytes = 200'000;
  for (const ByteString& values :
       {ByteString{0x7E}, ByteString{0x7B}, ByteString{0x7F, 0x7B, 0x7E}}) {
    for (const Shape& shape : shapes()) {
      if (shape.only_i64 && values[0] != 0x7E) continue;
      SCOPED_TRACE(shape.name);
      auto module = world.load(module_of(shape, kBytes, values));
      ASSERT_TRUE(module) << module.error().to_string();
      Result<uint64_t> bytes = (*module)->code().compile_all();
      ASSERT_TRUE(bytes) << bytes.error().to_string();
      EXPECT_LT(*bytes, kBytes * 100) << shape.name;
    }
  }
}

TEST(HostileMachineCode, RunsInBothTiers) {
  World interp("interp"), baseline("baseline");
  if (baseline.engine == nullptr) GTEST_SKIP() << "no compiler for this processor";
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.name);
    ByteString bytes = module_of(shape, 48'000 + shape.before.size());
    std::string ends[2];
    for (const World* world : {&interp, &baseline}) {
      auto module = world->load(bytes);
      ASSERT_TRUE(module) << module.error().to_string();
      ends[world == &baseline] = Guest(*world, *module, {}).run();
    }
    EXPECT_EQ(ends[1], ends[0]);
  }
}

// Behind the code of a function stand a few bytes for each that it calls and that is not compiled
// yet. They end where the room for code ends, however full it is by then.
TEST(HostileMachineCode, HasRoomForWhatItCalls) {
  World world("baseline");
  if (world.engine == nullptr) GTEST_SKIP() << "no compiler for this processor";
  ByteString end = {0x0B}, empty = {2, 0, 0x0B}, give = {0}, all = number(kValues);
  for (uint32_t i = 0; i < kValues; ++i) {
    all.push_back(0x7E);
    give.insert(give.end(), {0x42, 1});
  }
  ByteString types = ByteString{3, 0x60, 0, 0, 0x60, 0} + all + ByteString{0x60} + all + number(0);
  for (uint32_t callees : {3000u, 6000u}) {
    for (size_t pairs : {30, 31, 32, 33}) {
      SCOPED_TRACE(std::to_string(callees) + " " + std::to_string(pairs));
      // 0 gives, 1 takes, 2 does both often; then those that are called, who calls, and "run".
      ByteString caller = {0};
      for (uint32_t i = 0; i < callees; ++i) caller = caller + ByteString{0x10} + number(3 + i);
      uint32_t count = callees + 5, run = count - 1;
      ByteString module = {0, 'a', 's', 'm', 1, 0, 0, 0};
      module = module + section(1, types);
      module = module + section(3, number(count) + ByteString{1, 2} + ByteString{0} * (count - 2));
      module = module + section(7, ByteString{1, 3, 'r', 'u', 'n', 0} + number(run));
      module = module +
               section(10, number(count) + sized(give + end) + empty +
                               sized(ByteString{0} + ByteString{0x10, 0, 0x10, 1} * pairs + end) +
                               empty * callees + sized(caller + end) +
                               sized(ByteString{0, 0x10, 2, 0x10} + number(run - 1) + end));
      auto loaded = world.load(module);
      ASSERT_TRUE(loaded) << loaded.error().to_string();
      EXPECT_EQ(Guest(world, *loaded, {}).run(), "returned");
    }
  }
}

// ---- traps

// Each frame of a backtrace stands at another place of one large function.
TEST(HostileBacktrace, IsRightInEachTier) {
  constexpr uint8_t kDepth = 60;
  ByteString body =
      ByteString{0, 0x41, 0, 0x04, 0x40} + ByteString{0x41, 1, 0x1A} * 2'000'000 + ByteString{0x0B};
  std::vector<uint64_t> sites;
  for (uint8_t i = 0; i < kDepth; ++i) {
    uint8_t next = i + 1;
    body = body + ByteString{0x20, 0, 0x41, i, 0x46, 0x04, 0x40, 0x41, next};
    sites.push_back(body.size());
    body = body + ByteString{0x10, 0, 0x0B};
  }
  sites.push_back(body.size());
  body = body + ByteString{0x00, 0x0B};
  ByteString module = ByteString{0, 'a', 's', 'm', 1, 0, 0, 0} + section(1, {1, 0x60, 1, 0x7F, 0}) +
                      section(3, {1, 0}) + section(7, ByteString{1, 3, 'r', 'u', 'n', 0, 0}) +
                      section(10, ByteString{1} + sized(body));
  uint64_t start = module.size() - body.size();
  for (const char* tier : {"interp", "baseline"}) {
    World world(tier);
    if (world.engine == nullptr) continue;
    auto loaded = world.load(module);
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    Guest guest(world, *loaded, {});
    abi::Value zero{};
    auto done = runtime::call(*guest.store, guest.instance->export_at(0), {&zero, 1}, {});
    ASSERT_FALSE(done);
    const std::vector<abi::Frame>& frames = done.error().trap().frames;
    ASSERT_EQ(frames.size(), sites.size());
    for (size_t i = 0; i < sites.size(); ++i)
      EXPECT_EQ(frames[i].offset, start + sites[sites.size() - 1 - i]) << tier << " " << i;
  }
}

// ---- validation

// What checking a body costs besides reading it, for each of its bytes.
TEST(HostileBodies, AreCheckedInProportionToBytes) {
  wasm::TypeRegistry types;
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.name);
    ByteString bytes = module_of(shape, 500'000);
    wasm::Features features;
    auto module = wasm::decode(bytes, features);
    ASSERT_TRUE(module);
    auto info = wasm::validate_module(*module, features, types, {.bodies = false});
    ASSERT_TRUE(info);
    wasm::FunctionValidator validator(info->context());
    ASSERT_TRUE(wasm::check_body(info->context(), validator, kSubject));
    EXPECT_LT(validator.work() / module->body_of(kSubject).size(), 64u);
  }
}

// Structures have up to 10 000 fields, and an instruction of three bytes makes one.
TEST(HostileBodies, OfLargeStructuresAreCheckedInTime) {
  constexpr uint32_t kFields = 10'000;
  ByteString types =
      ByteString{2, 0x60, 0, 0, 0x5F} + number(kFields) + ByteString{0x7E, 0} * kFields;
  World world("interp");
  for (const ByteString& body : {ByteString{0xFB, 1, 1, 0x1A} * (kLarge / 4),
                                 ByteString{0x00} + ByteString{0xFB, 0, 1, 0x1A} * (kLarge / 4)}) {
    ByteString module = ByteString{0, 'a', 's', 'm', 1, 0, 0, 0} + section(1, types) +
                        section(3, {1, 0}) +
                        section(10, ByteString{1} + sized(ByteString{0} + body + ByteString{0x0B}));
    auto begin = Clock::now();
    auto loaded = world.load(module);
    EXPECT_TRUE(loaded) << loaded.error().to_string();
    EXPECT_LT(Clock::now() - begin, kGenerous);
  }
}

// References to a subtype where a supertype is wanted are compared one by one: so many that no
// program has are refused, by name.
TEST(HostileBodies, OfEndlessComparisonsAreRefused) {
  auto list = [](uint32_t count, uint8_t type) {
    ByteString types = number(count);
    for (uint32_t i = 0; i < count; ++i) types = types + ByteString{0x64, type};
    return types;
  };
  ByteString structs = {0x50, 0, 0x5F, 0, 0x4F, 1, 0, 0x5F, 0};  // 0: open; 1: below it
  ByteString types = number(5) + structs + ByteString{0x60, 0} + list(kValues, 1) +
                     ByteString{0x60} + list(kValues, 0) + ByteString{0, 0x60, 0, 0};
  auto module_of_calls = [&](size_t calls) {
    ByteString module =
        ByteString{0, 'a', 's', 'm', 1, 0, 0, 0} + section(1, types) + section(3, {3, 2, 3, 4});
    ByteString subject = ByteString{0} + ByteString{0x10, 0, 0x10, 1} * calls + ByteString{0x0B};
    return module +
           section(10, number(3) + sized({0, 0, 0x0B}) + sized({0, 0x0B}) + sized(subject));
  };
  World world("interp");
  auto few = world.load(module_of_calls(1'000));
  EXPECT_TRUE(few) << few.error().to_string();
  auto many = world.load(module_of_calls(1'000'000));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), ErrorCode::limit);
  EXPECT_NE(many.error().to_string().find("too many operands"), std::string::npos)
      << many.error().to_string();
}

}  // namespace
}  // namespace nacre::api
