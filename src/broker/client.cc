#include "broker/client.h"

#include "host/file.h"
#include "host/stream.h"
#include "os/watchdog.h"

namespace nacre::broker {

using host::DirEntry;
using host::Errno;
using host::FileStat;
using host::FileTimes;
using host::HandleKind;
using host::HandlePtr;
using host::HostResult;
using host::OpenOptions;
using Message = os::Channel::Message;

namespace {

// An answer that is not what it must be: the broker is of the same program, so this is its end.
constexpr Errno kGarbled = Errno::io;

}  // namespace

// A directory of the broker's.
class RemoteDir final : public host::Dir {
 public:
  RemoteDir(std::shared_ptr<Client> client, uint32_t number,
            std::shared_ptr<const host::Grant> grant, std::string path)
      : Dir(std::move(grant), std::move(path)), client_(std::move(client)), number_(number) {}
  ~RemoteDir() override { client_->tell(request(Request::close)); }

  HostResult<FileStat> stat() override { return ask_stat(request(Request::stat)); }
  HostResult<void> sync(bool data_only) override {
    return ask_done(request(Request::sync).number<uint8_t>(data_only));
  }
  bool is_guarded() const override { return true; }
  HostResult<std::shared_ptr<Dir>> narrowed(
      const std::shared_ptr<const host::Grant>& grant) override {
    Opened opened = HOST_TRY(ask_open(".", {.read = true, .directory = true}));
    if (opened.kind != HandleKind::dir) return host::failed(kGarbled);
    return std::make_shared<RemoteDir>(client_, opened.number, grant, grant->name());
  }

 private:
  Writer request(Request what) const {
    Writer writer;
    writer.number(what).number(number_);
    return writer;
  }
  HostResult<void> ask_done(const Writer& writer) {
    HOST_TRY(client_->ask(writer));
    return {};
  }
  HostResult<FileStat> ask_stat(const Writer& writer) {
    Message answer = HOST_TRY(client_->ask(writer));
    Reader reader = reader_of(answer);
    FileStat stat = read_stat(reader);
    if (!reader.complete()) return host::failed(kGarbled);
    return stat;
  }

  struct Opened {
    HandleKind kind;
    uint32_t number;  // of a directory
    os::OwnedFd fd;   // of anything else
  };
  HostResult<Opened> ask_open(const std::string& path, const OpenOptions& options) {
    Writer writer = request(Request::open).text(path);
    write(writer, options);
    Message answer = HOST_TRY(client_->ask(writer));
    Reader reader = reader_of(answer);
    auto kind = reader.number<HandleKind>();
    auto number = reader.number<uint32_t>();
    bool has_fd = kind == HandleKind::dir || answer.fd.valid();
    if (!reader.complete() || !has_fd) return host::failed(kGarbled);
    return Opened{kind, number, std::move(answer.fd)};
  }

  HostResult<HandlePtr> do_open(const std::string& path, const OpenOptions& options) override {
    Opened opened = HOST_TRY(ask_open(path, options));
    if (opened.kind == HandleKind::dir) {
      return std::make_shared<RemoteDir>(client_, opened.number, grant(), display(path));
    }
    if (opened.kind != HandleKind::file) return host::make_real_stream(std::move(opened.fd));
    return host::make_real_file(std::move(opened.fd), options.read || !options.write, options.write,
                                grant_of_opened(grant(), options.write), display(path));
  }
  HostResult<FileStat> do_stat_at(const std::string& path, bool follow) override {
    return ask_stat(request(Request::stat_at).text(path).number<uint8_t>(follow));
  }
  HostResult<void> do_set_times_at(const std::string& path, bool follow,
                                   const FileTimes& times) override {
    Writer writer = request(Request::set_times_at).text(path).number<uint8_t>(follow);
    write(writer, times);
    return ask_done(writer);
  }
  HostResult<void> do_set_times(const FileTimes& times) override {
    Writer writer = request(Request::set_times);
    write(writer, times);
    return ask_done(writer);
  }
  HostResult<void> do_create_directory(const std::string& path) override {
    return ask_done(request(Request::create_directory).text(path));
  }
  HostResult<void> do_remove_directory(const std::string& path) override {
    return ask_done(request(Request::remove_directory).text(path));
  }
  HostResult<void> do_unlink_file(const std::string& path) override {
    return ask_done(request(Request::unlink_file).text(path));
  }
  // Directories of one grant are all of one broker.
  HostResult<void> do_link(const std::string& from, bool follow, Dir& to_dir,
                           const std::string& to) override {
    Writer writer = request(Request::link).text(from).number<uint8_t>(follow);
    return ask_done(writer.number(static_cast<RemoteDir&>(to_dir).number_).text(to));
  }
  HostResult<void> do_rename(const std::string& from, Dir& to_dir, const std::string& to) override {
    Writer writer = request(Request::rename).text(from);
    return ask_done(writer.number(static_cast<RemoteDir&>(to_dir).number_).text(to));
  }
  HostResult<void> do_create_symlink(const std::string& target, const std::string& path) override {
    return ask_done(request(Request::create_symlink).text(target).text(path));
  }
  HostResult<std::string> do_read_link(const std::string& path) override {
    Message answer = HOST_TRY(client_->ask(request(Request::read_link).text(path)));
    return std::string(reader_of(answer).text());
  }
  HostResult<std::vector<DirEntry>> do_read_entries(uint64_t cookie, size_t budget_bytes) override {
    Writer writer = request(Request::read_entries);
    writer.number(cookie).number<uint64_t>(budget_bytes);
    Message answer = HOST_TRY(client_->ask(writer));
    Reader reader = reader_of(answer);
    std::vector<DirEntry> entries;
    while (reader.more()) entries.push_back(read_entry(reader));
    if (!reader.complete()) return host::failed(kGarbled);
    return entries;
  }

