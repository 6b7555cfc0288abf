// Policy files and remembered decisions of the C API.

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "api/explain.h"
#include "api/handles.h"
#include "base/utf8.h"
#include "os/file_contents.h"
#include "os/host_path.h"
#include "os/sha256.h"
#include "policy/place.h"
#include "signature/crypto.h"
#include "signature/key.h"
#include "wasm/limits.h"

namespace nacre::api {
namespace {

using grant::Decisions;
using grant::ModuleDecisions;
using grant::Rule;
using grant::SignerDecisions;
using grant::StoredDecision;

Result<policy::Store> user_store() {
  auto store = policy::Store::of_user();
  if (store) return *store;
  return fail(ErrorCode::io, "there is no place to keep decisions: set HOME or XDG_CONFIG_HOME");
}

// What a word on the command line means: which of the modules and signers.
class Selection {
 public:
  static Result<Selection> of(const char* which) {
    Selection selection;
    if (which == nullptr) return selection;
    std::string_view word = which;
    selection.all_ = false;
    constexpr std::string_view kSigner = "signer:";
    if (word.starts_with(kSigner)) {
      selection.signer_ = word.substr(kSigner.size());
      return selection;
    }
    if (word.starts_with("sha256:") || word.starts_with("ed25519:")) {
      selection.prefix_ = word;
      return selection;
    }
    selection.place_ = os::canonical_path(word, policy::here().directory);
    auto contents = os::FileContents::read(selection.place_, wasm::kMaxModuleBytes);
    if (contents) selection.prefix_ = os::digest_text((*contents)->bytes());
    return selection;
  }

  // A file means what it contains; if it is gone, or nothing was decided about that, what was
  // there.
  bool has(const ModuleDecisions& module) const {
    if (all_) return true;
    if (!prefix_.empty() && module.digest.starts_with(prefix_)) return true;
    return !place_.empty() && module.place == place_;
  }
  bool has(const SignerDecisions& signer) const {
    if (all_) return true;
    return signer.name == signer_ || (!prefix_.empty() && signer.key.starts_with(prefix_));
  }

