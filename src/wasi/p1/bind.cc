#include "wasi/p1/bind.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"
#include "wasi/suspended_call.h"

namespace nacre::wasi::p1 {
namespace {

using runtime::HostFuncDef;

template <auto kMethod>
struct Bound;

template <class R, class... Params, R (Preview1::*kMethod)(GuestMemory&, Params...)>
struct Bound<kMethod> {
  static constexpr bool kExits = std::is_same_v<R, Exit>;

  static constexpr bool matches(std::string_view params, std::string_view results) {
    constexpr std::array<char, sizeof...(Params) + 1> kLetters = {
        (sizeof(Params) == 8 ? 'I' : 'i')..., '\0'};
    return params == std::string_view(kLetters.data(), sizeof...(Params)) &&
           results == (kExits ? "" : "i");
  }

  static wasm::FuncType type() {
    wasm::FuncType result;
    result.params = {
        wasm::ValType(sizeof(Params) == 8 ? wasm::ValType::kI64 : wasm::ValType::kI32)...};
    if (!kExits) result.results = {wasm::ValType::kI32};
    return result;
  }

  static abi::Outcome call(const abi::HostCall& call, void* data, abi::Value* values) {
    return call_with(call, *static_cast<Preview1*>(data), values,
                     std::index_sequence_for<Params...>());
  }

 private:
  template <class T>
  static T argument(const abi::Value& value) {
    if constexpr (sizeof(T) == 8) {
      return static_cast<T>(value.i64);
    } else {
      return static_cast<T>(value.i32);
    }
  }

