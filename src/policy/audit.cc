#include "policy/audit.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/utf8.h"
#include "grant/json.h"
#include "os/clock.h"
#include "os/private_file.h"

namespace nacre::policy {
namespace {

using grant::Rights;
using grant::Rule;
using grant::Seconds;

uint64_t now() { return os::clock_now(os::ClockKind::realtime).value_or(0); }

// A call and a result are words of preview 1.
bool is_word(std::string_view text) {
  constexpr size_t kMaxWord = 64;
  auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= kMaxWord && std::ranges::all_of(text, fits);
}

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
  // A program whose output goes to the same file could overwrite lines there, or cut them off.
  for (int shared : {fd->get(), 1, 2}) {
    if (auto appends = os::append_if_same_file(shared, fd->get()); !appends) {
      return fail(ErrorCode::io,
                  "cannot log to " + printable(target) + ": " + strerror(appends.error()));
    }
  }
  return std::shared_ptr<Audit>(new Audit(target, std::move(*fd)));
}

void Audit::begin(std::string_view event, uint64_t time) {
  last_time_ = std::max(last_time_, time);
  auto second = static_cast<Seconds>(time / 1'000'000'000);
  if (second != second_) {
    second_ = second;
    second_text_ = grant::time_text(second);
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
  grant::append_json(pending_, value);
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

void Audit::decided(const grant::Request& request, grant::Decision decision, const Rule* because,
                    std::string_view asked) {
  std::lock_guard lock(mutex_);
  tell_repeats();
  begin("decision", now());
  field("kind", info_of(request.kind).name);
  field("object", request.object);
  if (!request.names.empty()) field("name", request.names.front());
  if (request.rights != Rights::none) field("rights", rights_text(request.rights));
  field("decision", decision == grant::Decision::allow ? "allow" : "deny");
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

void Audit::called(const host::CallRecord& record) {
  std::lock_guard lock(mutex_);
  counter_.called(record, [this](const CallLine& due) { line(due); });
}

bool Audit::told(const CallLine& told) {
  if (!is_word(told.call) || !is_word(told.result) || told.count == 0 ||
      grant::uses_name(told.uses).empty()) {
    return false;
  }
  std::lock_guard lock(mutex_);
  CallLine checked = told;
  checked.time = std::max(std::min(told.time, now()), last_time_);
  line(checked);
  return true;
}

void Audit::tell_repeats() {
  counter_.tell_repeats([this](const CallLine& due) { line(due); });
}

void Audit::line(const CallLine& line) {
  begin("call", line.time);
  field("call", line.call);
  field("uses", grant::uses_name(line.uses));
  field("object", line.object);
  field("result", line.result);
  if (line.count != 1) pending_ += ",\"count\":" + std::to_string(line.count);
  end();
  if (pending_.size() >= kBlock) write();
}

void Audit::give_up() {
  std::lock_guard lock(mutex_);
  fd_ = os::OwnedFd();
  pending_.clear();
  counter_.forget_repeats();
}

void Audit::write() {
  std::string_view left = fd_.valid() ? std::string_view(pending_) : std::string_view();
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
