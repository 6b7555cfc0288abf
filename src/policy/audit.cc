#include "policy/audit.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/utf8.h"
#include "os/clock.h"
#include "os/private_file.h"
#include "policy/json.h"

namespace nacre::policy {
namespace {

// How long repeated calls are kept to be counted, in nanoseconds.
constexpr uint64_t kPatience = 1'000'000'000;
// How often the clock is looked at while calls repeat: each 0.1 to 26 milliseconds.
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 18;

uint64_t now() { return os::clock_now(os::ClockKind::realtime).value_or(0); }

}  // namespace

std::optional<int> Audit::descriptor_of(std::string_view target) {
  if (target == "-") return 2;
  int number = 0;
  auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), number);
  bool is_number = error == std::errc{} && end == target.data() + target.size() && number >= 0;
  return is_number ? std::optional(number) : std::nullopt;
}

Result<std::shared_ptr<Audit>> Audit::open(const std::string& target) {
  auto given = descriptor_of(target);
  auto fd = given ? os::duplicate(*given) : os::open_for_appending(target);
  if (!fd || !os::can_write(fd->get())) {
    return fail(ErrorCode::io, "cannot log to " + printable(target) + ": " +
                                   (fd ? "it is open for reading only" : strerror(fd.error())));
  }
  return std::shared_ptr<Audit>(new Audit(target, std::move(*fd)));
}

void Audit::begin(std::string_view event, uint64_t time) {
  auto second = static_cast<Seconds>(time / 1'000'000'000);
  if (second != second_) {
    second_ = second;
    second_text_ = time_text(second);
    second_text_.pop_back();
  }
  char digits[9];
  uint64_t rest = time % 1'000'000'000;
  for (size_t i = sizeof digits; i-- != 0; rest /= 10)
    digits[i] = static_cast<char>('0' + rest % 10);
  pending_ += "{\"time\":\"";
  pending_ += second_text_;
  pending_ += '.';
  pending_.append(digits, sizeof digits);
  pending_ += "Z\",\"event\":\"";
  pending_ += event;
  pending_ += '"';
}

void Audit::field(std::string_view name, std::string_view value) {
  pending_ += ",\"";
  pending_ += name;
  pending_ += "\":\"";
  append_json(pending_, value);
  pending_ += '"';
}

void Audit::end() { pending_ += "}\n"; }

void Audit::start(const std::string& module, const std::string& digest, const std::string& signer) {
  std::lock_guard lock(mutex_);
  begin("start", now());
  field("module", module);
  field("digest", digest);
  field("signer", signer);
  end();
  write();
}

void Audit::decided(const host::Request& request, host::Decision decision, const Rule* because,
                    std::string_view asked) {
  std::lock_guard lock(mutex_);
  tell_repeats();
  begin("decision", now());
  field("kind", info_of(request.kind).name);
  field("object", request.object);
  if (!request.names.empty()) field("name", request.names.front());
  if (request.rights != Rights::none) field("rights", rights_text(request.rights));
  field("decision", decision == host::Decision::allow ? "allow" : "deny");
  if (because != nullptr) {
    field("because", flag_text(*because).substr(2) + " (" + because->origin + ")");
  } else if (!asked.empty()) {
    field("because", "answered " + std::string(asked));
  } else {
    field("because", request.granted ? "within what was granted" : "not granted");
  }
  end();
  write();
}

bool Audit::is_like_last(const host::CallRecord& record) const {
  // Of what lives for ever the place is enough: should it have two, its line comes twice.
  return record.call.data() == last_.call.data() && record.result.data() == last_.result.data() &&
         record.uses == last_.uses && record.object == last_.object;
}

void Audit::called(const host::CallRecord& record) {
  std::lock_guard lock(mutex_);
  if (is_like_last(record)) {
    if (repeats_++ == 0) repeated_since_ = last_time_;
    uint64_t ticks = os::ticks();
    if (ticks - looked_at_ < kTicksBetweenLooks) return;
    looked_at_ = ticks;
    // Not before the call that it repeats.
    last_time_ = std::max(last_time_, os::rough_time());
    if (last_time_ - repeated_since_ >= kPatience) tell_repeats();
    return;
  }
  tell_repeats();
  last_time_ = now();
  last_.call = record.call;
  last_.uses = record.uses;
  last_.object = record.object;
  last_.result = record.result;
  line(last_, last_time_, 1);
}

void Audit::tell_repeats() {
  if (repeats_ != 0) line(last_, last_time_, repeats_);
  repeats_ = 0;
}

void Audit::line(const Call& call, uint64_t time, uint64_t count) {
  begin("call", time);
  field("call", call.call);
  field("uses", host::uses_name(call.uses));
  field("object", call.object);
  field("result", call.result);
  if (count != 1) pending_ += ",\"count\":" + std::to_string(count);
  end();
  if (pending_.size() >= kBlock) write();
}

void Audit::write() {
  std::string_view left = pending_;
  while (!left.empty() && error_ == 0) {
    Bytes bytes = as_bytes(left);
    auto written = os::write_vectors(fd_.get(), std::span<const Bytes>(&bytes, 1));
    if (!written) error_ = written.error();
    left.remove_prefix(written ? *written : 0);
  }
  pending_.clear();
}

Result<void> Audit::flush() {
  std::lock_guard lock(mutex_);
  tell_repeats();
  write();
  if (error_ == 0) return {};
  return fail(ErrorCode::io,
              "the audit log " + printable(target_) + " is not complete: " + strerror(error_));
}

}  // namespace nacre::policy
