// nacre_wast_run.

#include "nacre/wast.h"

#include "api/handles.h"
#include "api/wast_runner.h"
#include "os/file_contents.h"

namespace nacre::api {
namespace {

constexpr uint64_t kMaxScriptBytes = uint64_t{1} << 30;

}  // namespace
}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_wast_run(const char* path, nacre_config_t* config, nacre_wast_report_t report,
                              void* data, nacre_wast_counts_t* counts) {
  std::unique_ptr<nacre_config_t> owned(config != nullptr ? config : new nacre_config);
  auto engine = API_TRY(api::make_engine(*owned));
  auto file = API_TRY(os::FileContents::read(path, api::kMaxScriptBytes));
  auto commands = API_TRY(wasm::parse_script(as_text(file->bytes())));
  api::ScriptLog log([&](uint32_t line, const std::string& message, bool skipped) {
    if (report != nullptr) report(data, line, message.c_str(), skipped);
  });
  {
    auto runner = API_TRY(api::ScriptRunner::create(engine, log, owned->checks.stored_code));
    runner->run(commands);
  }
  api::ScriptCounts result = log.counts();
  counts->passed += result.passed;
  counts->failed += result.failed;
  counts->skipped += result.skipped;
  return nullptr;
}
