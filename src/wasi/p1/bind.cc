#include "wasi/p1/bind.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "wasi/guest.h"
#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"
#include "wasi/suspended_call.h"

namespace nacre::wasi::p1 {
namespace {

using runtime::HostFuncDef;

constexpr bool may_block = true;
constexpr bool immediate = false;

constexpr FunctionInfo kInfos[] = {
#define same true
#define own true
#define absent false
#define P1(name, params, results, blocks, unstable, uses, arguments) \
  {#name, params, results, arguments, blocks, unstable, grant::Uses::uses},
#include "wasi/p1/p1.def"
#undef P1
#undef same
#undef own
#undef absent
};

enum class Row : uint8_t {
#define P1(name, ...) name,
#include "wasi/p1/p1.def"
#undef P1
};

consteval grant::Need need_of(Row row) {
#define P1(...)
#define P1_NEED(name, need) \
  if (row == Row::name) return grant::Need::need;
#include "wasi/p1/p1.def"
#undef P1
  return grant::Need::nothing;
}

// What a call shows that the guest needs, if it succeeds.
template <Row kRow>
grant::Need need_shown(const Preview1& preview1, std::span<const uint64_t> arguments) {
  constexpr grant::Need kNeed = need_of(kRow);
  if constexpr (kNeed == grant::Need::input) {
    const Descriptor* from = preview1.descriptors().peek(static_cast<Fd>(arguments[0]));
    bool is_input = from != nullptr && from->handle == preview1.world().stream(0);
    if (!is_input) return grant::Need::nothing;
  }
  return kNeed;
}

// What a call is about, by its parameters' names: `fd` and what ends in `_fd` are descriptors, a
// `path` behind one is beneath it, a `node` is a host's name.
struct Mention {
  uint8_t parameter;
  bool is_path;
};
struct Mentions {
  std::array<Mention, 4> list = {};
  size_t count = 0;
};
consteval Mentions mentions_in(std::string_view names) {
  Mentions found;
  for (uint8_t at = 0; !names.empty(); ++at) {
    std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    bool is_path = name == "path" || name.ends_with("_path") || name == "node";
    if (is_path || name == "fd" || name.ends_with("_fd")) found.list[found.count++] = {at, is_path};
  }
  return found;
}

std::string_view descriptor_name(const Preview1& preview1, Fd fd) {
  constexpr std::string_view kStandard[] = {"stdin", "stdout", "stderr"};
  const Descriptor* descriptor = preview1.descriptors().peek(fd);
  if (descriptor == nullptr) return "";
  std::string_view name = descriptor->handle->display_name();
  return name.empty() && fd < std::size(kStandard) ? kStandard[fd] : name;
}

// That as text.
std::string object_text(const Mentions& mentions, const Preview1& preview1,
                        const GuestMemory& memory, std::span<const uint64_t> arguments) {
  std::string text;
  for (size_t i = 0; i < mentions.count; ++i) {
    uint8_t at = mentions.list[i].parameter;
    if (mentions.list[i].is_path) {
      auto path =
          read_path(memory, static_cast<Ptr>(arguments[at]), static_cast<Size>(arguments[at + 1]));
      if (!path) continue;
      if (!text.empty() && !text.ends_with('/')) text += '/';
      text += *path;
    } else {
      if (!text.empty()) text += " -> ";
      text += descriptor_name(preview1, static_cast<Fd>(arguments[at]));
    }
  }
  return text;
}

// A call that the log is told of: what it is about, and what came of it.
class LoggedCall {
 public:
  // Before the call, which may close what it is about.
  LoggedCall(const FunctionInfo& info, const Mentions& mentions, Preview1& preview1,
             const GuestMemory& memory, std::span<const uint64_t> arguments, grant::Need need);
  Errno ended(Errno error);

 private:
  const FunctionInfo& info_;
  Preview1& preview1_;
  grant::Need need_;  // shown if it succeeds
  // Reading and writing in small pieces: a string on the heap would cost as much as the rest.
  char name_[64];
  std::string text_;
  std::string_view object_;
};

LoggedCall::LoggedCall(const FunctionInfo& info, const Mentions& mentions, Preview1& preview1,
                       const GuestMemory& memory, std::span<const uint64_t> arguments,
                       grant::Need need)
    : info_(info), preview1_(preview1), need_(need) {
  if (mentions.count == 1 && !mentions.list[0].is_path) {
    std::string_view name =
        descriptor_name(preview1, static_cast<Fd>(arguments[mentions.list[0].parameter]));
    if (name.size() <= sizeof name_) {
      std::ranges::copy(name, name_);
      object_ = std::string_view(name_, name.size());
      return;
    }
  }
  text_ = object_text(mentions, preview1, memory, arguments);
  object_ = text_;
}

Errno LoggedCall::ended(Errno error) {
  if (preview1_.is_parked()) return error;  // it is told of when it is done
  bool succeeded = error == Errno::success;
  std::string_view result = succeeded ? "success" : errno_name(error);
  grant::Need need = succeeded ? need_ : grant::Need::nothing;
  preview1_.call_log()->called({info_.name, info_.uses, object_, result, need});
  return error;
}

// Whom a call acts for; null: nothing was given.
[[gnu::always_inline]] inline Preview1* preview1_of(const abi::HostCall& call,
                                                    const abi::CallerGroup& made_for) {
  const abi::CallerGroup* group = call.group();
  void* world = (group != nullptr ? *group : made_for).world;
  return world != nullptr ? &static_cast<Guest*>(world)->preview1() : nullptr;
}

using Call = abi::Outcome (*)(const abi::HostCall& call, void* data, abi::Value* values);

// A call that parked, and is made again with the arguments that it had.
class SuspendedFunction final : public SuspendedCall {
 public:
  static constexpr size_t kMaxArguments = 9;

  SuspendedFunction(Call function, const abi::HostCall& call, void* data, Preview1& preview1,
                    const abi::Value* arguments)
      : function_(function), call_(call), data_(data), preview1_(preview1) {
    std::copy_n(arguments, kMaxArguments, arguments_);
  }
  // Makes the call, which parks or has ended.
  abi::Outcome try_it(abi::Value* values) {
    preview1_.go_on(std::move(parked_));
    preview1_.set_parks(true);
    abi::Outcome outcome = function_(call_, data_, values);
    preview1_.set_parks(false);
    parked_ = preview1_.take_parked();
    return outcome;
  }
  bool is_parked() const { return parked_ != nullptr; }

  host::Operation& operation() override { return parked_->operation(); }
  std::optional<abi::Outcome> go_on(abi::Value* values) override {
    abi::Value copy[kMaxArguments];
    std::ranges::copy(arguments_, copy);
    abi::Outcome outcome = try_it(copy);
    if (is_parked()) return std::nullopt;
    values[0] = copy[0];
    return outcome;
  }

 private:
  Call function_;
  abi::HostCall call_;
  void* data_;
  Preview1& preview1_;
  std::unique_ptr<ParkedCall> parked_;
  abi::Value arguments_[kMaxArguments];
};

// Where the guest can be parked, or may not wait at all. `function` waits in place.
[[gnu::noinline]] abi::Outcome call_parking(Call function, const abi::HostCall& call,
                                            abi::CallerGroup& made_for, abi::Value* values) {
  Preview1* preview1 = preview1_of(call, made_for);
  if (preview1 == nullptr) return function(call, &made_for, values);
  auto suspended =
      std::make_unique<SuspendedFunction>(function, call, &made_for, *preview1, values);
  abi::Outcome outcome = suspended->try_it(values);
  if (!suspended->is_parked()) return outcome;
  if (call.waiting() == abi::Waiting::refused) return abi::make_trap(abi::TrapKind::cannot_suspend);
  SuspendedCall* given_away = suspended.release();
  return call.suspend(given_away);
}

template <class T>
abi::Value value_of(T argument) {
  abi::Value value;
  if constexpr (sizeof(T) == 8) {
    value.i64 = static_cast<decltype(value.i64)>(argument);
  } else {
    value.i32 = static_cast<decltype(value.i32)>(argument);
  }
  return value;
}

// A method of Preview1 as a host function: the caller's memory in front, limits that end the guest
// and the log behind.
template <auto kMethod, Row kRow>
struct Function;

template <class R, class... Params, R (Preview1::*kMethod)(GuestMemory&, Params...), Row kRow>
struct Function<kMethod, kRow> {
  static constexpr bool kExits = std::is_same_v<R, Exit>;
  using Result = std::conditional_t<kExits, abi::Outcome, runtime::HostResult<uint32_t>>;

  // Inline in both bodies that host_func makes of it: calls that do little are frequent.
  [[gnu::always_inline]] static Result run(abi::CallerGroup& made_for, const abi::HostCall& call,
                                           Params... arguments) {
    Preview1* preview1 = preview1_of(call, made_for);
    if (preview1 == nullptr) [[unlikely]]
      return runtime::host_trap("the caller was not given WASI");
    GuestMemory memory = call.memory();
    if constexpr (kExits) {
      abi::TrapPtr exit = abi::make_trap(abi::TrapKind::exit);
      exit->exit_code = (preview1->*kMethod)(memory, arguments...).code;
      return exit;
    } else {
      bool logged = kUsesGrant && preview1->call_log() != nullptr;
      Errno error = logged ? run_logged(*preview1, memory, arguments...)
                           : (preview1->*kMethod)(memory, arguments...);
      if (abi::TrapKind reached = preview1->take_reached(); reached != abi::TrapKind::none)
          [[unlikely]]
        return std::unexpected(abi::make_trap(reached));
      return static_cast<uint32_t>(error);
    }
  }

  // The same of one that may have to wait.
  [[gnu::always_inline]] static Result run_or_park(abi::CallerGroup& made_for,
                                                   const abi::HostCall& call, Params... arguments) {
    if (call.waiting() == abi::Waiting::in_place) [[likely]]
      return run(made_for, call, arguments...);
    return park(made_for, call, arguments...);
  }

  static constexpr bool matches(std::string_view params, std::string_view results) {
    constexpr std::array<char, sizeof...(Params) + 1> kLetters = {
        (sizeof(Params) == 8 ? 'I' : 'i')..., '\0'};
    return params == std::string_view(kLetters.data(), sizeof...(Params)) &&
           results == (kExits ? "" : "i");
  }

 private:
  [[gnu::noinline]] static Result park(abi::CallerGroup& made_for, const abi::HostCall& call,
                                       Params... arguments) {
    static constexpr HostFuncDef kInPlace = runtime::host_func<&Function::run>("");
    abi::Value values[SuspendedFunction::kMaxArguments] = {value_of(arguments)...};
    abi::Outcome outcome = call_parking(kInPlace.call, call, made_for, values);
    if (!outcome.is_returned()) return std::unexpected(std::move(outcome));
    return values[0].i32;
  }
  [[gnu::noinline]] static Errno run_logged(Preview1& preview1, GuestMemory& memory,
                                            Params... arguments) {
    static constexpr Mentions kMentions = mentions_in(kInfo.argument_names);
    const uint64_t values[] = {static_cast<uint64_t>(arguments)..., 0};
    LoggedCall call(kInfo, kMentions, preview1, memory, values, need_shown<kRow>(preview1, values));
    return call.ended((preview1.*kMethod)(memory, arguments...));
  }
  static constexpr const FunctionInfo& kInfo = kInfos[static_cast<size_t>(kRow)];
  static constexpr bool kUsesGrant = kInfo.uses != grant::Uses::nothing;
};

template <auto kMethod, Row kRow, bool kBlocks>
constexpr HostFuncDef row(std::string_view name) {
  using F = Function<kMethod, kRow>;
  if constexpr (kBlocks) {
    return runtime::host_func<&F::run_or_park>(name, runtime::MayBlock::yes);
  } else {
    return runtime::host_func<&F::run>(name);
  }
}

// Other forms of functions, under the method's name.
#define P1(...)
#define P1_OTHER(name, other, params, results, blocks)                                   \
  constexpr HostFuncDef kOther_##name = row<&Preview1::other, Row::name, blocks>(#name); \
  static_assert(Function<&Preview1::other, Row::name>::matches(params, results),         \
                "p1.def and Preview1::" #other " disagree");
#include "wasi/p1/p1.def"
#undef P1

constexpr const HostFuncDef* other_form(Row of) {
#define P1(...)
#define P1_OTHER(name, ...) \
  if (of == Row::name) return &kOther_##name;
#include "wasi/p1/p1.def"
#undef P1
  return nullptr;
}

template <auto kMethod, Row kRow, bool kBlocks>
constexpr HostFuncDef row_with_other(std::string_view name) {
  HostFuncDef def = row<kMethod, kRow, kBlocks>(name);
  def.other = other_form(kRow);
  return def;
}

constexpr size_t kSpecified = 46;
constexpr size_t kExtension = 11;

constexpr HostFuncDef kFunctions[kSpecified + kExtension] = {
#define P1(name, params, results, blocks, ...) \
  row_with_other<&Preview1::name, Row::name, blocks>(#name),
#include "wasi/p1/p1.def"
#undef P1
};

constexpr HostFuncDef kUnstableFunctions[45] = {
#define UNSTABLE_same(name, blocks) row<&Preview1::name, Row::name, blocks>(#name),
#define UNSTABLE_own(name, blocks) row<&Preview1::unstable_##name, Row::name, blocks>(#name),
#define UNSTABLE_absent(name, blocks)
#define P1(name, params, results, blocks, unstable, ...) UNSTABLE_##unstable(name, blocks)
#include "wasi/p1/p1.def"
#undef P1
#undef UNSTABLE_same
#undef UNSTABLE_own
#undef UNSTABLE_absent
};
static_assert(std::size(kInfos) == kSpecified + kExtension, "as in the specifications");
static_assert(!kFunctions[kSpecified + kExtension - 1].name.empty() &&
                  !kUnstableFunctions[kSpecified - 2].name.empty(),
              "as in the specifications");

#define P1(name, params, results, ...)                                          \
  static_assert(Function<&Preview1::name, Row::name>::matches(params, results), \
                "p1.def and Preview1::" #name " disagree");
#include "wasi/p1/p1.def"
#undef P1

}  // namespace

std::span<const HostFuncDef> host_functions() { return kFunctions; }
std::span<const HostFuncDef> unstable_host_functions() { return kUnstableFunctions; }
std::span<const FunctionInfo> function_infos() { return kInfos; }

}  // namespace nacre::wasi::p1
