#include "host/world.h"

#include <algorithm>

namespace nacre::host {

World::World()
    : clock_(make_real_clock()),
      random_(make_real_random()),
      denials_(std::make_shared<DenialLog>()),
      written_bytes_(std::make_shared<WrittenBytes>(0)) {}

World& World::arguments(std::vector<std::string> arguments) {
  env_.arguments = std::move(arguments);
  return *this;
}

World& World::variable(std::string name, std::string value) {
  env_.variables.emplace_back(std::move(name), std::move(value));
  return *this;
}

World& World::undecided_variables(std::shared_ptr<UndecidedVariables> variables) {
  env_.undecided = std::move(variables);
  return *this;
}

World& World::inherit_stdio() {
  for (int fd = 0; fd < 3; ++fd) {
    auto stream = inherit_stream(fd);
    streams_[fd] = stream ? std::move(*stream) : nullptr;
  }
  return *this;
}

World& World::standard_input(std::shared_ptr<Stream> stream) {
  streams_[0] = std::move(stream);
  return *this;
}

World& World::standard_output(std::shared_ptr<Stream> stream) {
  streams_[1] = std::move(stream);
  return *this;
}

World& World::standard_error(std::shared_ptr<Stream> stream) {
  streams_[2] = std::move(stream);
  return *this;
}

World& World::clock(std::shared_ptr<Clock> clock) {
  clock_ = std::move(clock);
  return *this;
}

World& World::random(std::shared_ptr<Random> random) {
  random_ = std::move(random);
  return *this;
}

World& World::gate(std::shared_ptr<Gate> gate) {
  gate_ = std::move(gate);
  return *this;
}

std::shared_ptr<const Grant> World::grant(std::string name, Rights rights) const {
  return std::make_shared<Grant>(std::move(name), rights, gate_, denials_);
}

HostResult<void> World::preopen(const std::string& host_path, std::string guest_path,
                                Rights rights) {
  auto dir = HOST_TRY(open_real_dir(host_path, grant(guest_path, rights)));
  preopen(std::move(dir), std::move(guest_path), host_path);
  return {};
}

HostResult<void> World::preopen_root(const std::string& working_dir) {
  auto open = std::make_shared<Grant>("/", Rights::all, gate_, denials_, true);
  preopen(HOST_TRY(open_root_dir(std::move(open), working_dir)), "/", "/");
  return {};
}

World& World::preopen(std::shared_ptr<Dir> dir, std::string guest_path, std::string host_path) {
  preopens_.push_back({std::move(dir), std::move(guest_path), std::move(host_path)});
  return *this;
}

World& World::replace_directories(
    const std::function<std::shared_ptr<Dir>(const std::shared_ptr<Dir>&)>& replacement) {
  for (Preopen& preopen : preopens_) preopen.dir = replacement(preopen.dir);
  return *this;
}

bool World::has_guarded_mounts() const {
  return std::ranges::any_of(preopens_, [](const Preopen& preopen) {
    return preopen.dir->is_guarded() && !preopen.dir->grant()->is_open();
  });
}

World& World::socket(std::shared_ptr<Socket> socket) {
  sockets_.push_back(std::move(socket));
  return *this;
}

World& World::network(std::shared_ptr<Network> network) {
  network_ = std::move(network);
  return *this;
}

World& World::call_log(std::shared_ptr<CallLog> log) {
  call_log_ = std::move(log);
  return *this;
}

World& World::limits(WorldLimits limits) {
  limits_ = limits;
  return *this;
}

World& World::limits_of(const World& other) {
  limits_ = other.limits_;
  written_bytes_ = other.written_bytes_;
  return *this;
}

}  // namespace nacre::host
