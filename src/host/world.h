// Everything that a guest has from outside, independent of the interface that shows it: arguments,
// environment, streams, directories, clocks, randomness, sockets, the network, and limits on their
// use. What was not given does not exist for the guest. Each version of WASI is a skin over a World
// (src/wasi).
//
// Build one, then hand it to the guest, or to many that share it (wasi/guest.h). No setter fails
// except those that open something. One thread at a time builds it; afterwards any may read it.
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
#include "host/grant.h"
#include "host/network.h"
#include "host/random.h"
#include "host/socket.h"
#include "host/stream.h"

namespace nacre::host {

struct WorldLimits {
  uint32_t max_handles = 1024;        // open at one time
  uint32_t max_subscriptions = 4096;  // waited for in one call
  // The user set the number of handles: a guest that wants more is ended instead of getting an
  // error.
  bool handles_are_set = false;
  // Written to files, streams and sockets together, and added to files' lengths; nothing: any.
  std::optional<uint64_t> max_written_bytes;
};

// How many bytes guests wrote so far, counted if that is limited. Any thread.
using WrittenBytes = std::atomic<uint64_t>;

// A directory as a guest gets it.
struct Preopen {
  std::shared_ptr<Dir> dir;
  std::string guest_path;
  std::string host_path;  // empty if it is not a directory of the host
};

class World {
 public:
  World();

  // The program's own name is the first argument.
  World& arguments(std::vector<std::string> arguments);
  World& variable(std::string name, std::string value);
  // More variables, decided when the guest first asks for its environment. null: none.
  World& undecided_variables(std::shared_ptr<UndecidedVariables> variables);

  // This process's own stdin, stdout, stderr; a closed one is left out.
  World& inherit_stdio();
  World& standard_input(std::shared_ptr<Stream> stream);   // null: none
  World& standard_output(std::shared_ptr<Stream> stream);  // null: none
  World& standard_error(std::shared_ptr<Stream> stream);   // null: none

  // null takes the capability away. Until set: the real ones.
  World& clock(std::shared_ptr<Clock> clock);
  World& random(std::shared_ptr<Random> random);

  // Decides what grants leave open; never null. Set it before the grants; until set:
  // grant::grants_alone().
  World& gate(std::shared_ptr<Gate> gate);

  // In the order in which the guest sees them.
  HostResult<void> preopen(const std::string& host_path, std::string guest_path,
                           Rights rights = Rights::all);
  // The whole file system, each act decided by the gate; listed after the directories granted so
  // far.
  HostResult<void> preopen_root(const std::string& working_dir);
  World& preopen(std::shared_ptr<Dir> dir, std::string guest_path, std::string host_path = "");
  // Replaces each directory by what `replacement` returns for it.
  World& replace_directories(
      const std::function<std::shared_ptr<Dir>(const std::shared_ptr<Dir>&)>& replacement);
  // Whether the gate decides some acts in a directory that was granted.
  bool has_guarded_mounts() const;
  World& socket(std::shared_ptr<Socket> socket);
  // Through which the guest makes sockets of its own; until set: it makes none.
  World& network(std::shared_ptr<Network> network);

  // Told of every call that uses a grant; null: calls are not logged.
  World& call_log(std::shared_ptr<CallLog> log);

  World& limits(WorldLimits limits);
  // Takes the limits of another world, and counts written bytes together with it.
  World& limits_of(const World& other);

  const Env& env() const { return env_; }
  const std::shared_ptr<Stream>& stream(size_t number) const { return streams_[number]; }
  const std::shared_ptr<Clock>& clock() const { return clock_; }
  const std::shared_ptr<Random>& random() const { return random_; }
  const std::vector<Preopen>& preopens() const { return preopens_; }
  const std::vector<std::shared_ptr<Socket>>& sockets() const { return sockets_; }
  const std::shared_ptr<Network>& network() const { return network_; }
  const std::shared_ptr<CallLog>& call_log() const { return call_log_; }
  const WorldLimits& limits() const { return limits_; }
  const std::shared_ptr<WrittenBytes>& written() const { return written_bytes_; }
  // Moves the sockets out, so that they close when their one guest closes them.
  std::vector<std::shared_ptr<Socket>> take_sockets() { return std::exchange(sockets_, {}); }

  // What was refused so far.
  const std::shared_ptr<DenialLog>& denials() const { return denials_; }
  // A grant with this world's gate and log, for objects made elsewhere.
  std::shared_ptr<const Grant> grant(std::string name, Rights rights = Rights::all) const;

 private:
  Env env_;
  std::shared_ptr<Stream> streams_[3];
  std::shared_ptr<Clock> clock_;
  std::shared_ptr<Random> random_;
  std::shared_ptr<Gate> gate_ = grant::grants_alone();
  std::shared_ptr<DenialLog> denials_;
  std::vector<Preopen> preopens_;
  std::vector<std::shared_ptr<Socket>> sockets_;
  std::shared_ptr<Network> network_;
  std::shared_ptr<CallLog> call_log_;
  WorldLimits limits_;
  std::shared_ptr<WrittenBytes> written_bytes_;
};

}  // namespace nacre::host
