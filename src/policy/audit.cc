#include "policy/audit.h"

#include <charconv>
#include <cstring>

#include "base/utf8.h"
#include "os/clock.h"
#include "os/private_file.h"
#include "policy/json.h"

namespace nacre::policy {
Result<std::shared_ptr<Audit>> Audit::open(const std::string& target) {
  int number = 0;
  auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), number);
  bool is_number = error == std::errc{} && end == target.data() + target.size() && number >= 0;
  if (target == "-") number = 2;
  auto fd = target == "-" || is_number ? os::duplicate(number) : os::open_for_appending(target);
  if (!fd || !os::can_write(fd->get())) {
    return fail(ErrorCode::io, "cannot log to " + printable(target) + ": " +
                                   (fd ? "it is open for reading only" : strerror(fd.error())));
  }
  return std::shared_ptr<Audit>(new Audit(target, std::move(*fd)));
}

void Audit::begin(std::string_view event) {
  auto now = os::clock_now(os::ClockKind::realtime);
  uint64_t time = now ? *now : 0;
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

void Audit::start(const std::string& module, const std::string& digest) {
  std::lock_guard lock(mutex_);
  begin("start");
  field("module", module);
  field("digest", digest);
  end();
  write();
}

void Audit::decided(const host::Request& request, host::Decision decision, const Rule* because,
                    std::string_view asked) {
  std::lock_guard lock(mutex_);
  begin("decision");
  field("kind", info_of(request.kind).name);
  field("object", request.object);
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

void Audit::called(const host::CallRecord& record) {
  std::lock_guard lock(mutex_);
  begin("call");
  field("call", record.call);
  field("uses", host::uses_name(record.uses));
  field("object", record.object);
  field("result", record.result);
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
  write();
  if (error_ == 0) return {};
  return fail(ErrorCode::io,
              "the audit log " + printable(target_) + " is not complete: " + strerror(error_));
}

}  // namespace nacre::policy
