// Proves that a guest which never ends is stopped (invariants.md: guests-stop).

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api/handles.h"
#include "runtime/func.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

constexpr std::string_view kSpin = "(module (func (export \"spin\") (loop (br 0))))";
constexpr uint64_t kLimitNs = 10'000'000;
constexpr auto kPatience = std::chrono::seconds(10);

// Shared with the thread that spins, which may go on for ever.
struct Spinner {
  std::unique_ptr<runtime::Store> store;
  runtime::Instance* instance = nullptr;
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  std::string complaint;  // empty: it was stopped as it should be
};

Result<std::shared_ptr<Spinner>> make_spinner(const std::shared_ptr<runtime::Engine>& engine) {
  auto binary = TRY(wasm::text_to_binary(kSpin, engine->features()));
  auto module = TRY(runtime::Module::create(engine, std::move(binary)));
  auto spinner = std::make_shared<Spinner>();
  runtime::StoreOptions options;
  options.limits.push_back({abi::TrapKind::time_limit, kLimitNs, "10 ms (the self-test)"});
  spinner->store = TRY(runtime::Store::create(engine, std::move(options)));
  auto instance = runtime::instantiate(*spinner->store, std::move(module), {});
  if (!instance) return fail(ErrorCode::internal, instance.error().to_string());
  spinner->instance = *instance;
  return spinner;
}

void spin(Spinner& spinner) {
  auto done = runtime::call(*spinner.store, *spinner.instance->find_export("spin"), {}, {});
  std::lock_guard lock(spinner.mutex);
  bool stopped =
      !done && done.error().is_trap() && done.error().trap().kind == abi::TrapKind::time_limit;
  if (!stopped) spinner.complaint = done ? "it returned" : done.error().to_string();
  spinner.done = true;
  spinner.ended.notify_one();
}

Result<void> self_test(const std::shared_ptr<runtime::Engine>& engine) {
  auto spinner = TRY(make_spinner(engine));
  auto* handed_over = new std::shared_ptr<Spinner>(spinner);
  auto run = [](void* data) -> void* {
    std::unique_ptr<std::shared_ptr<Spinner>> own(static_cast<std::shared_ptr<Spinner>*>(data));
    spin(**own);
    return nullptr;
  };
  pthread_t thread;
  if (::pthread_create(&thread, nullptr, run, handed_over) != 0) {
    delete handed_over;
    return fail(ErrorCode::internal, "cannot start a thread for the self-test");
  }
  ::pthread_detach(thread);
  std::unique_lock lock(spinner->mutex);
  if (!spinner->ended.wait_for(lock, kPatience, [&] { return spinner->done; }))
    return fail(ErrorCode::internal, "a guest ran on for 10 s after its time of 10 ms was over");
  if (spinner->complaint.empty()) return {};
  return fail(
      ErrorCode::internal,
      "a guest that never ends was not stopped by its limit of time: " + spinner->complaint);
}

}  // namespace
}  // namespace nacre::api

nacre_error_t* nacre_engine_self_test(nacre_engine_t* engine) {
  API_TRY(nacre::api::self_test(engine->engine));
  return nullptr;
}
