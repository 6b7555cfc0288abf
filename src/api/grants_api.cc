// Grants of the C API.

#include <algorithm>

#include "api/explain.h"
#include "api/handles.h"
#include "api/limits.h"
#include "api/mentions.h"
#include "os/file_contents.h"
#include "os/host_path.h"
#include "policy/ask.h"
#include "wasi/p1/bind.h"

namespace nacre::api {
namespace {

// Asks the embedder.
class CallbackAsker final : public policy::Asker {
 public:
  CallbackAsker(nacre_ask_callback_t callback, void* data) : callback_(callback), data_(data) {}

  std::optional<grant::Answer> ask(const grant::Question& question) override {
    std::string rights = grant::rights_text(question.rights);
    std::string kind(grant::info_of(question.kind).name);
    std::string signer = grant::signers_text(question.signers);
    nacre_question_t asked{};
    asked.module_name = question.module_name.c_str();
    asked.digest = question.digest.c_str();
    asked.kind = kind.c_str();
    asked.object = question.object.c_str();
    asked.rights = rights.c_str();
    asked.before = question.before.c_str();
    asked.is_missing = question.missing;
    asked.signer = signer.c_str();
    int answer = callback_(data_, &asked);
    if (answer < NACRE_ANSWER_NO || answer > NACRE_ANSWER_NEVER_SIGNER) return grant::Answer::no;
    return static_cast<grant::Answer>(answer);
  }
  void tell(std::string_view) override {}

 private:
  nacre_ask_callback_t callback_;
  void* data_;
};

constexpr bool same(nacre_answer_t a, grant::Answer b) {
  return static_cast<int>(a) == static_cast<int>(b);
}
static_assert(same(NACRE_ANSWER_NO, grant::Answer::no) &&
              same(NACRE_ANSWER_ONCE, grant::Answer::once) &&
              same(NACRE_ANSWER_RUN, grant::Answer::run) &&
              same(NACRE_ANSWER_ALWAYS, grant::Answer::always) &&
              same(NACRE_ANSWER_NEVER, grant::Answer::never) &&
              same(NACRE_ANSWER_ALWAYS_DIR, grant::Answer::always_dir) &&
              same(NACRE_ANSWER_NEVER_DIR, grant::Answer::never_dir) &&
              same(NACRE_ANSWER_ALWAYS_SIGNER, grant::Answer::always_signer) &&
              same(NACRE_ANSWER_NEVER_SIGNER, grant::Answer::never_signer));

constexpr bool same(nacre_setting_place_t a, grant::SaidBy b) {
  return static_cast<int>(a) == static_cast<int>(b);
}
static_assert(same(NACRE_SETTING_OPTION, grant::SaidBy::option) &&
              same(NACRE_SETTING_DENIAL, grant::SaidBy::denial) &&
              same(NACRE_SETTING_RUN, grant::SaidBy::run) &&
              same(NACRE_SETTING_PROGRAM, grant::SaidBy::program) &&
              same(NACRE_SETTING_FILE, grant::SaidBy::file));

// Each use of grants that a module's imports could lead to, by name, once.
std::vector<std::string> reach_of(const nacre_module& module) {
  std::vector<std::string> reach;
  for (const wasm::Import& item : module.module->wasm().imports) {
    const wasi::p1::FunctionInfo* info = find_function(item);
    if (info == nullptr || info->uses == grant::Uses::nothing) continue;
    std::string name(grant::uses_name(info->uses));
    if (std::find(reach.begin(), reach.end(), name) == reach.end()) reach.push_back(name);
  }
  return reach;
}

bool is_setting_times_by_name(const wasm::Import& item) {
  const wasi::p1::FunctionInfo* info = find_function(item);
  return info != nullptr && info->name == "path_filestat_set_times";
}

}  // namespace

policy::Subject make_subject(const std::string& name, const nacre_module& module) {
  bool is_file = name != os::kStandardInput;
  return {
      .name = os::name_of_input(name),
      .place = is_file ? os::canonical_path(name, policy::here().directory) : "",
      .size_bytes = module.source->size_bytes(),
      .reaches = reach_of(module),
      .has_company = std::ranges::any_of(
          module.module->wasm().imports,
          [](const wasm::Import& item) { return find_function(item) == nullptr; }),
      .names_times = std::ranges::any_of(module.module->wasm().imports, is_setting_times_by_name),
      .digest = [source = module.source] { return source->digest(); },
      .mentions =
          [held = module.module](const std::vector<std::string>& names) {
            return mentioned_names(held->wasm(), names);
          },
      .signed_by = [source = module.source](
                       const std::vector<std::string>& keys) { return source->signed_by(keys); }};
}

}  // namespace nacre::api

using namespace nacre;

nacre_grants_t* nacre_grants_new(void) { return new nacre_grants; }
void nacre_grants_delete(nacre_grants_t* grants) { delete grants; }

void nacre_grants_add_arg(nacre_grants_t* grants, const char* arg) {
  grants->grants.add_argument(arg);
}

nacre_error_t* nacre_grants_add(nacre_grants_t* grants, const char* kind, const char* value) {
  std::optional<std::string_view> text;
  if (value != nullptr) text = value;
  API_TRY(grants->grants.add(kind, text));
  return nullptr;
}

bool nacre_grants_limit_fuel(const nacre_grants_t* grants) {
  runtime::Limits limits = api::limits_of(grants->grants.rules());
  return runtime::find_limit(limits, abi::TrapKind::fuel_limit) != nullptr;
}

void nacre_grants_set_module(nacre_grants_t* grants, const char* name,
                             const nacre_module_t* module) {
  grants->grants.set_subject(api::make_subject(name, *module));
}

void nacre_grants_set_ask(nacre_grants_t* grants, nacre_ask_callback_t callback, void* data) {
  grants->grants.set_asker(std::make_shared<api::CallbackAsker>(callback, data));
}

size_t nacre_grant_kind_count(void) { return grant::kinds().size(); }

size_t nacre_grant_setting_count(void) { return grant::settings().size(); }

nacre_grant_setting_t nacre_grant_setting_at(size_t index) {
  if (index >= grant::settings().size()) return {};
  const grant::SettingInfo& info = grant::settings()[index];
  return {info.name.data(), info.form.data(), info.help.data(),
          static_cast<nacre_setting_place_t>(info.said_by)};
}

nacre_grant_kind_t nacre_grant_kind_at(size_t index) {
  if (index >= grant::kinds().size()) return {};
  const grant::KindInfo& info = grant::kinds()[index];
  // Rows of a constant table, made from literals: they end in NUL.
  auto c_text = [](std::string_view literal) { return literal.begin(); };
  return {c_text(info.name), c_text(info.form), c_text(info.help),
          info.enforced == grant::Enforced::yes, info.granted_by_default};
}