  template <size_t... kIndex>
  static abi::Outcome call_with(const abi::HostCall& call, Preview1& preview1, abi::Value* values,
                                std::index_sequence<kIndex...>) {
    GuestMemory memory = call.memory();
    R result = (preview1.*kMethod)(memory, argument<Params>(values[kIndex])...);
    if (abi::TrapKind reached = preview1.take_reached(); reached != abi::TrapKind::none)
        [[unlikely]]
      return abi::make_trap(reached);
    if constexpr (kExits) {
      abi::TrapPtr exit = abi::make_trap(abi::TrapKind::exit);
      exit->exit_code = result.code;
      return exit;
    } else {
      values[0].i64 = 0;
      values[0].i32 = static_cast<uint32_t>(result);
      return nullptr;
    }
  }
};

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

// That as text, made before the call, which may close what it is about.
std::string object_text(const Mentions& mentions, const Preview1& preview1,
                        const GuestMemory& memory, const abi::Value* values) {
  std::string text;
  for (size_t i = 0; i < mentions.count; ++i) {
    uint8_t at = mentions.list[i].parameter;
    if (mentions.list[i].is_path) {
      auto path = read_path(memory, values[at].i32, values[at + 1].i32);
      if (!path) continue;
      if (!text.empty() && !text.ends_with('/')) text += '/';
      text += *path;
    } else {
      if (!text.empty()) text += " -> ";
      text += descriptor_name(preview1, values[at].i32);
    }
  }
  return text;
}

// A function that tells the log what it was about and what came of it.
template <auto kMethod, Row kRow>
abi::Outcome call_logged(const abi::HostCall& call, void* data, abi::Value* values) {
  static constexpr const FunctionInfo& kInfo = kInfos[static_cast<size_t>(kRow)];
  static constexpr Mentions kMentions = mentions_in(kInfo.argument_names);
  const auto& preview1 = *static_cast<const Preview1*>(data);
  auto call_and_tell = [&](std::string_view object) {
    abi::Outcome outcome = Bound<kMethod>::call(call, data, values);
    if (preview1.is_parked()) return outcome;  // it is told of when it is done
    auto error = static_cast<Errno>(values[0].i32);
    std::string_view result = error == Errno::success ? "success" : errno_name(error);
    preview1.call_log()->called({kInfo.name, kInfo.uses, object, result});
    return outcome;
  };
  if constexpr (kMentions.count == 0) {
    return call_and_tell("");
  } else if constexpr (kMentions.count == 1 && !kMentions.list[0].is_path) {
    // Reading and writing in small pieces: a string on the heap would cost as much as the rest.
    std::string_view name = descriptor_name(preview1, values[kMentions.list[0].parameter].i32);
    char copy[64];
    if (name.size() <= sizeof copy) {
      std::ranges::copy(name, copy);
      return call_and_tell(std::string_view(copy, name.size()));
    }
  }
  return call_and_tell(object_text(kMentions, preview1, call.memory(), values));
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

// Where the guest can be parked, or may not wait at all.
[[gnu::noinline]] abi::Outcome call_parking(Call function, const abi::HostCall& call, void* data,
                                            Preview1& preview1, abi::Value* values) {
  auto suspended = std::make_unique<SuspendedFunction>(function, call, data, preview1, values);
  abi::Outcome outcome = suspended->try_it(values);
  if (!suspended->is_parked()) return outcome;
  if (call.waiting() == abi::Waiting::refused) return abi::make_trap(abi::TrapKind::cannot_suspend);
  SuspendedCall* given_away = suspended.release();
  return call.suspend(given_away);
}

template <Call kFunction>
abi::Outcome call_may_block(const abi::HostCall& call, void* data, abi::Value* values) {
  if (call.waiting() == abi::Waiting::in_place) [[likely]]
    return kFunction(call, data, values);
  return call_parking(kFunction, call, data, *static_cast<Preview1*>(data), values);
}

template <auto kMethod, Row kRow>
constexpr HostFuncDef row(std::string_view name, bool blocks, bool logged) {
  bool uses_grant = kInfos[static_cast<size_t>(kRow)].uses != grant::Uses::nothing;
  constexpr Call kPlain = &Bound<kMethod>::call;
  constexpr Call kLogged = &call_logged<kMethod, kRow>;
  Call function = logged && uses_grant ? kLogged : kPlain;
  if (blocks) {
    function = logged && uses_grant ? &call_may_block<kLogged> : &call_may_block<kPlain>;
  }
  return {name, blocks, &Bound<kMethod>::type, function};
}

// Other forms of functions, under the method's name.
#define P1(...)
#define P1_OTHER(name, other, params, results, blocks)             \
  constexpr HostFuncDef kOther_##name[2] = {                       \
      row<&Preview1::other, Row::name>(#name, blocks, false),      \
      row<&Preview1::other, Row::name>(#name, blocks, true)};      \
  static_assert(Bound<&Preview1::other>::matches(params, results), \
                "p1.def and Preview1::" #other " disagree");
#include "wasi/p1/p1.def"
#undef P1

constexpr const HostFuncDef* other_form(Row of, bool logged) {
#define P1(...)
#define P1_OTHER(name, ...) \
  if (of == Row::name) return &kOther_##name[logged ? 1 : 0];
#include "wasi/p1/p1.def"
#undef P1
  return nullptr;
}

template <auto kMethod, Row kRow>
constexpr HostFuncDef row_with_others(std::string_view name, bool blocks, bool logged) {
  HostFuncDef def = row<kMethod, kRow>(name, blocks, logged);
  def.other = other_form(kRow, logged);
  return def;
}

constexpr size_t kSpecified = 46;
constexpr size_t kExtension = 11;

// The tables without and with a log.
constexpr HostFuncDef kFunctions[2][kSpecified + kExtension] = {
#define P1(name, params, results, blocks, ...) \
  row_with_others<&Preview1::name, Row::name>(#name, blocks, kLogged),
#define kLogged false
    {
#include "wasi/p1/p1.def"
    },
#undef kLogged
#define kLogged true
    {
#include "wasi/p1/p1.def"
    },
#undef kLogged
#undef P1
};

constexpr HostFuncDef kUnstableFunctions[2][45] = {
#define UNSTABLE_same(name, blocks) row<&Preview1::name, Row::name>(#name, blocks, kLogged),
#define UNSTABLE_own(name, blocks) \
  row<&Preview1::unstable_##name, Row::name>(#name, blocks, kLogged),
#define UNSTABLE_absent(name, blocks)
#define P1(name, params, results, blocks, unstable, ...) UNSTABLE_##unstable(name, blocks)
#define kLogged false
    {
#include "wasi/p1/p1.def"
    },
#undef kLogged
#define kLogged true
    {
#include "wasi/p1/p1.def"
    },
#undef kLogged
#undef P1
#undef UNSTABLE_same
#undef UNSTABLE_own
#undef UNSTABLE_absent
};
static_assert(std::size(kInfos) == kSpecified + kExtension, "as in the specifications");
static_assert(!kFunctions[0][kSpecified + kExtension - 1].name.empty() &&
                  !kUnstableFunctions[0][kSpecified - 2].name.empty(),
              "as in the specifications");

#define P1(name, params, results, ...)                            \
  static_assert(Bound<&Preview1::name>::matches(params, results), \
                "p1.def and Preview1::" #name " disagree");
#include "wasi/p1/p1.def"
#undef P1

}  // namespace

std::span<const HostFuncDef> host_functions(bool logged) { return kFunctions[logged ? 1 : 0]; }
std::span<const HostFuncDef> unstable_host_functions(bool logged) {
  return kUnstableFunctions[logged ? 1 : 0];
}
const HostFuncDef& logged_form(const HostFuncDef& plain) {
  for (auto* tables : {&host_functions, &unstable_host_functions}) {
    std::span<const HostFuncDef> rows = tables(false);
    bool is_row = &plain >= rows.data() && &plain < rows.data() + rows.size();
    if (is_row) return tables(true)[static_cast<size_t>(&plain - rows.data())];
  }
  return (&plain)[1];  // another form, which has it beside itself
}
std::span<const FunctionInfo> function_infos() { return kInfos; }

}  // namespace nacre::wasi::p1
