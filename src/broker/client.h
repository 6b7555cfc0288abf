// The end of the process that runs a guest: what its broker does for it looks like the real thing.
//
// Any thread; requests take turns. When the broker is gone, everything fails with io, and what was
// to be decided is denied.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "broker/call_batch.h"
#include "broker/protocol.h"
#include "host/dir.h"
#include "host/env.h"
#include "host/grant.h"
#include "host/network.h"
#include "os/channel.h"
#include "policy/policy.h"

namespace nacre::broker {

class Client final : public grant::Gate, public std::enable_shared_from_this<Client> {
 public:
  // `calls`: for a broker that logs calls, which is told of them before each request, so that the
  // log is in order; null: it logs none.
  Client(os::Channel channel, std::unique_ptr<CallBatch> calls)
      : channel_(std::move(channel)), calls_(std::move(calls)) {}
  ~Client() override;

  // What looks like `original`, a directory that the broker knows by `number`.
  std::shared_ptr<host::Dir> stand_in(const host::Dir& original, uint32_t number);

  // What the broker knows of variables that are not decided.
  std::shared_ptr<host::UndecidedVariables> variables();

  // The network as the broker's policy decides it.
  std::shared_ptr<host::Network> network();

  // Sets times of what lies in directories that this process may write to.
  std::shared_ptr<os::TimeSetter> time_setter();

  // Whether the broker is told of calls.
  bool logs_calls() const { return calls_ != nullptr; }
  std::shared_ptr<host::CallLog> call_log();

  // Never about paths and ends of connections: those are decided where they are opened.
  grant::Decision may(const grant::Request& request) override;
  bool watches(std::string_view) override { return true; }

  // What the broker's policy refused.
  std::vector<policy::Refusal> refusals(uint64_t* left_out);
  // Has written what the run's end leaves to write. `calls`: see policy::Recorder.
  Result<void> finish(uint32_t calls);

 private:
  friend class RemoteDir;
  friend class RemoteVariables;
  friend class RemoteNetwork;
  friend class RemoteSocket;
  friend class RemoteTimes;
  friend class RemoteLog;

  // The answer's message; its bytes begin behind the error. intr, if it waits until_stopped: the
  // guest is to stop; the answer is thrown away when it comes.
  host::HostResult<os::Channel::Message> ask(
      const Writer& request, os::Channel::Waits waits = os::Channel::Waits::for_ever);
  host::HostResult<os::Channel::Message> next_answer(os::Channel::Waits waits);
  void tell(const Writer& request);
  void log(const host::CallRecord& record);
  void send_calls();
  host::HostResult<void> await_the_unwanted();

  os::Channel channel_;
  std::unique_ptr<CallBatch> calls_;
  std::mutex mutex_;
  bool refused_ = false;     // something, at some time
  uint32_t not_wanted_ = 0;  // answers that no request waits for any more
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
