// Calls that do not keep their thread waiting, in C.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/error.h"
#include "api/handles.h"
#include "api/values.h"
#include "wasi/async_call.h"

namespace api = nacre::api;
namespace abi = nacre::abi;
namespace os = nacre::os;
namespace wasi = nacre::wasi;

struct nacre_call {
  nacre_call(nacre_instance& its_instance, const nacre_func& its_func)
      : instance(its_instance), func(its_func) {}

  nacre_instance& instance;
  const nacre_func& func;
  std::unique_ptr<wasi::AsyncCall> call;
};

namespace {

// Threads of a store, for files and the like.
constexpr size_t kMaxWorkers = 4;

nacre::Result<void> make_waits(nacre_store& store) {
  if (store.waits) return {};
  auto loop = os::EventLoop::create();
  if (!loop) {
    return nacre::fail(
        nacre::ErrorCode::io,
        "cannot make an event loop: " +
            std::string(nacre::host::errno_text(nacre::host::from_native(loop.error()))));
  }
  store.waits = std::make_unique<api::Waits>(std::move(*loop),
                                             std::make_shared<os::WorkerThreads>(kMaxWorkers));
  return {};
}

}  // namespace

nacre_error_t* nacre_call_start(nacre_instance_t* instance, const char* name,
                                const nacre_val_t* args, size_t arg_count, nacre_call_done_t done,
                                void* data, nacre_call_t** out) {
  nacre_store* store = instance->store;
  if (store == nullptr)
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: this instance comes from a pool");
  const nacre_func& func = *API_TRY(api::get_func(*instance, name));
  if (auto* error = api::check_arguments(func, args, arg_count, func.results.size())) return error;
  api::Room<abi::Value> values(arg_count);
  for (size_t i = 0; i < arg_count; ++i) values[i] = api::to_value(args[i]);
  API_TRY(make_waits(*store));
  const std::unique_ptr<api::GuestRights>& of_program = store->rights;
  api::GuestRights* rights = instance->rights != nullptr ? instance->rights : of_program.get();
  if (rights != nullptr) rights->guest.preview1().set_workers(store->waits->workers);
  auto handle = std::make_unique<nacre_call>(*instance, func);
  auto call = wasi::AsyncCall::start(
      *store->waits->loop, *store->store, *instance->instance->find_export(func.name),
      {values.data(), arg_count}, [done, data, its = handle.get()] { done(data, its); });
  if (!call) return api::make_error(call.error());
  handle->call = std::move(*call);
  *out = handle.release();
  return nullptr;
}

bool nacre_call_is_over(const nacre_call_t* call) { return call->call->is_over(); }

nacre_error_t* nacre_call_results(nacre_call_t* call, nacre_val_t* results, size_t result_count) {
  if (!call->call->is_over())
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: the call is not over");
  if (auto outcome = call->call->take_outcome(); !outcome)
    return api::ended(call->instance, outcome.error());
  const std::vector<nacre_val_kind_t>& kinds = call->func.results;
  if (result_count != kinds.size())
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: \"" + call->func.name + "\" returns " +
                                                  std::to_string(kinds.size()) + " values");
  for (size_t i = 0; i < result_count; ++i)
    results[i] = api::from_value(call->call->results()[i], kinds[i]);
  return nullptr;
}

void nacre_call_cancel(nacre_call_t* call) { delete call; }

size_t nacre_store_run_ready(nacre_store_t* store) {
  if (!store->waits || store->store->running()) return 0;
  return store->waits->loop->run_ready();
}

int nacre_store_fd(const nacre_store_t* store) {
  return store->waits ? store->waits->loop->fd() : -1;
}

bool nacre_store_next_deadline(const nacre_store_t* store, uint64_t* nanoseconds) {
  auto deadline = store->waits ? store->waits->loop->next_deadline() : std::nullopt;
  if (deadline) *nanoseconds = *deadline;
  return deadline.has_value();
}
