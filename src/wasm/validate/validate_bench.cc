// Validation speed on real modules: validate_bench FILE.wasm...
//
// For each file: MB of code a second, best of seven, of validate_module on one thread, on all
// threads, and of build_side_table over all bodies.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "wasm/binary/decoder.h"
#include "wasm/validate/validate.h"

namespace {

using namespace nacre;
using namespace nacre::wasm;

constexpr int kRuns = 7;

double seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// On one thread its CPU time counts, so that a busy machine does not.
template <class Function>
double best_seconds(clockid_t clock, Function function) {
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    double start = seconds(clock);
    function();
    best = std::min(best, seconds(clock) - start);
  }
  return best;
}

[[noreturn]] void stop(const Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  std::exit(1);
}

void measure(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  Result<Module> module = decode(std::move(bytes), Features());
  if (!module) stop(module.error());
  double code = 0;
  for (Bytes body : module->bodies) code += static_cast<double>(body.size());
  TypeRegistry registry;
  auto validate = [&](uint32_t threads) {
    Result<ValidModuleInfo> info =
        validate_module(*module, Features(), registry, {.threads = threads});
    if (!info) stop(info.error());
    return std::move(*info);
  };
  double one = best_seconds(CLOCK_THREAD_CPUTIME_ID, [&] { validate(1); });
  double all = best_seconds(CLOCK_MONOTONIC, [&] { validate(0); });
  ValidModuleInfo info = validate(0);
  SideTable table;
  size_t entries = 0;
  double tables = best_seconds(CLOCK_THREAD_CPUTIME_ID, [&] {
    entries = 0;
    for (uint32_t i = 0; i < module->defined_functions(); ++i) {
      Result<FunctionShape> shape = build_side_table(info, module->imported_functions + i, table);
      if (!shape) stop(shape.error());
      entries += table.branches.size();
    }
  });
  std::printf("%-40s %6.2f MB code %7.1f MB/s one thread %7.1f all threads %7.1f side tables\n",
              path, code / 1e6, code / 1e6 / one, code / 1e6 / all, code / 1e6 / tables);
  std::printf("%-40s %zu entries, %.2f bytes of table a byte of code\n", "", entries,
              static_cast<double>(entries) * sizeof(BranchEntry) / code);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) measure(argv[i]);
}
