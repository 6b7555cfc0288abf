// Preview1: poll_oneoff.
//
// All subscriptions are copied in first. Those that can be answered at once (errors, regular files,
// objects in memory, deadlines in the past) are; if there are any, descriptors are only looked at,
// never waited for. Otherwise the call waits, or parks, until the first descriptor or the earliest
// deadline and reports everything that is due then, in the order of the subscriptions.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

constexpr uint8_t kClock = 0;
constexpr uint8_t kFdRead = 1;
constexpr uint8_t kFdWrite = 2;
constexpr uint16_t kAbsoluteTime = 1;
constexpr uint16_t kHangup = 1;
constexpr size_t kEventBytes = 32;
// How long to sleep between looks at objects that no descriptor stands for (as host/operation.cc).
constexpr uint64_t kLookAgain = 5'000'000;
// Reported as writable room where the kernel only says "ready".
constexpr uint64_t kSomeRoom = 4096;

uint64_t saturating_add(uint64_t a, uint64_t b) { return checked_add(a, b).value_or(UINT64_MAX); }

}  // namespace

struct Preview1::Subscription {
  uint64_t userdata = 0;
  uint8_t type = 0;
  // type clock
  uint32_t clock_id = 0;
  uint64_t timeout = 0;
  uint16_t clock_flags = 0;
  // types fd_read and fd_write
  Fd fd = 0;

  // The record of preview 1 (48 bytes), or of preview 0 (56: a clock has an identifier of its own
  // in front of the others).
  static std::optional<Subscription> read(const GuestMemory& memory, uint64_t at, bool unstable) {
    std::array<uint8_t, 56> record;
    if (!memory.copy_in(at, MutableBytes(record).subspan(0, size(unstable)))) return std::nullopt;
    Subscription result;
    result.userdata = load_le<uint64_t>(record.data());
    result.type = record[8];
    result.fd = load_le<uint32_t>(record.data() + 16);
    const uint8_t* clock = record.data() + (unstable ? 24 : 16);
    result.clock_id = load_le<uint32_t>(clock);
    result.timeout = load_le<uint64_t>(clock + 8);
    result.clock_flags = load_le<uint16_t>(clock + 24);
    return result;
  }
  static uint32_t size(bool unstable) { return unstable ? 56 : 48; }
};

struct Preview1::Event {
  uint64_t userdata = 0;
  Errno error = Errno::success;
  uint8_t type = 0;
  uint64_t bytes = 0;
  uint16_t flags = 0;

  bool write(const GuestMemory& memory, uint64_t at) const {
    std::array<uint8_t, kEventBytes> record{};
    store_le<uint64_t>(record.data(), userdata);
    store_le<uint16_t>(record.data() + 8, static_cast<uint16_t>(error));
    record[10] = type;
    store_le<uint64_t>(record.data() + 16, bytes);
    store_le<uint16_t>(record.data() + 24, flags);
    return memory.copy_out(at, record);
  }
};

// One entry per subscription that is still open, beside the events so far.
struct Preview1::PollState {
  struct Deadline {
    size_t index;  // of the subscription
    uint64_t monotonic;
  };
  struct Watched {
    size_t index;
    host::Handle* handle;
    bool writing;
    size_t item;  // in items, or kNoItem for objects that only readiness() knows
  };
  static constexpr size_t kNoItem = std::numeric_limits<size_t>::max();

  std::vector<Subscription> subscriptions;
  std::vector<std::optional<Event>> events;  // by subscription
  size_t event_count = 0;
  std::vector<Deadline> deadlines;
  std::vector<Watched> watched;
  std::vector<os::PollItem> items;
  std::vector<host::Interest> interests;  // once it parks: what keeps the handles of `watched`

  std::optional<uint64_t> earliest() const {
    auto first = std::ranges::min_element(deadlines, {}, &Deadline::monotonic);
    if (first == deadlines.end()) return std::nullopt;
    return first->monotonic;
  }
  void report(size_t index, Errno error, uint64_t bytes = 0, bool hangup = false) {
    if (events[index]) return;
    const Subscription& subscription = subscriptions[index];
    events[index] = Event{subscription.userdata, error, subscription.type, bytes,
                          hangup ? kHangup : uint16_t{0}};
    ++event_count;
  }
  size_t index_of(const Subscription& subscription) const {
    return static_cast<size_t>(&subscription - subscriptions.data());
  }
};

