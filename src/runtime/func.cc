#include "runtime/func.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "abi/host_func.h"
#include "os/fault.h"
#include "runtime/entry.h"
#include "runtime/fixed_array.h"
#include "runtime/park_waits.h"
#include "runtime/store.h"

namespace nacre::runtime {
Result<void> check_args(const Store& store, const wasm::FuncType& type,
                        std::span<const abi::Value> args, std::span<abi::Value> results) {
  if (args.size() != type.params.size() || results.size() != type.results.size()) {
    return fail(ErrorCode::usage, "a function of type " + to_string(type) + " was called with " +
                                      std::to_string(args.size()) + " arguments and room for " +
                                      std::to_string(results.size()) + " results");
  }
  for (size_t i = 0; i < args.size(); ++i) {
    if (type.params[i].is_ref() && !store.is_ref_of_type(args[i].ref, type.params[i])) {
      return fail(ErrorCode::usage, "argument " + std::to_string(i) + " is not a value of type " +
                                        to_string(type.params[i]));
    }
  }
  return {};
}

namespace {

abi::TrapPtr refuse(Store& store, abi::TrapKind kind) {
  abi::TrapPtr trap = abi::make_trap(kind);
  store.note_trap(*trap);
  return trap;
}

// Has a message of its own: it is not the guest's stack, to which a limit may be set.
abi::TrapPtr nested_too_deep() {
  return abi::make_trap(abi::TrapKind::call_stack_exhausted,
                        std::string(abi::trap_text(abi::TrapKind::call_stack_exhausted)));
}

abi::Outcome enter(Store& store, abi::FuncObject& func, abi::Value* values);

// A guest waits on the store's stack: this one gets another.
abi::Outcome enter_beside_parked(Store& store, abi::FuncObject& func, abi::Value* values) {
  Result<GuestStack*> stack = store.take_stack();
  if (!stack) return abi::make_trap(abi::TrapKind::out_of_memory, stack.error().to_string());
  abi::Outcome outcome = enter(store, func, values);
  store.give_back(**stack);
  return outcome;
}

abi::Outcome enter(Store& store, abi::FuncObject& func, abi::Value* values) {
  abi::ExecContext& exec = store.exec();
  if (store.engine().options().park_waits && !store.running()) [[unlikely]]
    return call_parking(store, func, values);
  if (exec.stack_use.depth() >= exec.max_host_depth) {
    if (store.has_stack()) return nested_too_deep();
    return enter_beside_parked(store, func, values);
  }
  os::ensure_signal_stack();
  Entry entry(store, exec);
  if (entry.refused() != abi::TrapKind::none) return refuse(store, entry.refused());
  if (func.host != nullptr) {
    return abi::call_host_func(*func.host, {.exec = exec, .caller = nullptr}, values);
  }
  abi::Outcome outcome = store.engine().executor().call(exec, func, values);
  if (outcome.is_trapped()) store.note_trap(outcome.trap());
  return outcome;
}

}  // namespace

Run<void> call(Store& store, abi::FuncObject& func, std::span<const abi::Value> args,
               std::span<abi::Value> results) {
  if (store.func_of(Store::ref_of(func)) == nullptr)
    return fail(ErrorCode::usage, "the function belongs to another store");
  TRY(check_args(store, store.type_of(func), args, results));

  std::array<abi::Value, 16> few;
  FixedArray<abi::Value> many;
  abi::Value* values = few.data();
  size_t count = std::max(args.size(), results.size());
  if (count > few.size()) {
    many = TRY(FixedArray<abi::Value>::create(count, store.engine().fail_point()));
    values = many.data();
  }
  std::copy(args.begin(), args.end(), values);
  if (abi::Outcome outcome = enter(store, func, values); !outcome.is_returned())
    return std::unexpected(std::move(outcome).take_trap());
  std::copy_n(values, results.size(), results.begin());
  return {};
}

// ---- prepared calls

Result<PreparedCall> PreparedCall::create(Store& store, const Extern& func) {
  if (!store.owns(func)) return fail(ErrorCode::usage, "the function belongs to another store");
  if (func.func() == nullptr) return fail(ErrorCode::usage, "this handle is not a function");
  PreparedCall call;
  call.store_ = &store;
  call.func_ = func.func();
  call.type_ = &store.type_of(*call.func_);
  call.id_ = store.id();
  call.has_refs_ = std::any_of(call.type_->params.begin(), call.type_->params.end(),
                               [](wasm::ValType type) { return type.is_ref(); });
  bool direct = call.func_->host == nullptr && !store.engine().options().park_waits;
  if (direct) call.entry_ = TRY(call.func_->vmctx->code->host_entry(call.func_->index));
  return call;
}

Failure PreparedCall::stale() const {
  return Error(ErrorCode::usage, "the function was prepared for a former guest of the store");
}

abi::Outcome PreparedCall::run_slowly(abi::Value* values) const {
  return enter(*store_, *func_, values);
}

Run<void> PreparedCall::run_unchecked(abi::Value* values) const {
  if (store_->id() != id_) [[unlikely]]
    return std::unexpected(stale());
  abi::ExecContext& exec = store_->exec();
  if (entry_ == nullptr || exec.stack_use.depth() >= exec.max_host_depth) [[unlikely]] {
    abi::Outcome outcome = run_slowly(values);
    if (outcome.is_returned()) return {};
    return std::unexpected(std::move(outcome).take_trap());
  }
  os::ensure_signal_stack();
  Entry entry(*store_, exec);
  if (entry.refused() != abi::TrapKind::none) [[unlikely]]
    return std::unexpected(refuse(*store_, entry.refused()));
  if (entry_(&exec, func_, values) == 0) [[likely]]
    return {};
  abi::TrapPtr trap(std::exchange(exec.trap, nullptr));
  store_->note_trap(*trap);
  return std::unexpected(std::move(trap));
}

Run<void> PreparedCall::operator()(std::span<abi::Value> values) const {
  if (has_refs_ || values.size() < std::max(type_->params.size(), type_->results.size())) {
    TRY(check_args(*store_, *type_, values.first(std::min(values.size(), type_->params.size())),
                   values.first(std::min(values.size(), type_->results.size()))));
  }
  return run_unchecked(values.data());
}

Run<void> call(Store& store, const Extern& func, std::span<const abi::Value> args,
               std::span<abi::Value> results) {
  if (!store.owns(func)) return fail(ErrorCode::usage, "the function belongs to another store");
  if (func.func() == nullptr) return fail(ErrorCode::usage, "this handle is not a function");
  return call(store, *func.func(), args, results);
}

}  // namespace nacre::runtime
