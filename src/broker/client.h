// The guest's end of the connection to its broker: directories, sockets and a gate that look like
// the real ones, and are served by the broker.
//
// Any thread, and several requests may be on their way at once. A thread that waits for its answer
// reads the answers of all; operations have the event loop read them. When the broker is gone,
// every request fails with io and every decision is a denial.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "broker/call_batch.h"
#include "broker/protocol.h"
#include "host/dir.h"
#include "host/env.h"
#include "host/grant.h"
#include "host/network.h"
#include "host/operation.h"
#include "os/channel.h"
#include "policy/policy.h"

namespace nacre::broker {

class Client final : public grant::Gate, public std::enable_shared_from_this<Client> {
 public:
  // `calls`: if the broker logs calls, they are sent to it before each request, so that the log is
  // in order; null: it does not.
  Client(os::Channel channel, std::unique_ptr<CallBatch> calls)
      : channel_(std::move(channel)), calls_(std::move(calls)) {}
  ~Client() override;

  // Stands for `original`, a directory that the broker knows by `number`.
  std::shared_ptr<host::Dir> stand_in(const host::Dir& original, uint32_t number);

  // The variables that the broker has not decided about yet.
  std::shared_ptr<host::UndecidedVariables> variables();

  // The network as the broker's policy decides it.
  std::shared_ptr<host::Network> network();

  // Sets times of files in directories that this process may write to.
  std::shared_ptr<os::TimeSetter> time_setter();

  // Whether calls are sent to the broker.
  bool logs_calls() const { return calls_ != nullptr; }
  std::shared_ptr<host::CallLog> call_log();

  // Never asked about paths and ends of connections: the broker decides about those as it opens
  // them.
  grant::Decision may(const grant::Request& request) override;
  bool watches(std::string_view) override { return true; }

  // What the broker's policy refused.
  std::vector<policy::Refusal> refusals(uint64_t* left_out);
  // The same of variables, see policy::Policy.
  std::vector<std::string> missed_variables();
  // Has the broker write what is written at the end of a run. `needs`: see policy::Recorder.
  Result<void> finish(uint32_t needs);

 private:
  friend class RemoteDir;
  friend class RemoteVariables;
  friend class RemoteNetwork;
  friend class RemoteSocket;
  friend class RemoteTimes;
  friend class RemoteLog;

  using Message = os::Channel::Message;
  using Waits = os::Channel::Waits;
  // A request that is on its way.
  struct Pending {
    RequestNumber number = 0;
    std::optional<host::HostResult<Message>> answer;
    bool somebody_is_asked = false;
    // Where an operation expects the answer; null: a thread waits for it.
    std::shared_ptr<host::AnswerOf<Message>> place;
  };
  class RemoteAnswer;
  class Pump;

  // The answer, see reader_of(). With until_stopped also intr, if the guest is to stop meanwhile;
  // the request is cancelled then.
  host::HostResult<Message> ask(const Writer& request, Waits waits = Waits::for_ever);
  // The same as an operation.
  std::unique_ptr<host::Answer<Message>> start(const Writer& request);
  // For requests that have no answer.
  void tell(const Writer& request);
  // Sends; while there is no room for that, reads what comes.
  os::Sys<void> put(Bytes message);
  void cancel(RequestNumber number);

  // `pending` must live until it has its answer or is forgotten. Reports calls first.
  host::HostResult<void> send(const Writer& request, const std::shared_ptr<Pending>& pending);
  void remember(const std::shared_ptr<Pending>& pending);
  void forget(const Pending& pending);
  host::HostResult<Message> await(Pending& pending, Waits waits);
  // ---- with mutex_ held
  void deliver(Message message);
  void end_all(host::Errno why);
  // Reads what is there; false: another thread reads, or the connection has ended.
  bool read_what_is_there();
  std::shared_ptr<Pump> pump_in(os::EventLoop& loop);

  void log(const host::CallRecord& record);
  void send_calls();

  os::Channel channel_;
  std::unique_ptr<CallBatch> calls_;
  // So that the log is in order: calls are taken from calls_ and sent in one step.
  std::mutex send_mutex_;
  // Calls that are being written to the log.
  std::mutex block_mutex_;
  std::shared_ptr<Pending> block_;

  std::mutex mutex_;  // of all below; never held while waiting for an answer
  std::condition_variable changed_;
  std::map<RequestNumber, std::shared_ptr<Pending>> pending_;
  RequestNumber next_number_ = 1;
  bool is_reading_ = false;  // some thread is
  bool refused_ = false;     // the broker has refused something
  std::vector<std::weak_ptr<Pump>> pumps_;
};

// A gate that can be told, before a second thread uses it, to pass its questions to another gate.
class GateSwitch final : public grant::Gate {
 public:
  explicit GateSwitch(std::shared_ptr<grant::Gate> gate) : gate_(std::move(gate)) {}
  void hand_over(std::shared_ptr<grant::Gate> gate) { gate_ = std::move(gate); }
  grant::Decision may(const grant::Request& request) override { return gate_->may(request); }
  bool may_look(const grant::Request& request) override { return gate_->may_look(request); }
  bool watches(std::string_view directory) override { return gate_->watches(directory); }

 private:
  std::shared_ptr<grant::Gate> gate_;
};

}  // namespace nacre::broker
