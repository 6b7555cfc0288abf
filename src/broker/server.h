// The broker: a process with its user's rights beside the one that runs a guest, which has none.
// It evaluates the policy itself, asks the user, opens what may be opened and hands it over. Its
// messages may come from a hostile program: each is checked, and nothing in one can make the broker
// allow what the policy does not.
//
// While a person is asked, the act that the question is about waits on its thread, and another
// thread goes on with other requests. One thread at a time has the turn: it alone acts and answers.
// A thread that waits, for a request or for a person, gives the turn up.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "broker/protocol.h"
#include "host/dir.h"
#include "host/env.h"
#include "host/network.h"
#include "os/channel.h"
#include "os/event_loop.h"
#include "os/worker_threads.h"
#include "policy/audit.h"
#include "policy/policy.h"

namespace nacre::broker {

class Server {
 public:
  struct Duties {
    std::vector<std::shared_ptr<host::Dir>> dirs;  // number i is the i-th
    std::shared_ptr<policy::Policy> policy;
    std::shared_ptr<host::UndecidedVariables> variables;  // null: none
    std::shared_ptr<host::Network> network = nullptr;     // null: none
    std::function<Result<void>(uint32_t needs)> finish;
    std::shared_ptr<policy::Audit> audit = nullptr;  // null: no log of calls
    // Below these the guest's process may set times, but the lock-down leaves it no way to do so.
    std::vector<std::shared_ptr<host::Dir>> times_of = {};
    int guest = 0;  // that process
    // The other end was closed. Called once, before serve() returns, which waits for what a person
    // is still asked about.
    std::function<void()> ended = nullptr;
  };
  // A guest has far fewer open (its limit on handles); this bounds a process that was taken over.
  static constexpr size_t kMaxDirs = 1 << 16;
  static constexpr size_t kMaxSockets = 1 << 12;
  // At once. More are refused.
  static constexpr size_t kMaxLookUps = 1 << 12;
  // Requests that wait for a person at once. While there are this many, others wait as well.
  static constexpr size_t kMaxAsking = 64;

  Server(os::Channel channel, Duties duties)
      : channel_(std::move(channel)), duties_(std::move(duties)) {}

  // Until the other end is closed and no question is open.
  void serve();
  // One request; the answer and what goes along with it. Nothing: no answer, or not yet.
  struct Answer {
    Writer message;
    host::HandlePtr along = nullptr;  // its descriptor
    int socket = -1;                  // or this one, of a socket that is kept
    bool comes_later = false;         // there is nothing yet
  };
  std::optional<Answer> handle(Bytes request, RequestNumber number = 0);

 private:
  using Addresses = host::Network::Addresses;

  using Turn = std::unique_lock<std::mutex>;
  struct Socket {
    std::unique_ptr<host::OpenedSocket> opened;
    bool is_in_use = false;  // by an act that waits for a person
    bool is_closed = false;  // goes when that is over
  };
  using Sockets = std::map<uint32_t, Socket>;

  static Answer refusal(host::Errno error);
  bool send(RequestNumber number, const Answer& answer) const;
  // Serves until another thread does, or the other end is closed.
  void lead();
  // The next request; nothing: there will be none.
  std::optional<os::Channel::Message> next_request(Turn& turn);
  // Waits until there is a request; false: waiting failed.
  bool answer_meanwhile(Turn& turn);
  // Waits for a person, without the turn. Whether the act that asked is still to happen.
  bool wait_for_person(const std::function<void()>& wait);
  void appoint_another();
  bool make_loop();
  host::HostResult<Answer> act(Request request, Reader& from);
  host::HostResult<Answer> act_in(Request request, host::Dir& dir, Reader& from);
  host::HostResult<Answer> open(host::Dir& dir, Reader& from);
  host::HostResult<Answer> link_or_rename(Request request, host::Dir& dir, Reader& from);
  host::HostResult<Answer> entries(host::Dir& dir, Reader& from);
  host::HostResult<Answer> may(Reader& from);
  host::HostResult<Answer> set_times_for(Reader& from);
  host::HostResult<Answer> log_calls(Reader& from);
  host::HostResult<Answer> variables(Reader& from);
  host::HostResult<Answer> look_up(Reader& from);
  bool start_look_up(std::unique_ptr<host::Answer<Addresses>> look_up);
  void finish_look_up(RequestNumber number);
  host::HostResult<Answer> leads_elsewhere(Reader& from);
  host::HostResult<Answer> make_socket(Reader& from);
  host::HostResult<Answer> act_on_socket(Request request, Reader& from);
  host::HostResult<Answer> act_on(host::OpenedSocket& socket, Request request, Reader& from);
  host::HostResult<Answer> act_at_end(Request request, host::OpenedSocket& socket, Reader& from);
  void cancel(RequestNumber number);
  host::HostResult<Answer> refusals();
  host::HostResult<Answer> missed_variables();
  host::HostResult<Answer> finish(Reader& from);
  host::HostResult<std::shared_ptr<host::Dir>> dir(uint32_t number) const;
  host::HostResult<uint32_t> add(std::shared_ptr<host::Dir> dir);

  os::Channel channel_;
  Duties duties_;
  std::mutex turn_;  // guards all below
  std::condition_variable changed_;
  std::thread::id leader_;  // reads requests; none: another thread is about to
  // The numbers of requests that wait for a person; true: cancelled meanwhile.
  std::multimap<RequestNumber, bool> asking_;
  size_t helpers_ = 0;  // threads beside the one in serve() that serve or act
  bool is_over_ = false;
  RequestNumber current_ = 0;
  // Names that are being looked up, while other requests are served. Null: nothing had to be waited
  // for beside requests so far.
  std::unique_ptr<os::EventLoop> loop_;
  std::map<RequestNumber, std::unique_ptr<host::Answer<Addresses>>> look_ups_;
  Sockets sockets_;
  uint32_t next_socket_ = 0;
  std::optional<os::WorkerThreads> workers_;  // last: its threads use all above until it ends
};

}  // namespace nacre::broker
