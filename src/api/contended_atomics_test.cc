// Two threads of a guest change the same numbers in a shared memory, in each tier: nothing is lost.
#include <gtest/gtest.h>

#include <string>

#include "api/wast_runner.h"
#include "baseline/tier.h"
#include "interp/tier.h"
#include "wasm/text/script.h"

namespace nacre::api {
namespace {

// A thread has a bit of its own in the numbers at 20 and 24; locks at 32 and 48 keep the counters
// behind them. The result: how often the own bit was lost.
constexpr const char* kModule = R"(
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (param $bit i32) (param $times i32) (result i32) (local $lost i32)
      ;; Both begin at once.
      (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
      loop $alone
        (br_if $alone (i32.ne (i32.atomic.load (i32.const 64)) (i32.const 2)))
      end
      loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 3)))
        (drop (i64.atomic.rmw16.add_u (i32.const 8) (i64.const 5)))
        (drop (i32.atomic.rmw.sub (i32.const 16) (i32.const 2)))
        (drop (i32.atomic.rmw8.xor_u (i32.const 20) (local.get $bit)))
        (drop (i32.atomic.rmw.or (i32.const 24) (local.get $bit)))
        (if (i32.eqz (i32.and (local.get $bit)
              (i32.atomic.rmw.and (i32.const 24) (i32.xor (local.get $bit) (i32.const -1)))))
          (then (local.set $lost (i32.add (local.get $lost) (i32.const 1)))))
        loop $taken
          (br_if $taken (i32.atomic.rmw.cmpxchg (i32.const 32) (i32.const 0) (i32.const 1)))
        end
        (i32.store (i32.const 36) (i32.add (i32.load (i32.const 36)) (i32.const 1)))
        (i32.atomic.store (i32.const 32) (i32.const 0))
        loop $taken
          (br_if $taken (i32.atomic.rmw8.xchg_u (i32.const 48) (i32.const 1)))
        end
        (i32.store (i32.const 52) (i32.add (i32.load (i32.const 52)) (i32.const 1)))
        (i32.atomic.store8 (i32.const 48) (i32.const 0))
        (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1))))
      end
      local.get $lost)))";

constexpr const char* kSums = R"(
(wait $T1)
(wait $T2)
(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
(assert_return (invoke "at" (i32.const 0)) (i32.const 2400006))
(assert_return (invoke "at" (i32.const 8)) (i32.const 2314))  ;; modulo 2^16
(assert_return (invoke "at" (i32.const 16)) (i32.const -1600004))
(assert_return (invoke "at" (i32.const 20)) (i32.const 3))
(assert_return (invoke "at" (i32.const 24)) (i32.const 0))
(assert_return (invoke "at" (i32.const 36)) (i32.const 800002))
(assert_return (invoke "at" (i32.const 52)) (i32.const 800002))
)";

std::string thread(const std::string& name, const std::string& bit) {
  return "(thread " + name + " (shared (module $Mem))" + kModule +
         "\n(assert_return (invoke \"run\" (i32.const " + bit +
         ") (i32.const 400001)) (i32.const 0)))\n";
}

void run_two_threads(std::unique_ptr<abi::Executor> tier) {
  std::string script = "(module $Mem (memory (export \"shared\") 1 1 shared))\n";
  script += "(register \"mem\" $Mem)\n" + thread("$T1", "1") + thread("$T2", "2") + kSums;
  auto commands = wasm::parse_script(script);
  ASSERT_TRUE(commands) << commands.error().to_string();
  runtime::EngineOptions options;
  options.features = wasm::Features::all_built();
  auto engine = runtime::Engine::create(std::move(tier), options);
  ASSERT_TRUE(engine) << engine.error().to_string();
  ScriptLog log([](uint32_t line, const std::string& message, bool) {
    ADD_FAILURE() << "line " << line << ": " << message;
  });
  ScriptRunner::create(*engine, log).value()->run(*commands);
  EXPECT_EQ(log.counts().passed, 9u);
  EXPECT_EQ(log.counts().skipped, 0u);
}

TEST(ContendedAtomics, InTheInterpreter) { run_two_threads(interp::make_tier()); }

TEST(ContendedAtomics, InTheCompiler) {
  auto tier = baseline::make_tier();
  if (!tier) GTEST_SKIP() << tier.error().to_string();
  run_two_threads(std::move(*tier));
}

}  // namespace
}  // namespace nacre::api
