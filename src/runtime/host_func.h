// Host functions as ordinary C++ functions: the wasm type, the unpacking of arguments and the
// packing of results are derived from the C++ type.
//
//   Result type   void, a value, std::tuple of values; abi::Outcome;
//                 HostResult<T> (a T of the former, or how else it ended)
//   Parameters    first, if wanted, State& (any class type: the `data` the function is bound to),
//                 then, if wanted, const abi::HostCall&, then values
//   Values        int32_t, uint32_t, int64_t, uint64_t, float, double, FuncRef, ExternRef
//
//   HostResult<uint32_t> fd_write(Wasi& wasi, const abi::HostCall& call, uint32_t fd, ...);
//   constexpr HostFuncDef kFunctions[] = {
//       host_func<fd_write>("fd_write", MayBlock::yes),
//       host_func<&Wasi::args_get>("args_get"),         // members: the object is the State
//   };
//   linker.define_functions("wasi_snapshot_preview1", kFunctions, &wasi);
//
// A HostFuncDef is a constant: tables of them cost nothing until something imports a row. The raw
// form, without any of this, is an abi::HostFunc filled in by hand (Store::add_func).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "abi/host_func.h"
#include "abi/outcome.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "wasm/types.h"

namespace nacre::runtime {

template <class T>
using HostResult = std::expected<T, abi::Outcome>;  // the error is an ending other than to return

// `return host_trap("...");` in a function that returns HostResult<T> or Outcome.
struct HostTrap {
  abi::TrapPtr trap;
  operator abi::Outcome() && { return std::move(trap); }  // NOLINT: a conversion
  template <class T>
  operator HostResult<T>() && {  // NOLINT: a conversion
    return std::unexpected(std::move(trap));
  }
};
inline HostTrap host_trap(std::string message) {
  return {abi::make_trap(abi::TrapKind::host_error, std::move(message))};
}

struct FuncRef {
  abi::Ref ref = abi::kNullRef;
};
struct ExternRef {
  abi::Ref ref = abi::kNullRef;
};

enum class MayBlock : bool { no, yes };

struct HostFuncDef {
  std::string_view name;
  bool may_block = false;
  wasm::FuncType (*type)() = nullptr;
  abi::Outcome (*call)(const abi::HostCall& call, void* data, abi::Value* values) = nullptr;
  const void* (*direct)() = nullptr;  // gives HostFunc::direct; may be null itself
  // Another function of the same name with another type, for modules that import that one.
  const HostFuncDef* other = nullptr;

  // The form of this type; this one if there is none.
  const HostFuncDef& fitting(const wasm::FuncType& wanted) const {
    for (const HostFuncDef* form = this; form != nullptr; form = form->other) {
      if (form->type() == wanted) return *form;
    }
    return *this;
  }

