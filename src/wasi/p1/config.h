// What one guest gets from outside: arguments, environment, streams, directories, clocks,
// randomness, sockets, the network. What is not given is not there: calls for it fail with
// notcapable.
//
// Build one, then hand it to Preview1. No setter fails except those that open something.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/call_log.h"
#include "host/clock.h"
#include "host/dir.h"
#include "host/env.h"
#include "host/gate.h"
#include "host/network.h"
#include "host/random.h"
#include "host/socket.h"
#include "host/stream.h"

namespace nacre::wasi::p1 {

struct Limits {
  uint32_t max_descriptors = 1024;
  uint32_t max_subscriptions = 4096;  // of one poll_oneoff
  // Somebody set the number of descriptors: wanting more ends the guest instead of being mfile.
  bool descriptors_are_set = false;
  // To files, streams and sockets together, and by which files are made longer; nothing: any.
  std::optional<uint64_t> max_written_bytes;
};

// A directory as a guest gets it.
struct Preopen {
  std::shared_ptr<host::Dir> dir;
  std::string guest_path;
  std::string host_path;  // empty if it is none of the host's
};

class Config {
 public:
  Config();

  // The program's own name is the first argument.
  Config& arguments(std::vector<std::string> arguments);
  Config& variable(std::string name, std::string value);
  // More variables, decided when the guest first asks for its environment. null: none.
  Config& undecided_variables(std::shared_ptr<host::UndecidedVariables> variables);

  // This process's own stdin, stdout, stderr; a closed one is left out.
  Config& inherit_stdio();
  Config& standard_input(std::shared_ptr<host::Stream> stream);   // null: none
  Config& standard_output(std::shared_ptr<host::Stream> stream);  // null: none
  Config& standard_error(std::shared_ptr<host::Stream> stream);   // null: none

  // null takes the capability away. Until set: the real ones.
  Config& clock(std::shared_ptr<host::Clock> clock);
  Config& random(std::shared_ptr<host::Random> random);

  // Asked about what grants leave open. Set it before the grants; until set: nobody.
  Config& gate(std::shared_ptr<host::Gate> gate);

  // Directories appear as descriptors 3, 4, ... in this order, sockets behind them.
  host::HostResult<void> preopen(const std::string& host_path, std::string guest_path,
                                 host::Rights rights = host::Rights::all);
  // All there is, each act decided by the gate; behind the directories granted so far.
  host::HostResult<void> preopen_root(const std::string& working_dir);
  Config& preopen(std::shared_ptr<host::Dir> dir, std::string guest_path,
                  std::string host_path = "");
  // Each directory by what `replacement` gives for it.
  Config& replace_directories(
      const std::function<std::shared_ptr<host::Dir>(const std::shared_ptr<host::Dir>&)>&
          replacement);
  // Whether the gate decides some acts in a directory that was granted.
  bool has_guarded_mounts() const;
  Config& socket(std::shared_ptr<host::Socket> socket);
  // What the sockets are made through that the guest makes itself; until set: it makes none.
  Config& network(std::shared_ptr<host::Network> network);

  // Told of every call that uses a grant, if functions are bound with logged = true.
  Config& call_log(std::shared_ptr<host::CallLog> log);

  Config& limits(Limits limits);
  // The limits of another one, and one account with it of what is written.
  Config& limits_of(const Config& other);

  // What was given so far, for whoever gives a part of it to somebody else.
  const host::Env& env() const { return env_; }
  const std::shared_ptr<host::Stream>& stream(size_t number) const { return streams_[number]; }
  const std::shared_ptr<host::Clock>& clock() const { return clock_; }
  const std::shared_ptr<host::Random>& random() const { return random_; }
  const std::vector<Preopen>& preopens() const { return preopens_; }
  const std::shared_ptr<host::Network>& network() const { return network_; }
  const std::shared_ptr<host::CallLog>& call_log() const { return call_log_; }
  // All but the sockets, which are one guest's.
  Config without_sockets() const;

  // What was refused so far; lives as long as the last of Config and Preview1.
  const std::shared_ptr<host::DenialLog>& denials() const { return denials_; }
  // A grant of this configuration's gate and log, for objects made elsewhere.
  std::shared_ptr<const host::Grant> grant(std::string name,
                                           host::Rights rights = host::Rights::all) const;

 private:
  friend class Preview1;

  host::Env env_;
  std::shared_ptr<host::Stream> streams_[3];
  std::shared_ptr<host::Clock> clock_;
  std::shared_ptr<host::Random> random_;
  std::shared_ptr<host::Gate> gate_;
  std::shared_ptr<host::DenialLog> denials_;
  std::vector<Preopen> preopens_;
  std::vector<std::shared_ptr<host::Socket>> sockets_;
  std::shared_ptr<host::Network> network_;
  std::shared_ptr<host::CallLog> call_log_;
  Limits limits_;
  std::shared_ptr<std::atomic<uint64_t>> written_bytes_;  // so far
};

}  // namespace nacre::wasi::p1
