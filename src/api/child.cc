// The rights of a module that another one was given: made of what its parent has, object by object,
// so that it can have nothing else.

#include "api/grants.h"
#include "base/utf8.h"
#include "host/network.h"
#include "os/host_path.h"

namespace nacre::api {
namespace {

using grant::Kind;
using grant::Rule;
using grant::Verdict;
using host::Dir;
using host::Preopen;
using host::World;

Error beyond_parent(const Rule& rule) {
  return Error(ErrorCode::denied, grant::flag_text(rule).substr(2) + " (" + rule.origin +
                                      "): it can only be given what its parent has, and its parent "
                                      "was not granted that");
}

Error unopened(const Rule& rule, host::Errno error) {
  if (error == host::Errno::no_capability || error == host::Errno::not_granted ||
      error == host::Errno::hidden) {
    return beyond_parent(rule);
  }
  return Error(ErrorCode::io, grant::flag_text(rule).substr(2) + " (" + rule.origin +
                                  "): " + std::string(host::errno_text(error)));
}

// The deepest directory of the parent's that holds the path.
const Preopen* holder_of(const World& parent, std::string_view path) {
  const Preopen* found = nullptr;
  for (const Preopen& preopen : parent.preopens()) {
    if (preopen.host_path.empty() || !is_beneath(path, preopen.host_path)) continue;
    if (found == nullptr || preopen.host_path.size() > found->host_path.size()) found = &preopen;
  }
  return found;
}

Result<std::shared_ptr<Dir>> part_of(const World& parent, const Rule& rule) {
  const Preopen* holder = holder_of(parent, rule.path);
  if (holder == nullptr || !grant::includes(holder->dir->grant()->rights(), rule.rights)) {
    return std::unexpected(beyond_parent(rule));
  }
  std::string below = rule.path.substr(holder->host_path == "/" ? 0 : holder->host_path.size());
  below.erase(0, below.find_first_not_of('/'));
  if (below.empty()) return holder->dir;
  auto opened = holder->dir->open(below, {.read = true, .directory = true, .follow = true});
  if (!opened) return std::unexpected(unopened(rule, opened.error()));
  return std::static_pointer_cast<Dir>(std::move(*opened));
}

// What the parent has of a kind that is there or not: `object`, or nothing if it was not given.
template <class Object>
Result<std::shared_ptr<Object>> switched(const Grants& grants, const grant::RuleSet& rules,
                                         Kind kind, std::shared_ptr<Object> object) {
  Verdict verdict = rules.evaluate({.kind = kind, .object = {}});
  if (verdict.answer == Verdict::allowed && !object) {
    return std::unexpected(beyond_parent(*verdict.because));
  }
  bool given = verdict.answer == Verdict::allowed ||
               (verdict.answer == Verdict::undecided && grants.granted_by_default(kind));
  return given ? std::move(object) : nullptr;
}

// A value that is written down is not a right of the parent's.
Result<void> give_variables(World& world, const World& parent, const grant::RuleSet& rules) {
  std::vector<const Rule*> unset;
  const host::Variables& parents = parent.env().variables;
  for (auto& [name, value] : granted_variables(rules, {parents.begin(), parents.end()}, unset)) {
    world.variable(name, value);
  }
  if (!unset.empty()) return std::unexpected(beyond_parent(*unset.front()));
  return {};
}

Result<void> give_directories(World& world, const World& parent, const grant::RuleSet& rules) {
  for (const Rule& rule : rules.rules()) {
    if (rule.kind != Kind::dir) continue;
    auto dir = TRY(part_of(parent, rule));
    std::string guest = rule.guest.empty() ? rule.given : rule.guest;
    auto narrowed = dir->narrowed(world.grant(guest, rule.rights));
    if (!narrowed) return std::unexpected(unopened(rule, narrowed.error()));
    world.preopen(std::move(*narrowed), guest, rule.path);
  }
  return {};
}

// The parent's network as far as rules of its own go: what they do not allow, the parent is not
// asked for. It listens nowhere.
class NarrowedNetwork final : public host::Network,
                              public std::enable_shared_from_this<NarrowedNetwork> {
 public:
  NarrowedNetwork(std::shared_ptr<host::Network> parent, grant::RuleSet rules)
      : parent_(std::move(parent)), rules_(std::move(rules)) {}

  std::unique_ptr<host::Answer<Addresses>> start_look_up(std::string_view text) override {
    auto name = allowed_name(text);
    if (!name) return host::answered<Addresses>(host::failed(name.error()));
    return host::make_answer<Addresses>(
        parent_->start_look_up(*name),
        [self = shared_from_this(), name = *name](host::HostResult<Addresses> addresses) {
          return self->learned(name, std::move(addresses));
        });
  }
  host::HostResult<Addresses> look_up(std::string_view text) override {
    std::string name = HOST_TRY(allowed_name(text));
    return learned(name, parent_->look_up(name));
  }
  bool leads_elsewhere(const IpAddress& address) override {
    return parent_->leads_elsewhere(address);
  }
  host::HostResult<std::unique_ptr<host::OpenedSocket>> open(const host::SocketPlan& plan) override;

  host::HostResult<void> may_reach(os::SocketType type, const Endpoint& to) {
    std::vector<std::string> names = names_.names_of(to.address);
    std::string object = host::object_text(type, to);
    bool stays_here = !names.empty() && !leads_elsewhere(to.address);
    return check({.kind = Kind::net, .object = object, .names = names, .stays_here = stays_here});
  }

 private:
  host::HostResult<std::string> allowed_name(std::string_view text) const {
    auto name = canonical_host_name(text);
    if (!name) return host::failed(host::Errno::inval);
    HOST_TRY(check({.kind = Kind::lookup, .object = *name}));
    return *name;
  }
  host::HostResult<Addresses> learned(const std::string& name,
                                      host::HostResult<Addresses> addresses) {
    if (addresses) names_.learn(name, *addresses);
    return addresses;
  }
  host::HostResult<void> check(const grant::Request& request) const {
    if (rules_.evaluate(request).answer == Verdict::allowed) return {};
    return host::failed(host::Errno::no_capability);
  }

  std::shared_ptr<host::Network> parent_;
  grant::RuleSet rules_;
  host::NameMemory names_;
};

class NarrowedSocket final : public host::OpenedSocket {
 public:
  NarrowedSocket(std::shared_ptr<NarrowedNetwork> network, os::SocketType type,
                 std::unique_ptr<host::OpenedSocket> inner)
      : network_(std::move(network)), type_(type), inner_(std::move(inner)) {}

