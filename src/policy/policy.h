// The policy of one run: decides every request that a grant leaves open, by rules first, then by
// asking. Remembers answers for the run or for good, and what was refused, for the message at exit.
//
// Two threads that want the same thing at once cause one question and share its answer; a thread that
// wants something else waits until it is answered. At most max_questions are asked; later requests
// are refused. A path that does not exist is asked about only if it is to be created: so a guest
// that looks for a file in many places causes few questions.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "grant/rules.h"
#include "host/grant.h"
#include "policy/ask.h"
#include "policy/store.h"

namespace nacre::policy {

// The module that a policy is about. The digest is made when it is first needed.
struct Subject {
  std::string name;  // as its user calls it
  // The absolute path of its file: another digest at that path is another version of it. Empty: it
  // is in no file.
  std::string place;
  uint64_t size_bytes = 0;
  std::vector<std::string> reaches;  // what its imports could use: "clock", "path", ...
  bool has_company = false;          // it imports from other modules, which may use more
  bool names_times = false;          // it imports the call that sets times of a file by its name
  std::function<std::string()> digest;
  // Those of these names that occur in its code or data; null: not known.
  std::function<std::vector<std::string>(const std::vector<std::string>&)> mentions;
  // Those of these keys (SignerDecisions::key) that signed it; null: not known.
  std::function<std::vector<std::string>(const std::vector<std::string>&)> signed_by;
};

// A signer of the module whom the user trusts.
struct Signer {
  std::string key;
  std::string name;
};
std::vector<std::string> names_of(const std::vector<Signer>& signers);

// What was decided earlier about a module, and about all modules of its signers.
struct Remembered {
  std::vector<grant::Rule> rules;
  std::vector<Signer> signers;  // by name
  // About other modules in the same place: other versions of it.
  std::vector<grant::ModuleDecisions> earlier;
};
// Errors: the store cannot be read.
Result<Remembered> recall(const Store& store, const Subject& subject);

// Keeps a decision about a module, or about a signer. Errors: also that the signer is not trusted
// any more.
Result<void> remember(const Store& store, const Subject& subject, grant::StoredDecision decision);
Result<void> remember(const Store& store, const Signer& signer, grant::StoredDecision decision);

// Told of every decision, by any thread; must not call back.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // `because`: the rule that decided; null if there is none. `asked`: the answer, if a question was
  // asked; else empty.
  virtual void decided(const grant::Request& request, grant::Decision decision,
                       const grant::Rule* because, std::string_view asked) = 0;
};

struct Refusal {
  grant::Kind kind;
  std::string object;
  grant::Rights rights;
  bool is_directory;
  bool missing;  // paths: nothing was there
  bool is_link;
  bool subtree;  // as in grant::Request
  bool closed;
  std::string rule;  // what forbids it and where that was said; empty: no rule or answer allows it
  uint64_t count = 1;

  // Nothing was there, nor was it to be made.
  bool is_missed() const { return missing && !grant::includes(rights, grant::Rights::create); }
};

class Policy final : public grant::Gate {
 public:
  static constexpr uint32_t kMaxQuestions = 5;
  static constexpr size_t kMaxRefusals = 32;

  struct Options {
    Subject subject;
    grant::RuleSet rules;
    std::vector<Signer> signers;  // see Remembered
    std::vector<grant::ModuleDecisions> earlier;
    std::shared_ptr<Asker> asker;  // null: no questions are asked
    std::optional<Store> store;    // keeps `always` and `never`; nothing: they last for the run
    uint32_t max_questions = kMaxQuestions;
    // More rules, about paths; made when the first path is decided, because many runs need none.
    std::function<std::vector<grant::Rule>()> late_rules;
    std::vector<std::shared_ptr<Watcher>> watchers;
  };
  explicit Policy(Options options) : options_(std::move(options)) {}

  grant::Decision may(const grant::Request& request) override;
  bool may_look(const grant::Request& request) override;
  bool watches(std::string_view host_directory) override;
  // Notes that the guest reads its environment. Returns whether a question can be asked about the
  // variables that it is not given.
  bool take_environment();
  // Asks one question about all of these variables; returns those that are allowed. Variables that
  // a rule is about are left out of both. Those that are not returned do not count as refused.
  std::vector<std::string> ask_about_variables(const std::vector<std::string>& names);
  // The user's variables that the module mentions and about which neither a rule nor an answer says
  // anything; none if the guest never took its environment. Reads the whole module.
  std::vector<std::string> missed_variables() const;
  // Keeps the names of this process's variables, which are forgotten next.
  void keep_names_of_variables();

  const Subject& subject() const { return options_.subject; }

  // How a thread waits for the user's answer, to its own question or to another thread's: it calls
  // `wait` once, which returns when the answer is there. False: what was asked about was cancelled
  // meanwhile, and must not happen whatever the answer is. Set before the first question; until then wait() is all.
  using Waiting = std::function<bool(const std::function<void()>& wait)>;
  void set_waiting(Waiting waiting) { waiting_ = std::move(waiting); }

  // The first kMaxRefusals different ones; `left_out` more.
  std::vector<Refusal> refusals(uint64_t* left_out) const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Key {
    grant::Kind kind;
    std::string object;
    grant::Rights rights;
    auto operator<=>(const Key&) const = default;
  };
  struct Outcome {
    bool allowed = false;
    std::string rule;        // of a refusal
    std::string_view asked;  // the word of the answer, if a question was asked
    bool is_wanted = true;   // see Waiting
  };

  // A question that was asked.
  struct OpenQuestion {
    Key key;
    std::optional<Outcome> outcome;  // once it is answered
  };

  void complete_rules();
  Outcome denied_by(const grant::Verdict& verdict) const;
  Outcome decide(const grant::Request& request, Lock& lock);
  using Requests = std::span<const grant::Request>;
  // Waits until the question that is open now is answered.
  Outcome outcome_of_open(Lock& lock);
  bool wait_for_answer(const std::function<void()>& wait) const;
  bool can_ask() const { return options_.asker && questions_ < options_.max_questions; }
  // One question about all of them.
  Outcome ask(Requests requests, const Key& key, Lock& lock);
  grant::Question question(Requests requests) const;
  void keep(const grant::Request& request, const grant::AnswerInfo& info, Lock& lock);
  Result<void> store(const grant::AnswerInfo& info, grant::StoredDecision decision) const;
  std::string before(Requests requests) const;
  void tell(const grant::Request& request, bool allowed, const grant::Rule* because,
            std::string_view asked) const;
  void refuse(const grant::Request& request, std::string rule);

  Options options_;
  Waiting waiting_;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::shared_ptr<OpenQuestion> open_question_;  // null: none is
  uint32_t questions_ = 0;
  bool environment_taken_ = false;
  bool variables_answered_ = false;
  std::optional<std::vector<std::string>> names_of_variables_;  // nothing: the process has them
  std::set<Key> refused_for_now_;
  std::vector<Refusal> refusals_;
  uint64_t refusals_left_out_ = 0;
};

}  // namespace nacre::policy
