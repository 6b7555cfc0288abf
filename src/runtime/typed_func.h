// A function of a guest as a function of C++: the types are compared once, a call converts nothing.
//
//   auto add = TypedFunc<int32_t(int32_t, int32_t)>::create(store, *instance.find_export("add"));
//   Run<int32_t> sum = (*add)(1, 2);
//
// Parameters and the result are what host functions may have (runtime/host_func.h); several results
// are a std::tuple. A small value; the store outlives it, and calling it is an error once the
// store was restored for another guest (Store::restore).
#pragma once

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "runtime/func.h"
#include "runtime/host_func.h"
#include "runtime/store.h"

namespace nacre::runtime {
namespace detail {

// The results that a call leaves in `values`, as one C++ value.
template <class R>
struct LoadResults {
  static constexpr size_t kCount = 1;
  static R load(const abi::Value* values) { return ValueTraits<R>::get(values[0]); }
};
template <class... T>
struct LoadResults<std::tuple<T...>> {
  static constexpr size_t kCount = sizeof...(T);
  static std::tuple<T...> load(const abi::Value* values) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
      return std::tuple<T...>(ValueTraits<T>::get(values[i])...);
    }(std::index_sequence_for<T...>());
  }
};
template <>
struct LoadResults<void> {
  static constexpr size_t kCount = 0;
};

}  // namespace detail

template <class F>
class TypedFunc;

template <class R, class... Args>
class TypedFunc<R(Args...)> {
  static_assert((detail::HostValue<Args> && ...), "a parameter is not a value that wasm can take");

 public:
  // Errors: usage (another type, another store, no function); out_of_memory.
  static Result<TypedFunc> create(Store& store, const Extern& func) {
    PreparedCall call = TRY(PreparedCall::create(store, func));
    wasm::FuncType wanted = detail::Signature<R, void, false, Args...>::type();
    if (call.type() == wanted) return TypedFunc(std::move(call));
    return fail(ErrorCode::usage, "the function has the type " + to_string(call.type()) + ", not " +
                                      to_string(wanted));
  }

  Run<R> operator()(Args... args) const {
    constexpr bool kHasRefs = (is_ref<Args> || ...);
    constexpr size_t kRoom = std::max(sizeof...(Args), detail::LoadResults<R>::kCount);
    abi::Value values[kRoom + 1];
    [[maybe_unused]] size_t i = 0;
    (detail::ValueTraits<Args>::set(values[i++], args), ...);
    Run<void> done = kHasRefs ? call_({values, kRoom}) : call_.run_unchecked(values);
    if (!done) [[unlikely]]
      return std::unexpected(std::move(done).error());
    if constexpr (!std::is_void_v<R>) {
      return detail::LoadResults<R>::load(values);
    } else {
      return {};
    }
  }

 private:
  template <class T>
  static constexpr bool is_ref = std::is_same_v<T, FuncRef> || std::is_same_v<T, ExternRef>;

  explicit TypedFunc(PreparedCall call) : call_(call) {}

  PreparedCall call_;
};

}  // namespace nacre::runtime
