#include "broker/server.h"

#include <algorithm>

#include "os/poll.h"

namespace nacre::broker {

using host::Dir;
using host::Errno;
using host::HandleKind;
using host::HostResult;

namespace {

// Of one answer; the rest is asked for again.
constexpr size_t kMaxListBytes = os::Channel::kMaxMessageBytes - 1024;

HostResult<Server::Answer> done(HostResult<void> result) {
  HOST_TRY(std::move(result));
  return Server::Answer{success(), nullptr};
}

HostResult<Server::Answer> with_stat(HostResult<host::FileStat> result) {
  host::FileStat stat = HOST_TRY(std::move(result));
  Server::Answer answer{success(), nullptr};
  write(answer.message, stat);
  return answer;
}

bool is_answered(Request request) {
  return request != Request::close && request != Request::close_socket &&
         request != Request::cancel && request != Request::log_calls;
}

}  // namespace

Server::Answer Server::refusal(Errno error) {
  Answer answer;
  answer.message.number(static_cast<uint8_t>(static_cast<uint8_t>(error) + 1));
  return answer;
}

void Server::serve() {
  if (duties_.policy) {
    duties_.policy->set_waiting([this](const auto& wait) { return wait_for_person(wait); });
  }
  lead();
  Turn turn(turn_);
  changed_.wait(turn, [&] { return is_over_ && asking_.empty() && helpers_ == 0; });
}

void Server::lead() {
  Turn turn(turn_);
  const auto self = std::this_thread::get_id();
  leader_ = self;
  while (auto request = next_request(turn)) {
    Bytes bytes = request->bytes;
    auto number = load_le<RequestNumber>(bytes.data());
    std::optional<Answer> answer = handle(bytes.subspan(sizeof number), number);
    // If the other end is closed, the next receive says so.
    if (answer) static_cast<void>(send(number, *answer));
    if (leader_ != self) return;
  }
  is_over_ = true;
  changed_.notify_all();
  turn.unlock();
  if (duties_.ended) duties_.ended();
}

std::optional<os::Channel::Message> Server::next_request(Turn& turn) {
  changed_.wait(turn, [&] { return asking_.size() < kMaxAsking; });
  if (!answer_meanwhile(turn)) return std::nullopt;
  turn.unlock();
  auto request = channel_.receive();
  turn.lock();
  // No request is too long for a message, nor as short.
  if (!request || !*request || (*request)->bytes.size() < sizeof(RequestNumber))
    return std::nullopt;
  return std::move(*request);
}

bool Server::send(RequestNumber number, const Answer& answer) const {
  Writer message;
  message.number(number).append(answer.message);
  int along = answer.along ? answer.along->native_fd() : answer.socket;
  return channel_.send(message.bytes(), along).has_value();
}

bool Server::make_loop() {
  if (loop_) return true;
  auto loop = os::EventLoop::create();
  if (loop) loop_ = std::move(*loop);
  return loop_ != nullptr;
}

// An act that waits for a person may begin to look a name up when it goes on.
bool Server::answer_meanwhile(Turn& turn) {
  while (loop_ && (!look_ups_.empty() || !asking_.empty())) {
    os::PollItem items[] = {{.fd = channel_.fd(), .want_read = true},
                            {.fd = loop_->fd(), .want_read = true}};
    auto deadline = loop_->next_deadline();
    turn.unlock();
    auto ready = os::poll_until(items, deadline);
    turn.lock();
    if (!ready) return false;
    loop_->run_ready();
    if (items[0].ready) return true;
  }
  return true;
}

bool Server::wait_for_person(const std::function<void()>& wait) {
  RequestNumber number = current_;
  // So that the guest's time does not pass meanwhile. If the other end is closed, lead() learns it.
  static_cast<void>(send(number, {Writer().number(kSomebodyIsAsked)}));
  auto asking = asking_.emplace(number, false);
  if (leader_ == std::this_thread::get_id()) appoint_another();
  turn_.unlock();
  wait();
  turn_.lock();
  bool is_cancelled = asking->second;
  asking_.erase(asking);
  current_ = number;
  changed_.notify_all();
  return !is_cancelled;
}

// If there can be no other thread, the other requests wait.
void Server::appoint_another() {
  if (!workers_) workers_.emplace(kMaxAsking + 1);
  auto serve = [this] {
    lead();
    Turn turn(turn_);
    --helpers_;
    changed_.notify_all();
  };
  if (!make_loop() || !workers_->run(serve)) return;
  leader_ = {};
  ++helpers_;
}

std::optional<Server::Answer> Server::handle(Bytes bytes, RequestNumber number) {
  Reader from(bytes);
  auto request = from.number<Request>();
  current_ = number;
  HostResult<Answer> result = act(request, from);
  if (!is_answered(request)) return std::nullopt;
  if (!result) return refusal(result.error());
  if (result->comes_later) return std::nullopt;
  return std::move(*result);
}

HostResult<Server::Answer> Server::act(Request request, Reader& from) {
  switch (request) {
    case Request::may:
      return may(from);
    case Request::set_times_for:
      return set_times_for(from);
    case Request::log_calls:
    case Request::log_block:
      return log_calls(from);
    case Request::variables:
      return variables(from);
    case Request::look_up:
      return look_up(from);
    case Request::leads_elsewhere:
      return leads_elsewhere(from);
    case Request::socket:
      return make_socket(from);
    case Request::bind:
    case Request::listen:
    case Request::connect:
    case Request::send_to:
    case Request::set_option:
    case Request::close_socket:
      return act_on_socket(request, from);
    case Request::refusals:
      return refusals();
    case Request::missed_variables:
      return missed_variables();
    case Request::finish:
      return finish(from);
    case Request::cancel:
      cancel(from.number<RequestNumber>());
      return Answer{};
    default:
      break;
  }
  auto number = from.number<uint32_t>();
  auto at = HOST_TRY(dir(number));
  if (request == Request::close) duties_.dirs[number] = nullptr;
  return act_in(request, *at, from);
}

// A request that neither looks a name up nor waits for a person is over already.
void Server::cancel(RequestNumber number) {
  look_ups_.erase(number);
  auto [first, last] = asking_.equal_range(number);
  for (auto asking = first; asking != last; ++asking) asking->second = true;
}

// The arguments are read before anything is done, and must be all there is.
HostResult<Server::Answer> Server::act_in(Request request, Dir& dir, Reader& from) {
  auto complete = [&] { return from.complete(); };
  switch (request) {
    case Request::open:
      return open(dir, from);
    case Request::stat:
      if (complete()) return with_stat(dir.stat());
      break;
    case Request::stat_at: {
      auto path = from.text();
      bool follow = from.flag();
      if (complete()) return with_stat(dir.stat_at(path, follow));
      break;
    }
    case Request::sync: {
      bool data_only = from.flag();
      if (complete()) return done(dir.sync(data_only));
      break;
    }
    case Request::set_times: {
      auto times = read_times(from);
      if (complete()) return done(dir.set_times(times));
      break;
    }
    case Request::set_times_at: {
      auto path = from.text();
      bool follow = from.flag();
      auto times = read_times(from);
      if (complete()) return done(dir.set_times_at(path, follow, times));
      break;
    }
    case Request::create_directory:
      if (auto path = from.text(); complete()) return done(dir.create_directory(path));
      break;
    case Request::remove_directory:
      if (auto path = from.text(); complete()) return done(dir.remove_directory(path));
      break;
    case Request::unlink_file:
      if (auto path = from.text(); complete()) return done(dir.unlink_file(path));
      break;
    case Request::link:
    case Request::rename:
      return link_or_rename(request, dir, from);
    case Request::create_symlink: {
      auto target = from.text();
      auto path = from.text();
      if (complete()) return done(dir.create_symlink(target, path));
      break;
    }
    case Request::read_link:
      if (auto path = from.text(); complete()) {
        std::string target = HOST_TRY(dir.read_link(path));
        return Answer{success().text(target), nullptr};
      }
      break;
    case Request::read_entries:
      return entries(dir, from);
    default:
      break;
  }
  return host::failed(Errno::inval);
}

HostResult<Server::Answer> Server::open(Dir& dir, Reader& from) {
  auto path = from.text();
  auto options = read_options(from);
  if (!from.complete()) return host::failed(Errno::inval);
  host::HandlePtr handle = HOST_TRY(dir.open(path, options));
  Answer answer{success(), nullptr};
  answer.message.number(static_cast<uint8_t>(handle->kind()));
  if (handle->kind() == HandleKind::dir) {
    answer.message.number(HOST_TRY(add(std::static_pointer_cast<Dir>(std::move(handle)))));
  } else {
    if (handle->native_fd() < 0) return host::failed(Errno::notsup);
    answer.message.number<uint32_t>(0);
    answer.along = std::move(handle);
  }
  return answer;
}

HostResult<Server::Answer> Server::link_or_rename(Request request, Dir& from_dir, Reader& from) {
  auto source = from.text();
  bool follow = request == Request::link && from.flag();
  auto number = from.number<uint32_t>();
  auto target = from.text();
  if (!from.complete()) return host::failed(Errno::inval);
  auto to_dir = HOST_TRY(dir(number));
  return done(request == Request::link ? from_dir.link(source, follow, *to_dir, target)
                                       : from_dir.rename(source, *to_dir, target));
}

HostResult<Server::Answer> Server::entries(Dir& dir, Reader& from) {
  auto cookie = from.number<uint64_t>();
  auto budget = from.number<uint64_t>();
  if (!from.complete()) return host::failed(Errno::inval);
  auto list = HOST_TRY(dir.read_entries(cookie, std::min<uint64_t>(budget, kMaxListBytes / 2)));
  Answer answer{success(), nullptr};
  size_t bytes = 0;
  for (const host::DirEntry& entry : list) {
    bytes += kEntryBytes + entry.name.size();
    if (bytes > kMaxListBytes) break;
    write(answer.message, entry);
  }
  return answer;
}

HostResult<Server::Answer> Server::may(Reader& from) {
  auto kind = from.number<uint8_t>();
  auto object = from.text();
  bool granted = from.flag();
  if (!from.complete() || kind >= grant::kinds().size()) return host::failed(Errno::inval);
  const grant::KindInfo& info = grant::kinds()[kind];
  // What is opened here is decided when it is, but for sockets that a guest was given.
  bool opened_here = info.shape == grant::Shape::path || info.kind == grant::Kind::net ||
                     info.kind == grant::Kind::lookup ||
                     (info.kind == grant::Kind::listen && !granted);
  if (opened_here) return host::failed(Errno::inval);
  grant::Request request{.kind = info.kind, .object = object, .granted = granted};
  if (duties_.policy->may(request) == grant::Decision::allow) return Answer{success(), nullptr};
  return host::failed(Errno::no_capability);
}

HostResult<Server::Answer> Server::set_times_for(Reader& from) {
  auto number = from.number<int32_t>();
  std::string name(from.text());
  auto times = read_times(from);
  if (!from.complete() || name.find('\0') != std::string::npos) return host::failed(Errno::inval);
  for (const std::shared_ptr<Dir>& dir : duties_.times_of) {
    auto set = dir->set_times_for(duties_.guest, number, name, times);
    if (set || set.error() != Errno::not_granted) return done(std::move(set));
  }
  return host::failed(Errno::no_capability);
}

HostResult<Server::Answer> Server::log_calls(Reader& from) {
  if (!duties_.audit) return host::failed(Errno::inval);
  while (from.more()) {
    policy::CallLine line = read_call(from);
    bool whole = from.more() || from.complete();
    if (!whole || !duties_.audit->told(line)) return host::failed(Errno::inval);
  }
  // What cannot be written is said at the end.
  static_cast<void>(duties_.audit->flush().has_value());
  return Answer{success()};
}

HostResult<Server::Answer> Server::variables(Reader& from) {
  auto known = from.number<uint32_t>();
  if (!from.complete() || !duties_.variables) return host::failed(Errno::inval);
  const host::Variables& all = duties_.variables->decided();
  Answer answer{success(), nullptr};
  for (size_t i = known; i < all.size(); ++i) {
    Writer item;
    item.text(all[i].first).text(all[i].second);
    if (answer.message.bytes().size() + item.bytes().size() > kMaxListBytes) break;
    answer.message.append(item);
  }
  return answer;
}

HostResult<Server::Answer> Server::refusals() {
  uint64_t left_out = 0;
  auto list = duties_.policy->refusals(&left_out);
  Writer items;
  for (const policy::Refusal& refusal : list) {
    Writer item;
    item.number(refusal.kind).number(refusal.rights).number<uint8_t>(refusal.is_directory);
    item.number<uint8_t>(refusal.missing).number<uint8_t>(refusal.is_link);
    item.number<uint8_t>(refusal.subtree).number<uint8_t>(refusal.closed).number(refusal.count);
    item.text(refusal.object).text(refusal.rule);
    if (items.bytes().size() + item.bytes().size() > kMaxListBytes) {
      ++left_out;
    } else {
      items.append(item);
    }
  }
  Answer answer{success().number(left_out), nullptr};
  answer.message.append(items);
  return answer;
}

HostResult<Server::Answer> Server::missed_variables() {
  Answer answer{success(), nullptr};
  for (const std::string& name : duties_.policy->missed_variables()) {
    if (answer.message.bytes().size() + sizeof(uint32_t) + name.size() > kMaxListBytes) break;
    answer.message.text(name);
  }
  return answer;
}

HostResult<Server::Answer> Server::finish(Reader& from) {
  auto needs = from.number<uint32_t>();
  if (!from.complete() || !duties_.finish) return host::failed(Errno::inval);
  auto finished = duties_.finish(needs);
  std::string problem = finished ? "" : finished.error().message();
  return Answer{success().text(problem.substr(0, kMaxListBytes)), nullptr};
}

HostResult<std::shared_ptr<Dir>> Server::dir(uint32_t number) const {
  if (number >= duties_.dirs.size() || duties_.dirs[number] == nullptr) {
    return host::failed(Errno::badf);
  }
  return duties_.dirs[number];
}

HostResult<uint32_t> Server::add(std::shared_ptr<Dir> dir) {
  auto& dirs = duties_.dirs;
  auto free = std::find(dirs.begin(), dirs.end(), nullptr);
  if (free == dirs.end()) {
    if (dirs.size() == kMaxDirs) return host::failed(Errno::mfile);
    free = dirs.insert(dirs.end(), nullptr);
  }
  *free = std::move(dir);
  return static_cast<uint32_t>(free - dirs.begin());
}

}  // namespace nacre::broker
