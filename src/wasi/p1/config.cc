#include "wasi/p1/config.h"

#include <algorithm>

namespace nacre::wasi::p1 {

Config::Config()
    : clock_(host::make_real_clock()),
      random_(host::make_real_random()),
      denials_(std::make_shared<host::DenialLog>()),
      written_bytes_(std::make_shared<std::atomic<uint64_t>>(0)) {}

Config& Config::arguments(std::vector<std::string> arguments) {
  env_.arguments = std::move(arguments);
  return *this;
}

Config& Config::variable(std::string name, std::string value) {
  env_.variables.emplace_back(std::move(name), std::move(value));
  return *this;
}

Config& Config::undecided_variables(std::shared_ptr<host::UndecidedVariables> variables) {
  env_.undecided = std::move(variables);
  return *this;
}

Config& Config::inherit_stdio() {
  for (int fd = 0; fd < 3; ++fd) {
    auto stream = host::inherit_stream(fd);
    streams_[fd] = stream ? std::move(*stream) : nullptr;
  }
  return *this;
}

Config& Config::standard_input(std::shared_ptr<host::Stream> stream) {
  streams_[0] = std::move(stream);
  return *this;
}

Config& Config::standard_output(std::shared_ptr<host::Stream> stream) {
  streams_[1] = std::move(stream);
  return *this;
}

Config& Config::standard_error(std::shared_ptr<host::Stream> stream) {
  streams_[2] = std::move(stream);
  return *this;
}

Config& Config::clock(std::shared_ptr<host::Clock> clock) {
  clock_ = std::move(clock);
  return *this;
}

Config& Config::random(std::shared_ptr<host::Random> random) {
  random_ = std::move(random);
  return *this;
}

Config& Config::gate(std::shared_ptr<host::Gate> gate) {
  gate_ = std::move(gate);
  return *this;
}

std::shared_ptr<const host::Grant> Config::grant(std::string name, host::Rights rights) const {
  return std::make_shared<host::Grant>(std::move(name), rights, gate_, denials_);
}

host::HostResult<void> Config::preopen(const std::string& host_path, std::string guest_path,
                                       host::Rights rights) {
  auto dir = HOST_TRY(host::open_real_dir(host_path, grant(guest_path, rights)));
  preopen(std::move(dir), std::move(guest_path), host_path);
  return {};
}

host::HostResult<void> Config::preopen_root(const std::string& working_dir) {
  auto open = std::make_shared<host::Grant>("/", host::Rights::all, gate_, denials_, true);
  preopen(HOST_TRY(host::open_root_dir(std::move(open), working_dir)), "/", "/");
  return {};
}

Config& Config::preopen(std::shared_ptr<host::Dir> dir, std::string guest_path,
                        std::string host_path) {
  preopens_.push_back({std::move(dir), std::move(guest_path), std::move(host_path)});
  return *this;
}

Config& Config::replace_directories(
    const std::function<std::shared_ptr<host::Dir>(const std::shared_ptr<host::Dir>&)>&
        replacement) {
  for (Preopen& preopen : preopens_) preopen.dir = replacement(preopen.dir);
  return *this;
}

bool Config::has_guarded_mounts() const {
  return std::ranges::any_of(preopens_, [](const Preopen& preopen) {
    return preopen.dir->is_guarded() && !preopen.dir->grant()->is_open();
  });
}

Config Config::without_sockets() const {
  Config rest = *this;
  rest.sockets_.clear();
  return rest;
}

Config& Config::socket(std::shared_ptr<host::Socket> socket) {
  sockets_.push_back(std::move(socket));
  return *this;
}

Config& Config::network(std::shared_ptr<host::Network> network) {
  network_ = std::move(network);
  return *this;
}

Config& Config::call_log(std::shared_ptr<host::CallLog> log) {
  call_log_ = std::move(log);
  return *this;
}

Config& Config::limits(Limits limits) {
  limits_ = limits;
  return *this;
}

Config& Config::limits_of(const Config& other) {
  limits_ = other.limits_;
  written_bytes_ = other.written_bytes_;
  return *this;
}

}  // namespace nacre::wasi::p1
