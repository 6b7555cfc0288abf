#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <memory>
#include <utility>

#include "api/handles.h"
#include "measures.h"
#include "os/file_contents.h"
#include "runtime/engine.h"
#include "runtime/module.h"
#include "wasm/limits.h"

namespace nacre::bench {
namespace {

using Validate = runtime::ModuleOptions::Validate;

// Of processor time, which says the same on a busy machine.
double seconds_since(std::clock_t begin) {
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

Result<std::shared_ptr<runtime::Engine>> one_thread_engine(const std::string& tier) {
  runtime::EngineOptions options;
  options.validation_threads = 1;
  return runtime::Engine::create(TRY(api::make_tier(tier)), options);
}

// From bytes to a module of the engine.
Result<runtime::ModulePtr> load(const std::shared_ptr<runtime::Engine>& engine,
                                const std::shared_ptr<const os::FileContents>& file,
                                Validate when) {
  return runtime::Module::create(engine, file->bytes(), file, {.validate = when});
}

}  // namespace

Result<void> measure_compile(const std::string& tier, const std::string& path) {
  auto engine = TRY(one_thread_engine(tier));
  auto file = TRY(os::FileContents::read(path, wasm::kMaxModuleBytes));
  std::clock_t begin = std::clock();
  // Bodies are validated where they are compiled, not once before.
  runtime::ModulePtr module = TRY(load(engine, file, Validate::lazy));
  uint64_t bytes = TRY(module->code().compile_all());
  std::printf("{\"seconds\": %.6f, \"machine_code_bytes\": %" PRIu64 "}\n", seconds_since(begin),
              bytes);
  return {};
}

Result<void> measure_validate(const std::string& tier, const std::string& path) {
  auto engine = TRY(one_thread_engine(tier));
  auto file = TRY(os::FileContents::read(path, wasm::kMaxModuleBytes));
  std::clock_t begin = std::clock();
  runtime::ModulePtr module = TRY(load(engine, file, Validate::eager));
  std::printf("{\"seconds\": %.6f}\n", seconds_since(begin));
  return {};
}

}  // namespace nacre::bench