  std::shared_ptr<Client> client_;
  uint32_t number_;
};

std::shared_ptr<host::Dir> Client::stand_in(const host::Dir& original, uint32_t number) {
  return std::make_shared<RemoteDir>(shared_from_this(), number, original.grant(),
                                     std::string(original.display_name()));
}

class RemoteVariables final : public host::UndecidedVariables {
 public:
  explicit RemoteVariables(std::shared_ptr<Client> client) : client_(std::move(client)) {}
  const host::Variables& decided() override {
    std::call_once(asked_, [&] {
      while (ask_for_more()) {
      }
    });
    return variables_;
  }

 private:
  bool ask_for_more() {
    auto known = static_cast<uint32_t>(variables_.size());
    auto answer = client_->ask(Writer().number(Request::variables).number(known));
    if (!answer) return false;
    Reader reader = reader_of(*answer);
    while (reader.more()) {
      std::string name(reader.text());
      variables_.emplace_back(std::move(name), reader.text());
    }
    return variables_.size() > known;
  }

  std::shared_ptr<Client> client_;
  std::once_flag asked_;
  host::Variables variables_;
};

std::shared_ptr<host::UndecidedVariables> Client::variables() {
  return std::make_shared<RemoteVariables>(shared_from_this());
}

void Client::log(const host::CallRecord& record) {
  if (calls_->add(record)) [[unlikely]]
    send_calls();
}

// The block before must have been written: so no more than two are lost with this process.
[[gnu::noinline]] void Client::send_calls() {
  std::lock_guard order(block_mutex_);
  if (auto block = std::exchange(block_, nullptr)) {
    // A broker that is gone is said at the end.
    if (!await(*block, Waits::for_ever)) return;
  }
  auto block = std::make_shared<Pending>();
  std::lock_guard lock(send_mutex_);
  Writer calls = calls_->take(false);
  if (calls.empty()) return;
  remember(block);
  Writer message;
  message.number(block->number).number(Request::log_block).append(calls);
  if (put(message.bytes())) {
    block_ = std::move(block);
  } else {
    forget(*block);
  }
}

// What is left is written even if finish() was never called.
Client::~Client() {
  if (!calls_) return;
  Writer calls = calls_->take(true);
  if (block_ && !await(*block_, Waits::for_ever)) return;
  if (calls.empty()) return;
  Writer request;
  request.number(Request::log_block).append(calls);
  static_cast<void>(ask(request).has_value());
}

class RemoteLog final : public host::CallLog {
 public:
  explicit RemoteLog(std::shared_ptr<Client> client) : client_(std::move(client)) {}
  void called(const host::CallRecord& record) override { client_->log(record); }

 private:
  std::shared_ptr<Client> client_;
};

std::shared_ptr<host::CallLog> Client::call_log() {
  return std::make_shared<RemoteLog>(shared_from_this());
}

class RemoteTimes final : public os::TimeSetter {
 public:
  explicit RemoteTimes(std::shared_ptr<Client> client) : client_(std::move(client)) {}
  os::Sys<void> set_times(int fd, const std::string& name, const FileTimes& times) override {
    Writer writer;
    writer.number(Request::set_times_for).number<int32_t>(fd).text(name);
    write(writer, times);
    auto answer = client_->ask(writer);
    if (!answer) return std::unexpected(host::to_native(answer.error()));
    return {};
  }

 private:
  std::shared_ptr<Client> client_;
};

std::shared_ptr<os::TimeSetter> Client::time_setter() {
  return std::make_shared<RemoteTimes>(shared_from_this());
}

grant::Decision Client::may(const grant::Request& request) {
  Writer writer;
  writer.number(Request::may).number(request.kind).text(request.object);
  writer.number<uint8_t>(request.granted);
  return ask(writer) ? grant::Decision::allow : grant::Decision::deny;
}

std::vector<policy::Refusal> Client::refusals(uint64_t* left_out) {
  std::vector<policy::Refusal> refusals;
  *left_out = 0;
  // Most runs are refused nothing, and need not wake their broker at the end.
  if (std::lock_guard lock(mutex_); !refused_) return refusals;
  auto answer = ask(Writer().number(Request::refusals));
  if (!answer) return refusals;
  Reader reader = reader_of(*answer);
  *left_out = reader.number<uint64_t>();
  while (reader.more()) {
    policy::Refusal refusal{};
    refusal.kind = reader.number<grant::Kind>();
    refusal.rights = reader.number<grant::Rights>();
    refusal.is_directory = reader.flag();
    refusal.missing = reader.flag();
    refusal.is_link = reader.flag();
    refusal.subtree = reader.flag();
    refusal.closed = reader.flag();
    refusal.count = reader.number<uint64_t>();
    refusal.object = reader.text();
    refusal.rule = reader.text();
    refusals.push_back(std::move(refusal));
  }
  return refusals;
}

std::vector<std::string> Client::missed_variables() {
  std::vector<std::string> names;
  auto answer = ask(Writer().number(Request::missed_variables));
  if (!answer) return names;
  Reader reader = reader_of(*answer);
  while (reader.more()) names.emplace_back(reader.text());
  return names;
}

Result<void> Client::finish(uint32_t needs) {
  auto answer = ask(Writer().number(Request::finish).number(needs));
  if (!answer)
    return fail(ErrorCode::io,
                "the broker process is gone: what it was to record or log is not complete");
  std::string_view problem = reader_of(*answer).text();
  if (!problem.empty()) return fail(ErrorCode::io, std::string(problem));
  return {};
}

}  // namespace nacre::broker
