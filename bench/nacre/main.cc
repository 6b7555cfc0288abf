// nacre_bench compile|validate|embed --tier=NAME FILE: one measurement in a process of its own, so
// that nothing is warm that would be cold for a user. Prints JSON. Exit 0; 1 if it failed; 2 for
// wrong use; 3 if the tier is not built or does not do such a thing.
#include <cstdio>
#include <string>
#include <string_view>

#include "measures.h"

namespace {

int usage() {
  std::fputs("usage: nacre_bench compile|validate|embed --tier=NAME FILE\n", stderr);
  return 2;
}

using Measure = nacre::Result<void> (*)(const std::string& tier, const std::string& file);

Measure measure_of(std::string_view name) {
  if (name == "compile") return nacre::bench::measure_compile;
  if (name == "validate") return nacre::bench::measure_validate;
  if (name == "embed") return nacre::bench::measure_embedding;
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view kTier = "--tier=";
  if (argc != 4 || !std::string_view(argv[2]).starts_with(kTier)) return usage();
  Measure measure = measure_of(argv[1]);
  if (measure == nullptr) return usage();
  nacre::Result<void> done = measure(argv[2] + kTier.size(), argv[3]);
  if (done) return 0;
  std::fprintf(stderr, "error: %s: %s\n", argv[3], done.error().to_string().c_str());
  return done.error().code() == nacre::ErrorCode::unsupported ? 3 : 1;
}
