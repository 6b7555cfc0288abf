// How long after its time is over a guest has stopped: quantiles of many runs, for each tier and
// way of going on. Not a test: machines are busy.
//
//   ninja -C build limits_bench && build/limits_bench [RUNS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "nacre/nacre.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Guest {
  const char* name;
  std::string_view wat;
};

constexpr Guest kGuests[] = {
    {"empty loop", R"((module (func (export "run") (loop (br 0)))))"},
    {"tail calls", R"((module (func $a (return_call $b)) (func $b (return_call $a))
      (func (export "run") (return_call $a))))"},
    {"calls of the host", R"((module
      (import "wasi_snapshot_preview1" "clock_res_get" (func $f (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "run") (loop (drop (call $f (i32.const 1) (i32.const 8))) (br 0)))))"},
    {"memory.grow", R"((module (memory 1)
      (func (export "run") (loop (drop (memory.grow (i32.const 0))) (br 0)))))"},
    {"memory.fill of 1 GiB", R"((module (memory 16384) (func (export "run")
      (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x40000000)) (br 0)))))"},
    {"atomic wait", R"((module (memory 1 1 shared) (func (export "run")
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))))"},
};

void need(nacre_error_t* error) {
  if (error == nullptr) return;
  std::fprintf(stderr, "%s\n", nacre_error_message(error));
  std::exit(1);
}

// Milliseconds beyond the limit of one run.
double run(nacre_engine_t* engine, nacre_module_t* module) {
  constexpr int kLimitMs = 20;
  nacre_grants_t* grants = nacre_grants_new();
  need(nacre_grants_add(grants, "time", (std::to_string(kLimitMs) + "ms").c_str()));
  nacre_store_t* store = nullptr;
  need(nacre_store_new(engine, grants, &store));
  nacre_instance_t* instance = nullptr;
  need(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance));
  Clock::time_point begin = Clock::now();
  nacre_error_t* error = nacre_instance_call(instance, "run", nullptr, 0, nullptr, 0);
  std::chrono::duration<double, std::milli> took = Clock::now() - begin;
  if (error == nullptr || std::string_view(nacre_error_limit(error)) != "time") std::abort();
  nacre_error_delete(error);
  nacre_store_delete(store);
  return took.count() - kLimitMs;
}

}  // namespace

int main(int argc, char** argv) {
  int runs = argc > 1 ? std::atoi(argv[1]) : 100;
  std::printf("%-10s %-22s %8s %8s %8s %8s\n", "tier", "guest", "median", "90 %", "99 %", "most");
  for (const char* tier : {"baseline", "interp"}) {
    nacre_config_t* config = nacre_config_new();
    need(nacre_config_set_tier(config, tier));
    nacre_engine_t* engine = nullptr;
    need(nacre_engine_new(config, &engine));
    for (const Guest& guest : kGuests) {
      nacre_module_t* module = nullptr;
      need(nacre_module_new(engine, guest.wat.data(), guest.wat.size(), &module));
      std::vector<double> late;
      for (int i = 0; i < runs; ++i) late.push_back(run(engine, module));
      std::sort(late.begin(), late.end());
      auto at = [&](double part) {
        return late[std::min(late.size() - 1,
                             static_cast<size_t>(part * static_cast<double>(runs)))];
      };
      std::printf("%-10s %-22s %8.3f %8.3f %8.3f %8.3f  ms\n", tier, guest.name, at(0.5), at(0.9),
                  at(0.99), late.back());
      nacre_module_delete(module);
    }
    nacre_engine_delete(engine);
  }
  return 0;
}
