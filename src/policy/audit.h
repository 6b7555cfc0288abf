// The audit log: a JSON object a line, for every decision and every call that uses a grant.
//
//   {"time":"2026-11-25T15:10:00.123456789Z","event":"start","module":"app.wasm",
//    "digest":"sha256:..","signer":""}: who signed it, of those the user trusts, such as "alice, bob"
//   {"time":..,"event":"decision","kind":"file","object":"/etc/hosts","rights":"read",
//    "decision":"allow","because":"--dir /etc:ro"}
//   {..,"kind":"net","object":"tcp://93.184.215.14:443","name":"example.com",..}
//    name: the last one that led to the address
//   {"time":..,"event":"call","call":"path_open","uses":"path","object":"/etc/hosts",
//    "result":"success"}
//
// Repeats of a call are counted, not written: a line with "count" stands for that many more of the
// call before it, and its time is about that of the last one. It is written before the next line,
// or within a second. Bytes of paths that are not UTF-8 become \ufffd. Decisions are written at
// once, calls in blocks: a killed process loses at most the last kBlock bytes of calls. Where the
// guest's process is locked down, its broker has the log and is told of calls
// (broker/call_batch.h). Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "host/call_log.h"
#include "os/file.h"
#include "policy/call_counter.h"
#include "policy/policy.h"

namespace nacre::policy {

class Audit final : public Watcher, public host::CallLog {
 public:
  // "-" is standard error, a number an open descriptor, anything else a file to append to.
  static Result<std::shared_ptr<Audit>> open(const std::string& target);
  static bool is_file(std::string_view target) { return !descriptor_of(target); }
  ~Audit() override {
    tell_repeats();
    write();
  }

  static constexpr size_t kBlock = 32 * 1024;
  // The length of a line about a call without its name, object and result.
  static constexpr size_t kBytesOfLine = 108;

  void start(const std::string& module, const std::string& digest, const std::string& signer);
  void decided(const grant::Request& request, grant::Decision decision, const grant::Rule* because,
               std::string_view asked) override;
  void called(const host::CallRecord& record) override;
  // Calls that another process reports; written at flush() or once there are kBlock bytes. Their
  // times are forced to lie between the last line of the log and now. False, and nothing is logged:
  // `line` cannot be that of a call.
  bool told(const CallLine& line);
  // Closes the log in this process: another process writes it from now on.
  void give_up();
  // Errors: io, of this or any earlier write.
  Result<void> flush();

 private:
  Audit(std::string target, os::OwnedFd fd) : target_(std::move(target)), fd_(std::move(fd)) {
    pending_.reserve(2 * kBlock);
  }

  static std::optional<int> descriptor_of(std::string_view target);
  void line(const CallLine& line);
  void tell_repeats();
  void begin(std::string_view event, uint64_t time);
  void field(std::string_view name, std::string_view value);
  void end();
  void write();

  std::string target_;
  os::OwnedFd fd_;
  std::mutex mutex_;
  std::string pending_;
  int error_ = 0;
  CallCounter counter_;
  uint64_t last_time_ = 0;      // of a line
  grant::Seconds second_ = -1;  // second_text_ is of
  std::string second_text_;     // "2026-11-25T15:10:00"
};

}  // namespace nacre::policy