  // In the form for Store::add_func. `data` is the State; `module` is for messages.
  abi::HostFunc bind(std::string_view module, void* data) const {
    abi::HostFunc func;
    func.type = type();
    func.call = call;
    func.direct = direct != nullptr ? direct() : nullptr;
    func.data = data;
    func.may_block = may_block;
    func.name.append(module).append(".").append(name);
    return func;
  }
};

namespace detail {

// How a C++ type is a wasm value.
template <class T>
struct ValueTraits;
template <class T>
concept HostValue = requires(abi::Value& slot, T value) {
  { ValueTraits<T>::type() } -> std::same_as<wasm::ValType>;
  { ValueTraits<T>::get(slot) } -> std::same_as<T>;
  ValueTraits<T>::set(slot, value);
};

#define NACRE_VALUE_TRAITS(cpp_type, wasm_type, member)                                        \
  template <>                                                                                  \
  struct ValueTraits<cpp_type> {                                                               \
    static wasm::ValType type() { return wasm_type; }                                          \
    static cpp_type get(const abi::Value& slot) { return static_cast<cpp_type>(slot.member); } \
    static void set(abi::Value& slot, cpp_type value) {                                        \
      slot.member = static_cast<decltype(slot.member)>(value);                                 \
    }                                                                                          \
  };
NACRE_VALUE_TRAITS(int32_t, wasm::ValType::kI32, i32)
NACRE_VALUE_TRAITS(uint32_t, wasm::ValType::kI32, i32)
NACRE_VALUE_TRAITS(int64_t, wasm::ValType::kI64, i64)
NACRE_VALUE_TRAITS(uint64_t, wasm::ValType::kI64, i64)
NACRE_VALUE_TRAITS(float, wasm::ValType::kF32, f32)
NACRE_VALUE_TRAITS(double, wasm::ValType::kF64, f64)
#undef NACRE_VALUE_TRAITS

template <>
struct ValueTraits<FuncRef> {
  static wasm::ValType type() { return wasm::ValType::funcref(); }
  static FuncRef get(const abi::Value& slot) { return {slot.ref}; }
  static void set(abi::Value& slot, FuncRef value) { slot.ref = value.ref; }
};
template <>
struct ValueTraits<ExternRef> {
  static wasm::ValType type() { return wasm::ValType::externref(); }
  static ExternRef get(const abi::Value& slot) { return {slot.ref}; }
  static void set(abi::Value& slot, ExternRef value) { slot.ref = value.ref; }
};

// How a C++ return type is wasm results and perhaps a trap.
template <class R>
struct ResultTraits {
  static_assert(HostValue<R>, "not a value that host functions can return");
  static void types(wasm::FuncType& type) { type.results.push_back(ValueTraits<R>::type()); }
  static abi::Outcome store(abi::Value* values, R result) {
    ValueTraits<R>::set(values[0], result);
    return nullptr;
  }
};
template <>
struct ResultTraits<void> {
  static void types(wasm::FuncType&) {}
};
template <>
struct ResultTraits<abi::Outcome> {
  static void types(wasm::FuncType&) {}
  static abi::Outcome store(abi::Value*, abi::Outcome result) { return result; }
};
template <class... T>
struct ResultTraits<std::tuple<T...>> {
  static void types(wasm::FuncType& type) { (type.results.push_back(ValueTraits<T>::type()), ...); }
  static abi::Outcome store(abi::Value* values, const std::tuple<T...>& result) {
    [&]<size_t... i>(std::index_sequence<i...>) {
      (ValueTraits<T>::set(values[i], std::get<i>(result)), ...);
    }(std::index_sequence_for<T...>());
    return nullptr;
  }
};
template <class T>
struct ResultTraits<std::expected<T, abi::Outcome>> {
  static void types(wasm::FuncType& type) { ResultTraits<T>::types(type); }
  static abi::Outcome store(abi::Value* values, std::expected<T, abi::Outcome> result) {
    if (!result) return std::move(result).error();
    if constexpr (std::is_void_v<T>) {
      return nullptr;
    } else {
      return ResultTraits<T>::store(values, std::move(*result));
    }
  }
};

// How a C++ return type leaves a direct call; tuples do not.
template <class R>
struct DirectResult {
  static constexpr bool kFits = HostValue<R>;
  using Type = R;
  static R give(abi::DirectCall&, R result) { return result; }
};
template <>
struct DirectResult<abi::Outcome> {
  static constexpr bool kFits = true;
  using Type = void;
  static void give(abi::DirectCall& call, abi::Outcome result) {
    if (!result.is_returned())
      call.trap = abi::direct_trap(std::move(result), *call.host).release();
  }
};
template <class T>
struct DirectResult<std::expected<T, abi::Outcome>> {
  static constexpr bool kFits = HostValue<T> || std::is_void_v<T>;
  using Type = T;
  static T give(abi::DirectCall& call, std::expected<T, abi::Outcome> result) {
    if (!result) call.trap = abi::direct_trap(std::move(result.error()), *call.host).release();
    if constexpr (!std::is_void_v<T>) return result ? *result : T{};
  }
};
template <>
struct DirectResult<void> {
  static constexpr bool kFits = true;
};

// Parameters after State& and HostCall&.
template <class R, class State, bool takes_call, class... Args>
struct Signature {
  static_assert((HostValue<std::remove_cvref_t<Args>> && ...),
                "a parameter is not a value that wasm can pass");

  static wasm::FuncType type() {
    wasm::FuncType result;
    (result.params.push_back(ValueTraits<std::remove_cvref_t<Args>>::type()), ...);
    ResultTraits<R>::types(result);
    return result;
  }

  // Calls it with State& and HostCall& in front, as far as it wants them.
  template <class F>
  static R apply(F&& function, const abi::HostCall& call, void* data,
                 std::remove_cvref_t<Args>... args) {
    auto run = [&](auto&&... front) -> R {
      return std::forward<F>(function)(std::forward<decltype(front)>(front)..., args...);
    };
    auto with_call = [&](auto&&... front) -> R {
      if constexpr (takes_call) {
        return run(std::forward<decltype(front)>(front)..., call);
      } else {
        return run(std::forward<decltype(front)>(front)...);
      }
    };
    if constexpr (std::is_void_v<State>) {
      return with_call();
    } else {
      return with_call(*static_cast<State*>(data));
    }
  }

  template <class F>
  static abi::Outcome invoke(F&& function, const abi::HostCall& call, void* data,
                             abi::Value* values) {
    // All arguments are read before a result is written over them.
    return [&]<size_t... i>(std::index_sequence<i...>) -> abi::Outcome {
      auto run = [&]() -> R {
        return apply(std::forward<F>(function), call, data,
                     ValueTraits<std::remove_cvref_t<Args>>::get(values[i])...);
      };
      if constexpr (std::is_void_v<R>) {
        run();
        return nullptr;
      } else {
        return ResultTraits<R>::store(values, run());
      }
    }(std::index_sequence_for<Args...>());
  }

