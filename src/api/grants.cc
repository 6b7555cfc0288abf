#include "api/grants.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "base/utf8.h"
#include "host/network.h"
#include "host/socket.h"
#include "os/file_contents.h"
#include "os/host_path.h"
#include "os/listen.h"
#include "os/private_file.h"
#include "policy/ask_server.h"
#include "policy/asking.h"
#include "policy/place.h"

namespace nacre::api {
namespace {

using grant::Kind;
using grant::Rights;
using grant::Rule;
using grant::Source;

std::string quoted(std::string_view text) { return "\"" + printable(text) + "\""; }

bool is_flag(const Rule& rule) {
  return rule.source == Source::flag || rule.source == Source::allow_all;
}

// How a path begins for libraries that know no working directory: "/" and "." are the same place.
bool hides_root(std::string_view guest) {
  return guest.find_first_not_of("./") == std::string_view::npos &&
         guest.find("..") == std::string_view::npos;
}

std::string_view guest_name(const Rule& rule) {
  return rule.guest.empty() ? std::string_view(rule.given) : rule.guest;
}

// Directories that are mounted: those that were granted. What was remembered is decided below the
// root, but for what was given a name of its own; so is everything, for both absolute paths and
// those of the working directory are meant.
bool is_mount(const Rule& rule) {
  bool is_below_root = rule.source == Source::remembered || rule.source == Source::allow_all;
  return rule.kind == Kind::dir && rule.allow && (!rule.guest.empty() || !is_below_root);
}

bool is_decided_below_root(const Rule& rule) {
  return rule.allow && rule.is_path() && !is_mount(rule);
}

bool allows_writing(const Rule& rule) {
  return rule.allow && rule.is_path() && grant::includes(rule.rights, grant::Rights::write);
}

// Addresses that are listened at before the program begins. Where it asked to listen itself once,
// it does so again.
bool is_handed_over(const Rule& rule) {
  return rule.kind == Kind::listen && rule.allow && !rule.endpoint.is_udp() &&
         rule.source != Source::remembered;
}

// Whether another rule takes it away.
bool is_denied(const grant::RuleSet& rules, const Rule& listen) {
  std::string_view end = listen.endpoint_text;
  std::string object = std::string(end.starts_with("tcp://") ? "" : "tcp://").append(end);
  auto verdict = rules.evaluate({.kind = Kind::listen, .object = object});
  return verdict.answer == grant::Verdict::denied;
}

// Whether the program could be let on to the network.
bool could_connect(const Rule& rule) {
  bool listens = rule.kind == Kind::listen && !is_handed_over(rule);
  return rule.allow && (rule.kind == Kind::net || rule.kind == Kind::lookup || listens);
}

// Where a rule comes from, unless that is the flag which the message begins with.
std::string said(const Rule& rule) { return is_flag(rule) ? "" : " (" + rule.origin + ")"; }

// Passes on what a call was about to both who want to know.
class CallLogs final : public host::CallLog {
 public:
  CallLogs(std::shared_ptr<host::CallLog> first, std::shared_ptr<host::CallLog> second)
      : logs_{std::move(first), std::move(second)} {}
  void called(const host::CallRecord& record) override {
    for (const auto& log : logs_) log->called(record);
  }

