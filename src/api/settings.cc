// The rows of grant/settings.def, and grants in the words of the command line.

#include <algorithm>
#include <iterator>

#include "api/grants.h"
#include "base/utf8.h"
#include "grant/settings.h"
#include "os/file_contents.h"

namespace nacre::api {
namespace {

using grant::Kind;
using grant::Rights;
using grant::Rule;
using grant::SaidBy;
using grant::SettingInfo;
using grant::Source;
using grant::ValueOf;

using Value = std::optional<std::string_view>;

std::string quoted(std::string_view text) { return "\"" + printable(text) + "\""; }

Result<Alone> alone_of(std::optional<std::string_view> value) {
  if (!value) return Alone::no;
  if (*value == "alone") return Alone::yes;
  if (*value == "alone-but-stdout") return Alone::but_standard_output;
  return fail(ErrorCode::usage,
              "lockdown " + quoted(*value) + ": give no value, or alone or alone-but-stdout");
}

// At the end of the run a new file takes the place of what is there.
Result<void> check_recording(const std::string& path) {
  if (path == "-") {
    return fail(ErrorCode::usage,
                "a policy is recorded in a file: standard output belongs to the program "
                "(a file named - is written ./-)");
  }
  if (os::has_no_contents(path)) {
    return fail(ErrorCode::usage, "a policy is recorded in a file, and " + printable(path) +
                                      " is a directory, a device or a pipe");
  }
  return {};
}

}  // namespace

Result<void> Grants::add(std::string_view kind, Value value) {
  const SettingInfo* info = grant::find_setting(kind);
  if (info != nullptr && info->said_by != SaidBy::file) return set(*info, value);
  for (std::string_view denial : {"no-", "deny-"}) {
    if (kind.starts_with(denial)) return add_flag(kind.substr(denial.size()), value, false);
  }
  return add_flag(kind, value, true);
}

Result<void> Grants::set(const SettingInfo& info, Value value) {
  static constexpr Result<void> (Grants::* kSetters[])(Value) = {
#define SETTING(name, ...) &Grants::set_##name,
#include "grant/settings.def"
#undef SETTING
  };
  if (info.value == ValueOf::needed && (!value || value->empty())) {
    return fail(ErrorCode::usage, "the grant " + quoted(info.name) + " needs a value");
  }
  if (info.value == ValueOf::none && value) {
    return fail(ErrorCode::usage, quoted(*value) + " is given to " + std::string(info.name) +
                                      ", which takes no value");
  }
  return (this->*kSetters[static_cast<size_t>(info.setting)])(value);
}

Result<void> Grants::add_flag(std::string_view kind, Value value, bool allow) {
  const grant::KindInfo* info = grant::find_kind(kind);
  if (info == nullptr) {
    return fail(ErrorCode::usage, "there is no grant of the kind " + quoted(kind));
  }
  Rule rule = TRY(grant::parse_rule(info->kind, value, allow, here_));
  rule.source = Source::flag;
  rule.origin = allow ? "--" + std::string(kind) : "--deny-" + std::string(kind);
  rules_.push_back(std::move(rule));
  return {};
}

void Grants::protect(const std::string& path, std::string what) {
  if (path == os::kStandardInput) return;
  own_files_.push_back({.path = path, .what = std::move(what)});
}

Result<void> Grants::set_deny_all(Value) {
  deny_all_ = true;
  return {};
}

Result<void> Grants::set_allow_all(Value) {
  struct Everything {
    Kind kind;
    std::string_view value;
  };
  for (auto [kind, value] :
       {Everything{Kind::env, "*"}, Everything{Kind::net, "*"}, Everything{Kind::dir, "/"}}) {
    Rule rule = TRY(grant::parse_rule(kind, value, true, here_));
    rule.source = Source::allow_all;
    rule.origin = "--allow-all";
    rules_.push_back(std::move(rule));
  }
  return {};
}

Result<void> Grants::set_policy(Value value) {
  std::string path(*value);
  grant::PolicyFile file = TRY(policy::load_policy(path));
  if (!file.module.empty()) {
    TRY(set_module(file.module));
    module_file_ = os::name_of_input(path);
  }
  protect(path, "a policy of the run");
  std::move(file.rules.begin(), file.rules.end(), std::back_inserter(rules_));
  return {};
}

Result<void> Grants::set_module(Value value) {
  if (!module_digest_.empty() && module_digest_ != *value) {
    return fail(ErrorCode::usage, "two policies are for different modules");
  }
  module_digest_ = *value;
  return {};
}

Result<void> Grants::set_ask(Value value) {
  ask_ = value ? Ask::on_terminal : Ask::always;
  root_ = true;
  return {};
}

Result<void> Grants::set_ask_server(Value value) {
  ask_ = Ask::always;
  root_ = true;
  ask_server_ = *value;
  own_files_.push_back({.path = ask_server_, .what = "the policy server", .denied = Rights::all});
  return {};
}

Result<void> Grants::set_no_ask(Value) {
  ask_server_.clear();
  ask_ = Ask::never;
  root_ = false;
  return {};
}

Result<void> Grants::set_record(Value value) {
  std::string path(*value);
  TRY(check_recording(path));
  record_ = std::move(path);
  own_files_.push_back({.path = record_, .what = "the recorded policy", .is_replaced = true});
  return {};
}

Result<void> Grants::set_audit(Value value) {
  audit_ = *value;
  if (policy::Audit::is_file(audit_)) {
    own_files_.push_back({.path = audit_, .what = "the audit log", .denied = Rights::all});
  }
  return {};
}

Result<void> Grants::set_remember(Value) {
  remember_ = true;
  return {};
}

Result<void> Grants::set_protect(Value value) {
  protect(std::string(*value), "protected");
  return {};
}

Result<void> Grants::set_lockdown(Value value) {
  alone_ = TRY(alone_of(value));
  lockdown_ = true;
  return {};
}

}  // namespace nacre::api