struct Preview1::ParkedPoll final : ParkedCall {
  static constexpr Kind kKind = Kind::poll;
  ParkedPoll(std::unique_ptr<host::Operation> operation, PollState its)
      : ParkedCall(kKind, std::move(operation)), state(std::move(its)) {}
  PollState state;
};

void Preview1::subscribe_clock(PollState& state, const Subscription& subscription) {
  size_t index = state.index_of(subscription);
  if (!world_->clock()) return state.report(index, Errno::notcapable);
  if ((subscription.clock_flags & ~kAbsoluteTime) != 0) return state.report(index, Errno::inval);
  // Time on a processor does not pass while the guest waits.
  if (subscription.clock_id > static_cast<uint32_t>(host::ClockKind::thread_cputime)) {
    return state.report(index, Errno::inval);
  }
  if (subscription.clock_id > static_cast<uint32_t>(host::ClockKind::monotonic)) {
    return state.report(index, Errno::notsup);
  }
  auto kind = static_cast<host::ClockKind>(subscription.clock_id);
  uint64_t left = subscription.timeout;
  bool is_absolute = (subscription.clock_flags & kAbsoluteTime) != 0;
  if (is_absolute) {
    auto now = world_->clock()->now(kind);
    if (!now) return state.report(index, from_host(now.error()));
    left = subscription.timeout > *now ? subscription.timeout - *now : 0;
  }
  auto monotonic = world_->clock()->now(host::ClockKind::monotonic);
  if (!monotonic) return state.report(index, from_host(monotonic.error()));
  if (left == 0) return state.report(index, Errno::success);
  // The very time that was named: others may wait for one shortly before or after it.
  bool is_exact = is_absolute && kind == host::ClockKind::monotonic;
  state.deadlines.push_back(
      {index, is_exact ? subscription.timeout : saturating_add(*monotonic, left)});
}

void Preview1::subscribe_descriptor(PollState& state, const Subscription& subscription) {
  size_t index = state.index_of(subscription);
  bool writing = subscription.type == kFdWrite;
  auto found = table_.get(subscription.fd, writing ? Operation::poll_write : Operation::poll_read);
  if (!found) return state.report(index, found.error());
  Descriptor& descriptor = **found;
  switch (descriptor.handle->kind()) {
    case host::HandleKind::dir:
      return state.report(index, Errno::isdir);
    case host::HandleKind::file: {
      auto stat = descriptor.handle->stat();
      uint64_t size = stat ? stat->size_bytes : 0;
      uint64_t left = size > descriptor.offset ? size - descriptor.offset : 0;
      return state.report(index, Errno::success, writing ? kSomeRoom : left);
    }
    default:
      break;
  }
  PollState::Watched watched{index, descriptor.handle.get(), writing, PollState::kNoItem};
  if (int fd = descriptor.handle->poll_fd(); fd >= 0) {
    watched.item = state.items.size();
    state.items.push_back({.fd = fd, .want_read = !writing, .want_write = writing});
  }
  state.watched.push_back(watched);
}

