#include "policy/policy.h"

#include <algorithm>

#include "base/utf8.h"
#include "os/host_path.h"
#include "os/watchdog.h"
#include "policy/asking.h"

namespace nacre::policy {
namespace {

using grant::About;
using grant::Answer;
using grant::AnswerInfo;
using grant::Decisions;
using grant::EndpointPattern;
using grant::Kind;
using grant::Lasts;
using grant::ModuleDecisions;
using grant::Question;
using grant::Rights;
using grant::Rule;
using grant::RuleSet;
using grant::Shape;
using grant::SignerDecisions;
using grant::Source;
using grant::StoredDecision;
using grant::Verdict;

bool is_path(Kind kind) { return info_of(kind).shape == Shape::path; }

// A question is asked about what can be seen or made, not about every place a guest looks.
bool worth_asking(const grant::Request& request) {
  return !request.missing || (grant::includes(request.rights, Rights::create) && !request.takes);
}

// The names of variables, which have no spaces; whatever else is asked about comes alone.
std::string joined(std::span<const grant::Request> requests) {
  std::string text;
  for (const grant::Request& request : requests) {
    if (!text.empty()) text += ' ';
    text += subject_of(request);
  }
  return text;
}

// Takes a decision as it counts now. Where links lie now on a path that had none, what they lead to
// was not allowed; what was denied stays denied, wherever it went.
void take_rule(Rule rule, std::vector<Rule>& rules) {
  if (!rule.is_path()) return rules.push_back(std::move(rule));
  Way way = os::way_of(rule.path, "/");
  if (way.links.empty()) return rules.push_back(std::move(rule));
  if (rule.allow) return;
  Rule there = rule;
  there.path = std::move(way.end);
  there.links = std::move(way.links);
  rules.push_back(std::move(rule));
  rules.push_back(std::move(there));
}

std::string explain(const Rule& rule) {
  return std::string(rule.allow ? "" : "denied by ") + flag_text(rule).substr(2) + " (" +
         rule.origin + ")";
}

}  // namespace

std::vector<std::string> names_of(const std::vector<Signer>& signers) {
  std::vector<std::string> names;
  names.reserve(signers.size());
  for (const Signer& signer : signers) names.push_back(signer.name);
  return names;
}

Result<Remembered> recall(const Store& store, const Subject& subject) {
  Decisions all = TRY(store.load());
  bool known_size = std::ranges::any_of(all.modules, [&](const ModuleDecisions& module) {
    return module.size_bytes == subject.size_bytes;
  });
  // Most modules have no decisions: their bytes need not be read once more.
  std::string digest = known_size ? subject.digest() : "";
  Remembered remembered;
  auto take_rules = [&](std::vector<StoredDecision>& decisions) {
    for (StoredDecision& one : decisions) take_rule(std::move(one.rule), remembered.rules);
  };
  for (ModuleDecisions& module : all.modules) {
    if (module.digest == digest) {
      take_rules(module.decisions);
    } else if (module.place == subject.place && !subject.place.empty()) {
      remembered.earlier.push_back(std::move(module));
    }
  }
  if (all.signers.empty() || !subject.signed_by) return remembered;
  std::vector<std::string> keys;
  keys.reserve(all.signers.size());
  for (const SignerDecisions& signer : all.signers) keys.push_back(signer.key);
  keys = subject.signed_by(keys);
  for (SignerDecisions& signer : all.signers) {
    if (std::ranges::find(keys, signer.key) == keys.end()) continue;
    take_rules(signer.decisions);
    remembered.signers.push_back({std::move(signer.key), std::move(signer.name)});
  }
  return remembered;
}

void Policy::complete_rules() {
  if (!options_.late_rules) return;
  options_.rules.add_all(options_.late_rules());
  options_.late_rules = nullptr;
}

bool Policy::watches(std::string_view host_directory) {
  std::lock_guard lock(mutex_);
  complete_rules();
  return !options_.watchers.empty() || options_.rules.restricts(host_directory);
}

grant::Decision Policy::may(const grant::Request& request) {
  Lock lock(mutex_);
  if (is_path(request.kind)) complete_rules();
  Verdict verdict = options_.rules.evaluate(request);
  Outcome outcome;
  std::optional<Rule> because;
  if (verdict.answer == Verdict::denied) {
    outcome = denied_by(verdict);
  } else if (verdict.answer == Verdict::allowed || request.granted) {
    outcome.allowed = true;
  } else {
    verdict.because = nullptr;
    outcome = decide(request, lock);
  }
  // If the user refused the first end of a move, a refusal of the second tells them nothing new.
  bool is_told = !outcome.asked.empty() ||
                 (request.silent && !request.closed && options_.asker && outcome.rule.empty());
  if (!outcome.allowed && !is_told) refuse(request, std::move(outcome.rule));
  tell(request, outcome.allowed, verdict.because, outcome.asked);
  bool goes_on = outcome.allowed && outcome.is_wanted;
  return goes_on ? grant::Decision::allow : grant::Decision::deny;
}

bool Policy::may_look(const grant::Request& request) {
  Lock lock(mutex_);
  complete_rules();
  grant::Request look = request;
  look.rights = Rights::read;
  // Where names on the way to what is denied may not be changed, they may be seen.
  look.removes = look.subtree = false;
  Verdict verdict = options_.rules.evaluate(look);
  return verdict.answer == Verdict::allowed ||
         (verdict.answer == Verdict::undecided && request.granted);
}

void Policy::tell(const grant::Request& request, bool allowed, const Rule* because,
                  std::string_view asked) const {
  auto decision = allowed ? grant::Decision::allow : grant::Decision::deny;
  for (const auto& watcher : options_.watchers) {
    watcher->decided(request, decision, because, asked);
  }
}

bool Policy::take_environment() {
  Lock lock(mutex_);
  environment_taken_ = true;
  return can_ask();
}

void Policy::keep_names_of_variables() {
  Lock lock(mutex_);
  names_of_variables_ = names_of_variables();
}

std::vector<std::string> Policy::missed_variables() const {
  Lock lock(mutex_);
  if (!environment_taken_ || variables_answered_ || !options_.subject.mentions) return {};
  auto names = names_of_variables_ ? *names_of_variables_ : names_of_variables();
  std::erase_if(names, [&](const std::string& name) {
    grant::Request request{.kind = Kind::env, .object = name};
    return options_.rules.evaluate(request).answer != Verdict::undecided;
  });
  return options_.subject.mentions(names);
}

std::vector<std::string> Policy::ask_about_variables(const std::vector<std::string>& names) {
  Lock lock(mutex_);
  std::vector<grant::Request> requests;
  for (const std::string& name : names) {
    grant::Request request{.kind = Kind::env, .object = name};
    bool open = options_.rules.evaluate(request).answer == Verdict::undecided;
    if (open) requests.push_back(request);
  }
  if (requests.empty()) return {};
  Key key{Kind::env, joined(requests), Rights::none};
  std::optional<Outcome> shared;
  while (open_question_ && !shared) {
    bool same = open_question_->key == key;
    Outcome outcome = outcome_of_open(lock);
    if (same) shared = outcome;
  }
  if (!shared && !can_ask()) return {};
  Outcome outcome = shared ? *shared : ask(requests, key, lock);
  variables_answered_ = !outcome.asked.empty();
  std::vector<std::string> allowed;
  for (const grant::Request& request : requests) {
    tell(request, outcome.allowed, nullptr, outcome.asked);
    if (outcome.allowed) allowed.emplace_back(request.object);
  }
  return allowed;
}

Policy::Outcome Policy::denied_by(const Verdict& verdict) const {
  if (verdict.because == nullptr) return {.rule = "the request cannot be understood"};
  if (verdict.because->source == Source::answered) return {.asked = info_of(Answer::never).word};
  return {.rule = explain(*verdict.because)};
}

Policy::Outcome Policy::decide(const grant::Request& request, Lock& lock) {
  Key key{request.kind, subject_of(request), request.rights};
  while (open_question_) {
    bool same = open_question_->key == key;
    Outcome outcome = outcome_of_open(lock);
    if (same) return outcome;
    Verdict verdict = options_.rules.evaluate(request);
    if (verdict.answer == Verdict::allowed)
      return {.allowed = true, .is_wanted = outcome.is_wanted};
    if (verdict.answer == Verdict::denied) return denied_by(verdict);
  }
  if (refused_for_now_.contains(key)) return {.asked = info_of(Answer::no).word};
  if (request.silent || !can_ask() || !worth_asking(request)) return {};
  return ask(std::span(&request, 1), key, lock);
}

bool Policy::wait_for_answer(const std::function<void()>& wait) const {
  os::PauseTime thinking;
  if (waiting_) return waiting_(wait);
  wait();
  return true;
}

// What waiting_ does around it is done without the lock.
Policy::Outcome Policy::outcome_of_open(Lock& lock) {
  std::shared_ptr<const OpenQuestion> open = open_question_;
  lock.unlock();
  bool is_wanted = wait_for_answer([&] {
    Lock own(mutex_);
    answered_.wait(own, [&] { return open->outcome.has_value(); });
  });
  lock.lock();
  Outcome outcome = *open->outcome;
  outcome.is_wanted = is_wanted;
  return outcome;
}

Policy::Outcome Policy::ask(Requests requests, const Key& key, Lock& lock) {
  ++questions_;
  auto open = std::make_shared<OpenQuestion>(key);
  open_question_ = open;
  Question asked = question(requests);
  lock.unlock();
  asked.digest = options_.subject.digest ? options_.subject.digest() : "";
  std::optional<Answer> answer;
  bool is_wanted = wait_for_answer([&] { answer = options_.asker->ask(asked); });
  if (answer && !is_offered(info_of(*answer), asked)) answer = Answer::no;
  lock.lock();
  Outcome outcome;
  if (answer) {
    const AnswerInfo& info = info_of(*answer);
    outcome.allowed = info.allows;
    outcome.asked = info.word;
    if (!info.allows) refused_for_now_.insert(key);
    for (const grant::Request& request : requests) keep(request, info, lock);
  } else {
    questions_ = options_.max_questions;  // there is no way to ask
  }
  open->outcome = outcome;
  open_question_ = nullptr;
  answered_.notify_all();
  outcome.is_wanted = is_wanted;
  return outcome;
}

Question Policy::question(Requests requests) const {
  const grant::Request& request = requests.front();
  Question asked;
  asked.module_name = options_.subject.name;
  asked.signers = names_of(options_.signers);
  asked.kind = request.kind;
  asked.object = joined(requests);
  if (!request.names.empty() && asked.object != request.object) asked.address = request.object;
  asked.rights = request.rights;
  asked.is_directory = request.is_directory;
  asked.missing = request.missing;
  if (is_path(request.kind)) {
    asked.folder = request.is_directory ? request.object : parent_of(request.object);
  }
  asked.before = before(requests);
  return asked;
}

std::string Policy::before(Requests requests) const {
  for (const ModuleDecisions& module : options_.earlier) {
    RuleSet rules;
    for (const StoredDecision& decision : module.decisions) rules.add(decision.rule);
    std::vector<grant::Request> anew;
    Verdict last;
    std::string_view how;
    for (const grant::Request& request : requests) {
      Verdict verdict = rules.evaluate(request);
      if (verdict.because == nullptr) {
        anew.push_back(request);
        continue;
      }
      last = verdict;
      std::string_view answer = verdict.answer == Verdict::allowed ? "allowed" : "denied";
      how = how.empty() || how == answer ? answer : "decided";
    }
    if (last.because == nullptr) continue;
    std::string version = "another version of it, " + module.digest.substr(0, 19) + "... (";
    if (!anew.empty()) {
      return "new: " + joined(anew) + "; the others were decided for " + version +
             last.because->origin + ")";
    }
    return std::string(how) + " for " + version + last.because->origin + ")";
  }
  return options_.earlier.empty()
             ? ""
             : "new: not decided for the other version of it that was run here";
}

void Policy::keep(const grant::Request& request, const AnswerInfo& info, Lock& lock) {
  if (info.lasts == Lasts::once || info.answer == Answer::no) return;
  Rule rule;
  rule.kind = request.kind;
  rule.allow = info.allows;
  rule.source = Source::answered;
  rule.origin = "answered in this run";
  if (is_path(request.kind)) {
    bool folder = info.about == About::folder || request.is_directory;
    rule.kind = folder ? Kind::dir : Kind::file;
    rule.path = folder && !request.is_directory ? parent_of(request.object) : request.object;
    rule.given = rule.path;
    rule.rights = request.rights;
  } else {
    rule.name = subject_of(request);
    rule.endpoint_text = rule.name;
    auto endpoint = info_of(request.kind).shape == Shape::host
                        ? EndpointPattern::parse_host(rule.endpoint_text)
                        : EndpointPattern::parse(rule.endpoint_text);
    if (endpoint) rule.endpoint = *endpoint;
  }
  options_.rules.add(rule);
  if (info.lasts != Lasts::ever) return;
  lock.unlock();
  auto stored = store(info, {.rule = rule, .made = now_seconds()});
  if (!stored) {
    options_.asker->tell("not remembered beyond this run: " + stored.error().to_string());
  }
  lock.lock();
}

Result<void> Policy::store(const AnswerInfo& info, StoredDecision decision) const {
  if (!options_.store) return fail(ErrorCode::io, "there is no place for decisions");
  if (info.about == About::signer) {
    return remember(*options_.store, options_.signers.front(), std::move(decision));
  }
  return remember(*options_.store, options_.subject, std::move(decision));
}

Result<void> remember(const Store& store, const Signer& signer, StoredDecision decision) {
  if (!is_utf8(decision.rule.path)) return fail(ErrorCode::io, "the path is not UTF-8");
  return store.change([&](Decisions& all) -> Result<void> {
    SignerDecisions* known = find_signer(all, signer.name);
    if (known == nullptr || known->key != signer.key) {
      return fail(ErrorCode::denied, "\"" + signer.name + "\" is not trusted any more");
    }
    decide(known->decisions, std::move(decision));
    return {};
  });
}

Result<void> remember(const Store& store, const Subject& subject, StoredDecision decision) {
  if (!is_utf8(decision.rule.path)) return fail(ErrorCode::io, "the path is not UTF-8");
  return store.change([&](Decisions& all) -> Result<void> {
    std::string digest = subject.digest();
    ModuleDecisions* module = find_module(all, digest);
    if (module == nullptr) {
      all.modules.push_back({.digest = digest});
      module = &all.modules.back();
    }
    module->place = printable(subject.place);
    module->size_bytes = subject.size_bytes;
    module->reaches = subject.reaches;
    decide(module->decisions, std::move(decision));
    return {};
  });
}

void Policy::refuse(const grant::Request& request, std::string rule) {
  std::string object = subject_of(request);
  // What is to be taken away and is not there was only looked for.
  Rights rights = request.missing && request.takes ? Rights::read : request.rights;
  for (Refusal& old : refusals_) {
    if (old.kind == request.kind && old.object == object && old.rule == rule) {
      old.rights = old.rights | rights;
      old.missing &= request.missing;
      old.subtree |= request.subtree;
      ++old.count;
      return;
    }
  }
  if (refusals_.size() == kMaxRefusals) {
    // What is there matters more than another place where something was looked for.
    auto least = std::find_if(refusals_.begin(), refusals_.end(),
                              [](const Refusal& old) { return old.is_missed(); });
    ++refusals_left_out_;
    if (!worth_asking(request) || least == refusals_.end()) return;
    refusals_.erase(least);
  }
  refusals_.push_back({.kind = request.kind,
                       .object = std::move(object),
                       .rights = rights,
                       .is_directory = request.is_directory,
                       .missing = request.missing,
                       .is_link = request.is_link,
                       .subtree = request.subtree,
                       .closed = request.closed,
                       .rule = std::move(rule)});
}

std::vector<Refusal> Policy::refusals(uint64_t* left_out) const {
  std::lock_guard lock(mutex_);
  *left_out = refusals_left_out_;
  return refusals_;
}

}  // namespace nacre::policy