  template <class T>
  static constexpr bool kIsFloat = std::is_floating_point_v<std::remove_cvref_t<T>>;
  static constexpr size_t kFloats = (size_t{kIsFloat<Args>} + ... + 0);
  static constexpr bool kDirect =
      kFloats <= 8 && sizeof...(Args) - kFloats <= 4 && DirectResult<R>::kFits;

  // HostFunc::direct; `Function` makes what is called from `data`.
  template <class Function>
  static auto direct(abi::DirectCall* call, void* data, std::remove_cvref_t<Args>... args) {
    abi::HostCall host{.exec = *call->exec, .caller = call->caller};
    if constexpr (std::is_void_v<R>) {
      apply(Function{}(data), host, data, args...);
    } else {
      return DirectResult<R>::give(*call, apply(Function{}(data), host, data, args...));
    }
  }
  template <class Function>
  static const void* direct_address() {
    if constexpr (kDirect) {
      return reinterpret_cast<const void*>(&direct<Function>);
    } else {
      return nullptr;
    }
  }
};

template <class R, class State, class... Args>
struct AfterState : Signature<R, State, false, Args...> {};
template <class R, class State, class... Args>
struct AfterState<R, State, const abi::HostCall&, Args...> : Signature<R, State, true, Args...> {};

template <class T>
inline constexpr bool kIsState =
    std::is_lvalue_reference_v<T> && std::is_class_v<std::remove_reference_t<T>> &&
    !std::is_same_v<std::remove_cvref_t<T>, abi::HostCall> && !HostValue<std::remove_cvref_t<T>>;

template <class R, class... Args>
struct FunctionTraits : AfterState<R, void, Args...> {};
template <class R, class First, class... Rest>
  requires kIsState<First>
struct FunctionTraits<R, First, Rest...> : AfterState<R, std::remove_reference_t<First>, Rest...> {
};

template <class F>
struct CallableTraits;
template <class R, class... Args>
struct CallableTraits<R (*)(Args...)> : FunctionTraits<R, Args...> {};
template <class R, class... Args>
struct CallableTraits<R (*)(Args...) noexcept> : FunctionTraits<R, Args...> {};
template <class R, class C, class... Args>
struct CallableTraits<R (C::*)(Args...)> : FunctionTraits<R, C&, Args...> {};
template <class R, class C, class... Args>
struct CallableTraits<R (C::*)(Args...) const> : FunctionTraits<R, const C&, Args...> {};

// For Signature::direct: a stateless function object, whatever the data is, and the one behind it.
template <class F>
struct Always {
  std::remove_const_t<F> operator()(void*) const { return {}; }
};
template <class F>
struct Behind {
  F& operator()(void* data) const { return *static_cast<F*>(data); }
};

// Lambdas and other function objects, which take no State: they are their own.
template <class F>
struct ObjectTraits;
template <class R, class C, class... Args>
struct ObjectTraits<R (C::*)(Args...)> : AfterState<R, void, Args...> {};
template <class R, class C, class... Args>
struct ObjectTraits<R (C::*)(Args...) const> : AfterState<R, void, Args...> {};

}  // namespace detail

// `function`: a function, or a member function of the State.
template <auto function>
constexpr HostFuncDef host_func(std::string_view name, MayBlock may_block = MayBlock::no) {
  using Traits = detail::CallableTraits<std::decay_t<decltype(function)>>;
  HostFuncDef def;
  def.name = name;
  def.may_block = may_block == MayBlock::yes;
  def.type = &Traits::type;
  // Inline in both forms: calls that do little are frequent.
  constexpr auto run = [](auto&&... args) __attribute__((always_inline)) -> decltype(auto) {
    if constexpr (std::is_member_function_pointer_v<decltype(function)>) {
      return [](auto&& object, auto&&... rest) __attribute__((always_inline)) -> decltype(auto) {
        return (object.*function)(std::forward<decltype(rest)>(rest)...);
      }(std::forward<decltype(args)>(args)...);
    } else {
      return function(std::forward<decltype(args)>(args)...);
    }
  };
  using Run = decltype(run);
  def.call = [](const abi::HostCall& call, void* data, abi::Value* values) -> abi::Outcome {
    return Traits::invoke(Run{}, call, data, values);
  };
  def.direct = [] { return Traits::template direct_address<detail::Always<Run>>(); };
  return def;
}

// For a function object, captures and all: `data` of the bound function is a pointer to the F.
template <class F>
constexpr HostFuncDef host_object(std::string_view name, MayBlock may_block = MayBlock::no) {
  using Traits = detail::ObjectTraits<decltype(&F::operator())>;
  HostFuncDef def;
  def.name = name;
  def.may_block = may_block == MayBlock::yes;
  def.type = &Traits::type;
  def.call = [](const abi::HostCall& call, void* data, abi::Value* values) -> abi::Outcome {
    return Traits::invoke(*static_cast<F*>(data), call, nullptr, values);
  };
  def.direct = [] { return Traits::template direct_address<detail::Behind<F>>(); };
  return def;
}

}  // namespace nacre::runtime
