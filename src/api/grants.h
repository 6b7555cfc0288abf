// What the user lets a guest do, in the language of grant/rule.h, and how that becomes the
// capability objects of a world and the policy that decides the rest.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "broker/client.h"
#include "grant/settings.h"
#include "host/world.h"
#include "nacre/nacre.h"
#include "os/environment.h"
#include "os/private_file.h"
#include "policy/audit.h"
#include "policy/own_files.h"
#include "policy/place.h"
#include "policy/policy.h"
#include "policy/recorder.h"

namespace nacre::api {

// What decides and records while a guest runs, and what the report at its end is made of.
struct PolicySession {
  std::string name;                 // of the program
  std::vector<grant::Rule> mounts;  // directories that it was given
  std::shared_ptr<policy::Policy> policy;
  std::shared_ptr<policy::Audit> audit;  // null also if the broker has it
  std::shared_ptr<policy::Recorder> recorder;
  std::optional<os::HeldName> record_file;  // there if recorder is, and no broker
  std::shared_ptr<broker::Client> broker;   // set if the policy decides in the broker

  // Writes what was recorded and the rest of the audit log.
  Result<void> finish() const;
  // What the policy refused.
  std::vector<policy::Refusal> refusals(uint64_t* left_out) const;
  // See policy::Policy.
  std::vector<std::string> missed_variables() const;
};

// Whether a process that is locked down serves only its guest, so that everything else in it can be
// closed.
enum class Alone : uint8_t { no, yes, but_standard_output };

struct Prepared {
  host::World world;
  PolicySession session;
  std::shared_ptr<broker::GateSwitch> gate;  // null: the policy itself is asked
  // A decision could still allow something, or something is to be written that the guest's process
  // must not be able to change.
  bool needs_broker = false;
  bool may_write = false;  // some file, by a rule or an answer
  Alone alone = Alone::no;
};

// The variables that rules allow of those present, and those that they set. `unset` gets the
// rules that name one which is not there.
host::Variables granted_variables(const grant::RuleSet& rules, const os::VariableViews& own,
                                  std::vector<const grant::Rule*>& unset);

// Passes calls on to both; either may be null.
std::shared_ptr<host::CallLog> both_logs(std::shared_ptr<host::CallLog> first,
                                         std::shared_ptr<host::CallLog> second);

class Grants {
 public:
  void add_argument(std::string argument) { arguments_.push_back(std::move(argument)); }
  // One grant or setting in the words of the command line, see nacre_grants_add. After
  // a failure nothing has changed.
  Result<void> add(std::string_view kind, std::optional<std::string_view> value);
  void set_subject(policy::Subject subject) { subject_ = std::move(subject); }
  const policy::Subject& subject() const { return subject_; }
  void set_asker(std::shared_ptr<policy::Asker> asker) { asker_ = std::move(asker); }

  // Opens what was granted. Errors name the directory or address and what the system said, or what
  // is wrong with a policy file or with what was remembered.
  Result<Prepared> prepare();
  // The same for a module beside a program: it gets a part of the program's world, `parent`.
  // Errors: also denied, for what the parent does not have.
  Result<host::World> prepare_child(const host::World& parent) const;

  // What was said by flags and policy files.
  const std::vector<grant::Rule>& rules() const { return rules_; }
  // Denials of files that Nacre opens by name.
  std::vector<grant::Rule> own_rules() const {
    return policy::protection(own_files_, here_.directory);
  }
  // What was decided about the subject earlier, if reads_store().
  Result<policy::Remembered> remembered() const;
  // Whether remembered decisions count.
  bool reads_store() const;
  // Whether undecided requests prompt, where there is a way to ask.
  bool asks() const { return ask_ == Ask::always || (ask_ == Ask::on_terminal && !deny_all_); }
  // Whether this kind is granted without a rule.
  bool granted_by_default(grant::Kind kind) const;
  // Whether the process is to be locked down, see lockdown.h.
  bool locks_down() const { return lockdown_; }

 private:
  enum class Ask : uint8_t { never, on_terminal, always };

  // Applies a row of grant/settings.def; there is a value if the row needs one.
  Result<void> set(const grant::SettingInfo& info, std::optional<std::string_view> value);
#define SETTING(name, ...) Result<void> set_##name(std::optional<std::string_view> value);
#include "grant/settings.def"
#undef SETTING
  Result<void> add_flag(std::string_view kind, std::optional<std::string_view> value, bool allow);
  // Keeps guests from changing a file that is read by name, if it is one.
  void protect(const std::string& path, std::string what);
  Result<void> refuse_what_is_not_enforced() const;
  Result<void> refuse_another_module() const;
  Result<void> choose_asker(policy::Policy::Options& options);
  // Whether the module, or one that it imports from, may call a function that uses the network.
  bool may_call_network() const;
  // Whether the module, or one that it imports from, may set times by name in a directory where the
  // gate decides nothing.
  bool may_set_times_by_name(const host::World& world) const;
  bool shows_root(const grant::RuleSet& rules) const;
  Result<void> grant_handles(host::World& world, const grant::RuleSet& rules) const;
  Result<void> grant_variables(host::World& world, const grant::RuleSet& rules) const;
  void grant_streams(host::World& world, const grant::RuleSet& rules,
                     const std::shared_ptr<grant::Gate>& gate) const;
  Result<void> watch(Prepared& prepared, policy::Policy::Options& options);

  grant::Place here_ = policy::here();
  std::vector<std::string> arguments_;
  std::vector<grant::Rule> rules_;
  policy::Subject subject_;
  std::shared_ptr<policy::Asker> asker_;
  std::shared_ptr<policy::TerminalAsker> terminal_;  // asker_, if it is the terminal
  Ask ask_ = Ask::never;
  std::string ask_server_;
  bool root_ = false;  // show the root even if there is no way to ask
  bool deny_all_ = false;
  bool remember_ = false;
  bool lockdown_ = false;
  Alone alone_ = Alone::no;
  std::string module_digest_;  // that a policy file is for
  std::string module_file_;    // that policy file
  std::string record_;
  std::string audit_;
  std::vector<policy::OwnFile> own_files_;
};

}  // namespace nacre::api

struct nacre_grants {
  nacre::api::Grants grants;
};
