#include "wasm/validate/bodies.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "wasm/validate/body.h"

namespace nacre::wasm {
namespace {

constexpr size_t kBytesPerThread = 128 * 1024;  // below, starting a thread costs more than it gives
constexpr size_t kChunkBytes = 32 * 1024;
constexpr uint32_t kMaxThreads = 64;

struct Chunk {
  uint32_t begin;
  uint32_t end;  // function indices
};

// Chunks are taken in order, so when a chunk fails all chunks before it are being worked on: the
// error that is left at the end is the one of the lowest function.
class Work {
 public:
  explicit Work(const ModuleContext& context) : context_(context) {
    uint32_t first = context.module().imported_functions;
    uint32_t end = first + context.module().defined_functions();
    while (first < end) {
      size_t bytes = 0;
      uint32_t last = first;
      while (last < end && bytes < kChunkBytes) bytes += context.module().body_of(last++).size();
      chunks_.push_back({first, last});
      bytes_ += bytes;
      first = last;
    }
  }

  size_t bytes() const { return bytes_; }
  size_t chunks() const { return chunks_.size(); }

  void run() {
    FunctionValidator validator(context_);
    for (;;) {
      size_t chunk = next_.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunks_.size() || chunk > failed_.load(std::memory_order_relaxed)) return;
      for (uint32_t i = chunks_[chunk].begin; i < chunks_[chunk].end; ++i) {
        Result<std::optional<NotRun>> checked = check_body(context_, validator, i);
        uint64_t work = validator.work() + work_.fetch_add(validator.work());
        if (checked && work > max_validation_work(bytes_)) {
          checked = fail(ErrorCode::limit,
                         "blocks, calls and branches of the functions have too many operands for "
                         "a module of its size");
        }
        if (!checked) {
          report(chunk, std::move(checked).error());
          break;
        }
        if (*checked) note(**checked);
      }
    }
  }

  Result<std::optional<NotRun>> result() && {
    if (error_) return std::unexpected(std::move(*error_));
    return not_run_;
  }

 private:
  void report(size_t chunk, Error error) {
    std::lock_guard lock(mutex_);
    if (chunk >= failed_.load(std::memory_order_relaxed)) return;
    failed_.store(chunk, std::memory_order_relaxed);
    error_.emplace(std::move(error));
  }

  void note(const NotRun& not_run) {
    std::lock_guard lock(mutex_);
    if (!not_run_ || not_run.function < not_run_->function) not_run_ = not_run;
  }

  const ModuleContext& context_;
  std::vector<Chunk> chunks_;
  size_t bytes_ = 0;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> failed_{SIZE_MAX};  // the lowest chunk with an error
  std::atomic<uint64_t> work_{0};
  std::mutex mutex_;
  std::optional<NotRun> not_run_;
  std::optional<Error> error_;  // of that chunk
};

void* run_work(void* work) {
  static_cast<Work*>(work)->run();
  return nullptr;
}

}  // namespace

Result<std::optional<NotRun>> check_bodies(const ModuleContext& context, uint32_t threads) {
  Work work(context);
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  size_t useful = std::min({work.bytes() / kBytesPerThread, work.chunks(), size_t{kMaxThreads}});
  std::vector<pthread_t> helpers;
  // pthread_create, because std::thread answers a lack of threads with an exception.
  for (size_t i = 1; i < std::min<size_t>(threads, useful); ++i) {
    pthread_t helper;
    if (pthread_create(&helper, nullptr, run_work, &work) != 0) break;
    helpers.push_back(helper);
  }
  work.run();
  for (pthread_t helper : helpers) pthread_join(helper, nullptr);
  return std::move(work).result();
}

}  // namespace nacre::wasm
