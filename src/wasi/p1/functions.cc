#include "wasi/p1/functions.h"

#include <array>
#include <type_traits>
#include <utility>

#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

template <auto kMethod>
struct Traits;

template <class R, class... Params, R (Preview1::*kMethod)(abi::GuestMemory&, Params...)>
struct Traits<kMethod> {
  static constexpr bool matches(std::string_view params, std::string_view results) {
    std::string_view expected_results = std::is_same_v<R, Exit> ? "" : "i";
    if (params.size() != sizeof...(Params) || results != expected_results) return false;
    constexpr std::array<char, sizeof...(Params) + 1> kLetters = {
        (sizeof(Params) == 8 ? 'I' : 'i')..., '\0'};
    return params == std::string_view(kLetters.data(), sizeof...(Params));
  }

  static CallResult call(Preview1& preview1, abi::GuestMemory& memory, const uint64_t* arguments) {
    return call_with(preview1, memory, arguments, std::index_sequence_for<Params...>());
  }

 private:
  template <size_t... kIndex>
  static CallResult call_with(Preview1& preview1, abi::GuestMemory& memory,
                              [[maybe_unused]] const uint64_t* arguments,
                              std::index_sequence<kIndex...>) {
    R result = (preview1.*kMethod)(memory, static_cast<Params>(arguments[kIndex])...);
    if constexpr (std::is_same_v<R, Exit>) {
      return {Errno::success, result.code};
    } else {
      return {result, std::nullopt};
    }
  }
};

#define P1_UNSTABLE_same(name) &Traits<&Preview1::name>::call
#define P1_UNSTABLE_own(name) &Traits<&Preview1::unstable_##name>::call
#define P1_UNSTABLE_absent(name) nullptr

constexpr bool may_block = true;
constexpr bool immediate = false;

constexpr Function kFunctions[] = {
#define P1(name, params, results, blocks, unstable, arguments) \
  {#name,                                                      \
   params,                                                     \
   results,                                                    \
   arguments,                                                  \
   blocks,                                                     \
   &Traits<&Preview1::name>::call,                             \
   P1_UNSTABLE_##unstable(name)},
#include "wasi/p1/p1.def"
#undef P1
};

#define P1(name, params, results, blocks, unstable, arguments)     \
  static_assert(Traits<&Preview1::name>::matches(params, results), \
                "p1.def and Preview1::" #name " disagree");        \
  static_assert(std::string_view(params).size() <= kMaxParams);
#include "wasi/p1/p1.def"
#undef P1
static_assert(std::size(kFunctions) == 46, "the specification has 46 functions");

}  // namespace

std::span<const Function> functions() { return kFunctions; }

}  // namespace nacre::wasi::p1
