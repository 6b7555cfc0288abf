#include "wasi/p1/bind.h"

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "wasi/p1/preview1.h"

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
    if constexpr (kExits) {
      abi::Outcome exit = abi::make_trap(abi::TrapKind::exit);
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

template <auto kMethod>
constexpr HostFuncDef row(std::string_view name, bool blocks) {
  return {name, blocks, &Bound<kMethod>::type, &Bound<kMethod>::call};
}

constexpr HostFuncDef kFunctions[] = {
#define P1(name, params, results, blocks, unstable, arguments) row<&Preview1::name>(#name, blocks),
#include "wasi/p1/p1.def"
#undef P1
};
static_assert(std::size(kFunctions) == 46, "as in the specification");

constexpr HostFuncDef kUnstableFunctions[] = {
#define UNSTABLE_same(name, blocks) row<&Preview1::name>(#name, blocks),
#define UNSTABLE_own(name, blocks) row<&Preview1::unstable_##name>(#name, blocks),
#define UNSTABLE_absent(name, blocks)
#define P1(name, params, results, blocks, unstable, arguments) UNSTABLE_##unstable(name, blocks)
#include "wasi/p1/p1.def"
#undef P1
#undef UNSTABLE_same
#undef UNSTABLE_own
#undef UNSTABLE_absent
};
static_assert(std::size(kUnstableFunctions) == 45, "as in the specification");

constexpr FunctionInfo kInfos[] = {
#define same true
#define own true
#define absent false
#define P1(name, params, results, blocks, unstable, arguments) \
  {#name, params, results, arguments, blocks, unstable},
#include "wasi/p1/p1.def"
#undef P1
#undef same
#undef own
#undef absent
};

#define P1(name, params, results, blocks, unstable, arguments)    \
  static_assert(Bound<&Preview1::name>::matches(params, results), \
                "p1.def and Preview1::" #name " disagree");
#include "wasi/p1/p1.def"
#undef P1

}  // namespace

std::span<const HostFuncDef> host_functions() { return kFunctions; }
std::span<const HostFuncDef> unstable_host_functions() { return kUnstableFunctions; }
std::span<const FunctionInfo> function_infos() { return kInfos; }

}  // namespace nacre::wasi::p1