  int fd() const override { return inner_->fd(); }
  os::OwnedFd take() override { return inner_->take(); }
  host::HostResult<void> bind(const Endpoint&) override {
    return host::failed(host::Errno::no_capability);
  }
  host::HostResult<void> listen(int) override { return host::failed(host::Errno::inval); }
  host::HostResult<bool> connect(const Endpoint& asked) override {
    Endpoint to = real_destination(asked);
    HOST_TRY(network_->may_reach(type_, to));
    return inner_->connect(to);
  }
  host::HostResult<size_t> send_to(const Endpoint& asked, Bytes bytes) override {
    Endpoint to = real_destination(asked);
    HOST_TRY(network_->may_reach(type_, to));
    return inner_->send_to(to, bytes);
  }
  host::HostResult<void> set_option(host::SocketOption option, int64_t value) override {
    return inner_->set_option(option, value);
  }

 private:
  std::shared_ptr<NarrowedNetwork> network_;
  os::SocketType type_;
  std::unique_ptr<host::OpenedSocket> inner_;
};

host::HostResult<std::unique_ptr<host::OpenedSocket>> NarrowedNetwork::open(
    const host::SocketPlan& plan) {
  auto inner = HOST_TRY(parent_->open(plan));
  return std::make_unique<NarrowedSocket>(shared_from_this(), plan.type, std::move(inner));
}

bool is_about_network(Kind kind) { return kind == Kind::net || kind == Kind::lookup; }

void give_network(World& world, const World& parent, const grant::RuleSet& rules) {
  if (!parent.network()) return;
  world.network(std::make_shared<NarrowedNetwork>(parent.network(), rules));
}

// What only a whole program can have.
Result<void> refuse_what_is_the_programs(const Rule& rule) {
  bool denies_path = rule.is_path() && !rule.allow;
  bool switchable = grant::info_of(rule.kind).shape == grant::Shape::on_off;
  if (switchable || rule.kind == Kind::env || is_about_network(rule.kind) ||
      (rule.kind == Kind::dir && !denies_path))
    return {};
  return fail(ErrorCode::unsupported,
              grant::flag_text(rule).substr(2) + " (" + rule.origin +
                  "): a module beside a program is given directories, variables, connections, "
                  "streams, clocks and randomness; leave this out, or grant it to the program");
}

}  // namespace

Result<World> Grants::prepare_child(const World& parent) const {
  if (ask_ != Ask::never || remember_ || lockdown_ || !audit_.empty() || !record_.empty()) {
    return fail(
        ErrorCode::usage,
        "asking, remembering, recording, auditing and locking down can be set for a program, "
        "not for a module beside it");
  }
  TRY(refuse_another_module());
  grant::RuleSet rules;
  rules.add_all(rules_);
  for (const Rule& rule : rules_) TRY(refuse_what_is_the_programs(rule));
  World world;
  world.arguments(arguments_);
  world.limits_of(parent);
  world.call_log(parent.call_log());
  world.standard_input(TRY(switched(*this, rules, Kind::stdin, parent.stream(0))));
  world.standard_output(TRY(switched(*this, rules, Kind::stdout, parent.stream(1))));
  world.standard_error(TRY(switched(*this, rules, Kind::stderr, parent.stream(2))));
  world.clock(TRY(switched(*this, rules, Kind::clock, parent.clock())));
  world.random(TRY(switched(*this, rules, Kind::random, parent.random())));
  TRY(give_variables(world, parent, rules));
  TRY(give_directories(world, parent, rules));
  give_network(world, parent, rules);
  return world;
}

}  // namespace nacre::api