 private:
  std::array<std::shared_ptr<host::CallLog>, 2> logs_;
};

}  // namespace

std::shared_ptr<host::CallLog> both_logs(std::shared_ptr<host::CallLog> first,
                                         std::shared_ptr<host::CallLog> second) {
  if (!first) return second;
  if (!second) return first;
  return std::make_shared<CallLogs>(std::move(first), std::move(second));
}

Result<void> Grants::refuse_what_is_not_enforced() const {
  for (const Rule& rule : rules_) {
    if (grant::info_of(rule.kind).enforced != grant::Enforced::no) continue;
    return fail(ErrorCode::unsupported, grant::flag_text(rule).substr(2) + " (" + rule.origin +
                                            "): nothing enforces this limit yet, so the program "
                                            "is not run");
  }
  return {};
}

Result<void> Grants::refuse_another_module() const {
  if (module_digest_.empty() || !subject_.digest || subject_.digest() == module_digest_) return {};
  return fail(ErrorCode::denied, printable(module_file_) + " is for another module (" +
                                     module_digest_ + "), not for " + subject_.digest());
}

bool Grants::granted_by_default(Kind kind) const {
  bool output = kind == Kind::stdout || kind == Kind::stderr;
  return grant::info_of(kind).granted_by_default && (!deny_all_ || output);
}

bool Grants::reads_store() const { return remember_ && (!deny_all_ || ask_ != Ask::never); }

bool Grants::shows_root(const grant::RuleSet& rules) const {
  bool wanted = root_ && (!deny_all_ || ask_ == Ask::always);
  bool sockets = false;
  for (const Rule& rule : rules.rules()) {
    if (!rule.allow) continue;
    if (is_mount(rule) && hides_root(guest_name(rule))) return false;
    if (rule.is_path() && !is_mount(rule)) wanted = true;
    if (is_handed_over(rule)) sockets = true;
  }
  // Programs that listen know their sockets by number: another directory would move them.
  return wanted && (!sockets || ask_ == Ask::always);
}

Result<void> Grants::watch(Prepared& prepared, policy::Policy::Options& options) {
  std::shared_ptr<host::CallLog> log;
  if (!audit_.empty()) {
    auto audit = TRY(policy::Audit::open(audit_));
    audit->start(subject_.name, subject_.digest ? subject_.digest() : "",
                 grant::signers_text(policy::names_of(options.signers)));
    options.watchers.push_back(audit);
    log = audit;
    prepared.session.audit = std::move(audit);
  }
  if (!record_.empty()) {
    auto recorder = std::make_shared<policy::Recorder>(options.rules.rules());
    options.watchers.push_back(recorder);
    log = both_logs(std::move(log), recorder);
    prepared.session.recorder = std::move(recorder);
    std::string path = os::canonical_path(record_, here_.directory);
    prepared.session.record_file = TRY(os::HeldName::find(path));
  }
  prepared.world.call_log(std::move(log));
  return {};
}

Result<void> Grants::choose_asker(policy::Policy::Options& options) {
  if (lockdown_ && asker_) {
    return fail(
        ErrorCode::usage,
        "a process that is locked down cannot call back: leave out the callback or lockdown");
  }
  if (ask_ == Ask::never) asker_ = nullptr;
  if (!ask_server_.empty()) {
    if (asker_)
      return fail(ErrorCode::usage, "questions go to the callback or to the server, not to both");
    asker_ = TRY(policy::ServerAsker::create(ask_server_));
    options.max_questions = policy::ServerAsker::kMaxQuestions;
  }
  bool at_terminal = ask_ == Ask::on_terminal && !deny_all_ && policy::is_on_terminal();
  if (!asker_ && (ask_ == Ask::always || at_terminal)) {
    asker_ = terminal_ = std::make_shared<policy::TerminalAsker>();
  }
  options.asker = asker_;
  return {};
}

Result<Prepared> Grants::prepare() {
  TRY(refuse_what_is_not_enforced());
  TRY(refuse_another_module());
  policy::Policy::Options options;
  TRY(choose_asker(options));
  policy::Remembered remembered_now = TRY(remembered());
  options.subject = subject_;
  options.signers = std::move(remembered_now.signers);
  options.earlier = std::move(remembered_now.earlier);
  options.rules.add_all(rules_);
  options.rules.add_all(std::move(remembered_now.rules));
  options.late_rules = [files = own_files_, directory = here_.directory] {
    return policy::protection(files, directory);
  };
  if (reads_store()) options.store = policy::Store::of_user();

  Prepared prepared;
  prepared.session.name = subject_.name;
  std::ranges::copy_if(options.rules.rules(), std::back_inserter(prepared.session.mounts),
                       is_mount);
  TRY(watch(prepared, options));
  const grant::RuleSet rules = options.rules;
  auto policy = std::make_shared<policy::Policy>(std::move(options));
  prepared.session.policy = policy;
  std::shared_ptr<grant::Gate> gate = policy;
  if (lockdown_) gate = prepared.gate = std::make_shared<broker::GateSwitch>(policy);
  host::World& world = prepared.world;
  world.gate(gate);
  world.arguments(arguments_);
  TRY(grant_variables(world, rules));
  world.undecided_variables(policy::asking_variables(policy));
  grant_streams(world, rules, gate);
  TRY(grant_handles(world, rules));
  world.network(host::make_real_network(gate));
  prepared.alone = alone_;
  prepared.may_write = asker_ || std::ranges::any_of(rules.rules(), allows_writing);
  prepared.needs_broker = asker_ || prepared.session.recorder || prepared.session.audit ||
                          world.has_guarded_mounts() || may_set_times_by_name(world) ||
                          std::ranges::any_of(rules.rules(), is_decided_below_root) ||
                          (may_call_network() && std::ranges::any_of(rules.rules(), could_connect));
  return prepared;
}

bool Grants::may_call_network() const {
  if (!subject_.digest || subject_.has_company) return true;
  auto reaches = [&](grant::Uses uses) {
    return std::ranges::find(subject_.reaches, grant::uses_name(uses)) != subject_.reaches.end();
  };
  return reaches(grant::Uses::net) || reaches(grant::Uses::listen);
}

bool Grants::may_set_times_by_name(const host::World& world) const {
  if (subject_.digest && !subject_.has_company && !subject_.names_times) return false;
  return std::ranges::any_of(world.preopens(), [](const host::Preopen& preopen) {
    return !preopen.dir->is_guarded() &&
           grant::includes(preopen.dir->grant()->rights(), grant::Rights::write);
  });
}

Result<policy::Remembered> Grants::remembered() const {
  std::optional<policy::Store> store;
  if (reads_store()) store = policy::Store::of_user();
  if (!store || !subject_.digest) return policy::Remembered{};
  return policy::recall(*store, subject_);
}

host::Variables granted_variables(const grant::RuleSet& rules, const os::VariableViews& own,
                                  std::vector<const Rule*>& unset) {
  // The last word about a variable counts.
  host::Variables variables;
  auto grant = [&](std::string_view name, std::string_view value) {
    auto verdict = rules.evaluate({.kind = Kind::env, .object = name});
    if (verdict.answer == grant::Verdict::denied) return;
    std::erase_if(variables, [&](const auto& variable) { return variable.first == name; });
    variables.emplace_back(name, value);
  };
  for (const Rule& rule : rules.rules()) {
    if (rule.kind != Kind::env || !rule.allow) continue;
    if (rule.value) {
      grant(rule.name, *rule.value);
    } else if (rule.name.find('*') != std::string::npos) {
      for (const auto& [name, text] : own) {
        bool fits = is_utf8(name) && is_utf8(text) && grant::matches_name(rule, name);
        if (fits) grant(name, text);
      }
    } else {
      auto found = std::ranges::find(own, rule.name, &os::VariableViews::value_type::first);
      if (found == own.end()) {
        unset.push_back(&rule);
      } else {
        grant(found->first, found->second);
      }
    }
  }
  return variables;
}

Result<void> Grants::grant_variables(host::World& world, const grant::RuleSet& rules) const {
  std::vector<const Rule*> unset;
  for (auto& [name, value] : granted_variables(rules, os::environment(), unset)) {
    world.variable(name, value);
  }
  for (const Rule* rule : unset) {
    if (!is_flag(*rule)) continue;
    return fail(ErrorCode::usage, "--env: " + quoted(rule->name) +
                                      " is not set here: set it, or give it with NAME=VALUE");
  }
  return {};
}

void Grants::grant_streams(host::World& world, const grant::RuleSet& rules,
                           const std::shared_ptr<grant::Gate>& gate) const {
  auto stream = [](int fd) -> std::shared_ptr<host::Stream> {
    auto own = host::inherit_stream(fd);
    return own ? std::move(*own) : nullptr;
  };
  enum class State { granted, asked, none };
  auto state = [&](Kind kind) {
    auto verdict = rules.evaluate({.kind = kind, .object = {}});
    if (verdict.answer == grant::Verdict::denied) return State::none;
    if (verdict.answer == grant::Verdict::allowed || granted_by_default(kind)) {
      return State::granted;
    }
    return asker_ ? State::asked : State::none;
  };
  auto output = [&](int fd, Kind kind) -> std::shared_ptr<host::Stream> {
    if (state(kind) == State::none) return nullptr;
    return terminal_ ? terminal_->pausing(stream(fd)) : stream(fd);
  };
  world.standard_output(output(1, Kind::stdout));
  world.standard_error(output(2, Kind::stderr));
  State input = state(Kind::stdin);
  auto own_input = input == State::none ? nullptr : stream(0);
  if (input == State::asked && own_input) {
    own_input = policy::asking_input(std::move(own_input), gate);
  }
  world.standard_input(std::move(own_input));
  if (State clock = state(Kind::clock); clock != State::granted) {
    bool asked = clock == State::asked;
    world.clock(asked ? policy::asking_clock(host::make_real_clock(), gate) : nullptr);
  }
  if (State random = state(Kind::random); random != State::granted) {
    bool asked = random == State::asked;
    world.random(asked ? policy::asking_random(host::make_real_random(), gate) : nullptr);
  }
}

Result<void> Grants::grant_handles(host::World& world, const grant::RuleSet& rules) const {
  uint64_t opened = 0;
  for (const Rule& rule : rules.rules()) {
    if (!is_mount(rule)) continue;
    auto done = world.preopen(rule.path, std::string(guest_name(rule)), rule.rights);
    ++opened;
    if (done) continue;
    return fail(ErrorCode::io, "--dir " + quoted(rule.given) + ": " +
                                   std::string(host::errno_text(done.error())) + said(rule));
  }
  if (shows_root(rules)) {
    ++opened;
    auto done = world.preopen_root(here_.directory);
    if (!done) return fail(ErrorCode::io, "/: " + std::string(host::errno_text(done.error())));
  }
  for (const Rule& rule : rules.rules()) {
    if (!is_handed_over(rule) || is_denied(rules, rule)) continue;
    auto fd = os::listen_tcp(rule.endpoint.name(), rule.endpoint.port());
    std::string name = rule.endpoint_text;
    if (!fd) {
      return fail(ErrorCode::io,
                  "--listen " + quoted(name) + ": " + strerror(fd.error()) + said(rule));
    }
    auto socket = host::make_real_socket(std::move(*fd), world.grant(name));
    if (!socket) {
      return fail(ErrorCode::io, "--listen " + quoted(name) + ": " +
                                     std::string(host::errno_text(socket.error())));
    }
    ++opened;
    world.socket(std::move(*socket));
  }
  constexpr uint64_t kStreams = 3;
  host::WorldLimits limits;
  if (const Rule* written = rules.limit(Kind::written)) limits.max_written_bytes = written->amount;
  if (const Rule* handles = rules.limit(Kind::handles)) {
    if (handles->amount < opened) {
      return fail(ErrorCode::usage, "at most " + std::to_string(handles->amount) +
                                        " handles are allowed (" + handles->origin + "), but " +
                                        std::to_string(opened) + " are granted");
    }
    uint64_t most = std::min<uint64_t>(handles->amount, UINT32_MAX - kStreams) + kStreams;
    limits.max_handles = static_cast<uint32_t>(most);
    limits.handles_are_set = true;
  }
  world.limits(limits);
  return {};
}

Result<void> PolicySession::finish() const {
  if (broker && (recorder || broker->logs_calls())) {
    TRY(broker->finish(recorder ? recorder->needs() : 0));
  } else if (recorder) {
    std::string comment = "What " + name + " used in one run, and nothing else.";
    TRY(record_file->replace(grant::write_policy(recorder->needed(), comment)));
  }
  if (audit) TRY(audit->flush());
  return {};
}

std::vector<policy::Refusal> PolicySession::refusals(uint64_t* left_out) const {
  if (broker) return broker->refusals(left_out);
  *left_out = 0;
  return policy ? policy->refusals(left_out) : std::vector<policy::Refusal>{};
}

std::vector<std::string> PolicySession::missed_variables() const {
  if (broker) return broker->missed_variables();
  return policy ? policy->missed_variables() : std::vector<std::string>{};
}

}  // namespace nacre::api