P1Result<bool> Preview1::wait_for_events(PollState& state) {
  std::optional<uint64_t> earliest = state.earliest();
  bool has_memory_objects =
      std::any_of(state.watched.begin(), state.watched.end(),
                  [](const auto& watched) { return watched.item == PollState::kNoItem; });
  // Without a clock of its own the guest still may wait for descriptors.
  std::shared_ptr<host::Clock> own;
  if (world_->clock() == nullptr) own = host::make_real_clock();
  host::Clock* clock = own != nullptr ? own.get() : world_->clock().get();
  // Where waiting takes no time, there is nothing to be done meanwhile.
  bool looks_once = parks() && !(earliest && clock->passes_by_waiting());
  for (;;) {
    for (const auto& watched : state.watched) {
      if (watched.item != PollState::kNoItem) continue;
      host::Readiness now = watched.handle->readiness(watched.writing);
      if (now.ready) state.report(watched.index, Errno::success, now.bytes, now.hangup);
    }
    uint64_t now = P1_TRY(clock->now(host::ClockKind::monotonic));
    std::optional<uint64_t> until = earliest;
    if (state.event_count != 0) {
      until = 0;
    } else if (has_memory_objects) {
      until = std::min(earliest.value_or(UINT64_MAX), saturating_add(now, kLookAgain));
    }
    P1_TRY(looks_once ? host::from_sys(os::poll_until(state.items, 0))
                      : clock->wait(state.items, until));
    for (const auto& watched : state.watched) {
      if (watched.item == PollState::kNoItem || !state.items[watched.item].ready) continue;
      const os::PollItem& item = state.items[watched.item];
      uint64_t bytes = watched.writing ? kSomeRoom : os::bytes_readable(item.fd);
      state.report(watched.index, item.invalid ? Errno::badf : Errno::success, bytes, item.hangup);
    }
    now = P1_TRY(clock->now(host::ClockKind::monotonic));
    for (const auto& deadline : state.deadlines) {
      if (deadline.monotonic <= now) state.report(deadline.index, Errno::success);
    }
    if (state.event_count != 0) return true;
    if (looks_once) return false;
  }
}

void Preview1::park_poll(PollState state) {
  bool is_first_time = state.interests.empty();
  for (const auto& watched : state.watched) {
    if (!is_first_time) break;
    const Descriptor* descriptor = table_.peek(state.subscriptions[watched.index].fd);
    state.interests.push_back({descriptor->handle, watched.writing});
  }
  auto operation = host::until_ready(state.interests, state.earliest());
  park(std::make_unique<ParkedPoll>(std::move(operation), std::move(state)));
}

[[gnu::always_inline]] inline P1Result<void> Preview1::subscribe(PollState& state,
                                                                 GuestMemory& memory, Ptr in,
                                                                 Size nsubscriptions,
                                                                 bool unstable) {
  for (uint64_t i = 0; i < nsubscriptions; ++i) {
    auto subscription = Subscription::read(memory, in + i * Subscription::size(unstable), unstable);
    P1_FAULT_UNLESS(subscription);
    state.subscriptions.push_back(*subscription);
  }
  state.events.resize(nsubscriptions);
  for (const Subscription& subscription : state.subscriptions) {
    switch (subscription.type) {
      case kClock:
        subscribe_clock(state, subscription);
        break;
      case kFdRead:
      case kFdWrite:
        subscribe_descriptor(state, subscription);
        break;
      default:
        return std::unexpected(Errno::inval);
    }
  }
  return {};
}

Errno Preview1::poll(GuestMemory& memory, Ptr in, Ptr out, Size nsubscriptions, Ptr nevents_out,
                     bool unstable) {
  if (nsubscriptions == 0) return Errno::inval;
  if (nsubscriptions > world_->limits().max_subscriptions) return Errno::inval;
  P1_FAULT_UNLESS(memory.contains(out, uint64_t{nsubscriptions} * kEventBytes));
  P1_FAULT_UNLESS(memory.contains(nevents_out, 4));
  PollState state;
  if (auto ended = take_ended<ParkedPoll>()) {
    state = std::move(ended->state);
  } else {
    P1_TRY(subscribe(state, memory, in, nsubscriptions, unstable));
  }
  if (!P1_TRY(wait_for_events(state))) {
    park_poll(std::move(state));
    return Errno::again;
  }
  uint32_t count = 0;
  for (const std::optional<Event>& event : state.events) {
    if (!event) continue;
    P1_FAULT_UNLESS(event->write(memory, out + uint64_t{count} * kEventBytes));
    ++count;
  }
  P1_FAULT_UNLESS(memory.write<uint32_t>(nevents_out, count));
  return Errno::success;
}

Errno Preview1::poll_oneoff(GuestMemory& memory, Ptr in, Ptr out, Size nsubscriptions,
                            Ptr nevents_out) {
  return poll(memory, in, out, nsubscriptions, nevents_out, false);
}

Errno Preview1::unstable_poll_oneoff(GuestMemory& memory, Ptr in, Ptr out, Size nsubscriptions,
                                     Ptr nevents_out) {
  return poll(memory, in, out, nsubscriptions, nevents_out, true);
}

}  // namespace nacre::wasi::p1