 private:
  bool all_ = true;
  std::string prefix_;
  std::string place_;
  std::string signer_;
};

std::string in_words(const StoredDecision& decision) {
  const Rule& rule = decision.rule;
  std::string text = rule.allow ? "allow " : "deny  ";
  text +=
      printable(grant::flag_text(rule).substr(2)) + "  (decided " + grant::time_text(decision.made);
  if (decision.expires) text += ", until " + grant::time_text(*decision.expires);
  return text + ")";
}

std::string heading(const ModuleDecisions& module) {
  std::string place = module.place.empty() ? "standard input" : printable(module.place);
  return place + "\n  " + printable(module.digest) + "\n";
}

std::string heading(const SignerDecisions& signer) {
  return "signer \"" + signer.name + "\"\n  " + signer.key + "\n";
}

Result<std::string> list(const char* which) {
  policy::Store store = TRY(user_store());
  Selection selection = TRY(Selection::of(which));
  Decisions all = TRY(store.load());
  std::string text;
  auto add = [&](const auto& one) {
    if (!text.empty()) text += "\n";
    text += heading(one);
    for (const StoredDecision& decision : one.decisions) text += "  " + in_words(decision) + "\n";
  };
  for (const ModuleDecisions& module : all.modules) {
    if (selection.has(module) && !module.decisions.empty()) add(module);
  }
  for (const SignerDecisions& signer : all.signers) {
    if (selection.has(signer)) add(signer);
  }
  return text;
}

// "dir" or "deny-dir" and a value.
Result<Rule> parse_decision(std::string_view kind, const char* value) {
  bool deny = kind.starts_with("deny-");
  std::string_view name = deny ? kind.substr(5) : kind;
  const grant::KindInfo* info = grant::find_kind(name);
  if (info == nullptr) {
    return fail(ErrorCode::usage, "there is no grant of the kind \"" + printable(name) + "\"");
  }
  std::optional<std::string_view> text;
  if (value != nullptr) text = value;
  return grant::parse_rule(info->kind, text, !deny, policy::here());
}

Result<size_t> revoke(const char* which, const char* kind, const char* value) {
  policy::Store store = TRY(user_store());
  Selection selection = TRY(Selection::of(which));
  std::optional<Rule> wanted;
  if (kind != nullptr) wanted = TRY(parse_decision(kind, value));
  size_t count = 0;
  auto take_back = [&](auto& from) {
    for (auto& one : from) {
      if (!selection.has(one)) continue;
      count += std::erase_if(one.decisions, [&](const StoredDecision& decision) {
        return !wanted || grant::covers(*wanted, decision.rule);
      });
    }
  };
  TRY(store.change([&](Decisions& all) -> Result<void> {
    take_back(all.modules);
    take_back(all.signers);
    return {};
  }));
  return count;
}

Result<StoredDecision> make_decision(const char* kind, const char* value, uint64_t seconds) {
  StoredDecision decision;
  decision.rule = TRY(parse_decision(kind, value));
  decision.made = policy::now_seconds();
  constexpr uint64_t kLongest = uint64_t{100} * 365 * 24 * 60 * 60;
  if (seconds != 0) {
    decision.expires = decision.made + static_cast<int64_t>(std::min(seconds, kLongest));
  }
  return decision;
}

std::unexpected<Error> unknown_signer(std::string_view name) {
  return fail(ErrorCode::usage, "there is no signer \"" + printable(name) +
                                    "\": see nacre permissions list and trust");
}

Result<void> decide_for_signer(std::string_view name, StoredDecision decision) {
  policy::Store store = TRY(user_store());
  Decisions all = TRY(store.load());
  const SignerDecisions* signer = grant::find_signer(all, name);
  if (signer == nullptr) return unknown_signer(name);
  return policy::remember(store, policy::Signer{signer->key, signer->name}, std::move(decision));
}

Result<void> trust(std::string_view name, std::string_view key_file) {
  if (!signature::is_built()) {
    return fail(ErrorCode::unsupported, "this build of Nacre has no support for signatures");
  }
  std::string key = signature::key_text(TRY(signature::read_public_key(key_file)));
  return TRY(user_store()).change([&](Decisions& all) -> Result<void> {
    TRY(grant::trust(all, name, key));
    return {};
  });
}

Result<void> distrust(std::string_view name) {
  return TRY(user_store()).change([&](Decisions& all) -> Result<void> {
    auto is_named = [&](const SignerDecisions& signer) { return signer.name == name; };
    if (std::erase_if(all.signers, is_named) == 0) return unknown_signer(name);
    return {};
  });
}

Result<void> reset() {
  policy::Store store = TRY(user_store());
  // What cannot be read is forgotten too, so it is not read.
  return TRY(os::PrivateFile(store.path()).lock()).replace("");
}

// `rules`: all that counts for the version of now, what was decided about its signers included.
void compare(std::string& text, const ModuleDecisions& before, const ModuleDecisions& now,
             const std::vector<Rule>& rules) {
  text += "another version was here: " + printable(before.digest) + "\n";
  for (const std::string& reach : now.reaches) {
    bool had =
        std::find(before.reaches.begin(), before.reaches.end(), reach) != before.reaches.end();
    if (!had) text += "+ it can now ask for " + printable(reach) + "\n";
  }
  for (const std::string& reach : before.reaches) {
    bool has = std::find(now.reaches.begin(), now.reaches.end(), reach) != now.reaches.end();
    if (!has) text += "- it no longer asks for " + printable(reach) + "\n";
  }
  for (const StoredDecision& decision : now.decisions) {
    bool had = std::ranges::any_of(before.decisions, [&](const StoredDecision& one) {
      return grant::covers(one.rule, decision.rule);
    });
    if (!had) text += "+ " + in_words(decision) + "\n";
  }
  for (const StoredDecision& decision : before.decisions) {
    bool has = std::ranges::any_of(
        rules, [&](const Rule& rule) { return grant::covers(rule, decision.rule); });
    if (!has) text += "- " + in_words(decision) + "\n";
  }
}

Result<std::string> diff(const policy::Subject& subject) {
  policy::Store store = TRY(user_store());
  Decisions all = TRY(store.load());
  policy::Remembered remembered = TRY(policy::recall(store, subject));
  ModuleDecisions now{.digest = subject.digest()};
  if (const ModuleDecisions* found = grant::find_module(all, now.digest)) now = *found;
  now.reaches = subject.reaches;
  std::string text;
  if (subject.place.empty()) return text;
  for (const ModuleDecisions& before : all.modules) {
    if (before.digest == now.digest || before.place != subject.place) continue;
    compare(text, before, now, remembered.rules);
  }
  return text;
}

}  // namespace

nacre_bytes_t to_bytes(std::string_view text) {
  nacre_bytes_t bytes{static_cast<uint8_t*>(std::malloc(text.size() + 1)), text.size()};
  if (bytes.data == nullptr) return {};
  std::memcpy(bytes.data, text.data(), text.size());
  return bytes;
}

}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_policy_check(const char* path, nacre_bytes_t* problems) {
  grant::PolicyFile file = API_TRY(policy::read_policy(path));
  std::string text;
  for (const grant::Problem& problem : file.problems) {
    text += grant::problem_text(os::name_of_input(path), problem) + "\n";
  }
  *problems = api::to_bytes(text);
  return nullptr;
}

nacre_error_t* nacre_policy_schema(nacre_bytes_t* out) {
  *out = api::to_bytes(grant::policy_schema());
  return nullptr;
}

nacre_error_t* nacre_explain(const char* name, const nacre_module_t* module,
                             const nacre_grants_t* grants, const char* used, nacre_bytes_t* out) {
  std::optional<grant::PolicyFile> recorded;
  if (used != nullptr) recorded = API_TRY(policy::load_policy(used));
  *out = api::to_bytes(
      API_TRY(api::explain(name, *module, grants->grants, recorded ? &recorded->rules : nullptr)));
  return nullptr;
}

nacre_error_t* nacre_permissions_list(const char* which, nacre_bytes_t* out) {
  *out = api::to_bytes(API_TRY(api::list(which)));
  return nullptr;
}

nacre_error_t* nacre_permissions_decide(const char* name, const nacre_module_t* module,
                                        const char* kind, const char* value, uint64_t seconds) {
  grant::StoredDecision decision = API_TRY(api::make_decision(kind, value, seconds));
  policy::Store store = API_TRY(api::user_store());
  API_TRY(policy::remember(store, api::make_subject(name, *module), std::move(decision)));
  return nullptr;
}

nacre_error_t* nacre_permissions_decide_signer(const char* signer, const char* kind,
                                               const char* value, uint64_t seconds) {
  grant::StoredDecision decision = API_TRY(api::make_decision(kind, value, seconds));
  API_TRY(api::decide_for_signer(signer, std::move(decision)));
  return nullptr;
}

nacre_error_t* nacre_permissions_trust(const char* name, const void* key, size_t size) {
  API_TRY(api::trust(name, as_text(Bytes(static_cast<const uint8_t*>(key), size))));
  return nullptr;
}

nacre_error_t* nacre_permissions_distrust(const char* name) {
  API_TRY(api::distrust(name));
  return nullptr;
}

nacre_error_t* nacre_permissions_revoke(const char* which, const char* kind, const char* value,
                                        size_t* count) {
  *count = API_TRY(api::revoke(which, kind, value));
  return nullptr;
}

nacre_error_t* nacre_permissions_reset(void) {
  API_TRY(api::reset());
  return nullptr;
}

nacre_error_t* nacre_permissions_diff(const char* name, const nacre_module_t* module,
                                      nacre_bytes_t* out) {
  *out = api::to_bytes(API_TRY(api::diff(api::make_subject(name, *module))));
  return nullptr;
}
