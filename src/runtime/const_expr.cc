#include "runtime/const_expr.h"

#include <array>
#include <string>
#include <vector>

#include "wasm/features.h"
#include "wasm/walk.h"

namespace nacre::runtime {
namespace {

// The operand stack of constant expressions. Instructions that have no method of their own stop the
// evaluation: validation lets only those of the garbage-collected heap come here.
class Evaluator {
 public:
  explicit Evaluator(const abi::VmCtx& instance) : instance_(instance) {}

  void i32_const(const wasm::imm::i32& i) { push_i32(static_cast<uint32_t>(i.value)); }
  void i64_const(const wasm::imm::i64& i) { push_i64(static_cast<uint64_t>(i.value)); }
  void f32_const(const wasm::imm::f32& i) { push_i32(i.bits); }
  void f64_const(const wasm::imm::f64& i) { push_i64(i.bits); }
  void v128_const(const wasm::imm::v128& i) { push({.v128 = i.bytes}); }
  void ref_null(const wasm::imm::heap_type&) { push({.ref = abi::kNullRef}); }
  void ref_func(const wasm::imm::func& i) {
    push({.ref = reinterpret_cast<abi::Ref>(instance_.functions[i.index])});
  }
  void global_get(const wasm::imm::global& i) { push(*instance_.globals[i.index]); }

  void i32_add(const wasm::imm::none&) {
    binary([](uint64_t a, uint64_t b) { return uint64_t{static_cast<uint32_t>(a + b)}; });
  }
  void i32_sub(const wasm::imm::none&) {
    binary([](uint64_t a, uint64_t b) { return uint64_t{static_cast<uint32_t>(a - b)}; });
  }
  void i32_mul(const wasm::imm::none&) {
    binary([](uint64_t a, uint64_t b) { return uint64_t{static_cast<uint32_t>(a * b)}; });
  }
  void i64_add(const wasm::imm::none&) {
    binary([](uint64_t a, uint64_t b) { return a + b; });
  }
  void i64_sub(const wasm::imm::none&) {
    binary([](uint64_t a, uint64_t b) { return a - b; });
  }
  void i64_mul(const wasm::imm::none&) {
    binary([](uint64_t a, uint64_t b) { return a * b; });
  }
  void end(const wasm::imm::none&) {}

  void unknown(const char* text) {
    if (not_built_ == nullptr) not_built_ = text;
  }
  const char* not_built() const { return not_built_; }

  Run<abi::Value> result() {
    if (not_built_ != nullptr) {
      return std::unexpected(abi::make_trap(
          abi::TrapKind::not_built, std::string("constant expression: ") + not_built_ +
                                        " needs the garbage-collected heap, which is not built"));
    }
    if (stack_.size() != 1)
      return fail(ErrorCode::internal, "a constant expression without a value");
    return stack_.back();
  }

 private:
  void push(abi::Value value) { stack_.push_back(value); }
  void push_i32(uint32_t bits) { push({.i64 = bits}); }
  void push_i64(uint64_t bits) { push({.i64 = bits}); }

  // i32 values have zeros in the upper half here, so that both widths are one operation.
  template <class F>
  void binary(F operation) {
    if (not_built_ != nullptr || stack_.size() < 2) return;
    uint64_t b = stack_.back().i64;
    stack_.pop_back();
    stack_.back() = {.i64 = operation(stack_.back().i64, b)};
  }

  const abi::VmCtx& instance_;
  std::vector<abi::Value> stack_;
  const char* not_built_ = nullptr;
};

// Gives the walk a method for every row of ops.def.
class Visitor {
 public:
  explicit Visitor(Evaluator& evaluator) : evaluator_(evaluator) {}

#define OP(name, text, prefix, code, imm_, sig, feature, flags)                 \
  void name(const wasm::imm::imm_& i) { dispatch_##name(evaluator_, i, text); } \
                                                                                \
 private:                                                                       \
  template <class E>                                                            \
  static void dispatch_##name(E& e, const wasm::imm::imm_& i, const char* t) {  \
    if constexpr (requires { e.name(i); }) {                                    \
      e.name(i);                                                                \
    } else {                                                                    \
      e.unknown(t);                                                             \
    }                                                                           \
  }                                                                             \
                                                                                \
 public:
#include "wasm/ops.def"
#undef OP

 private:
  Evaluator& evaluator_;
};

}  // namespace

Run<abi::Value> evaluate(const wasm::ConstExpr& expr, const abi::VmCtx& instance) {
  wasm::BodyReader reader(expr.code, 0, wasm::Features::all_built());
  Evaluator evaluator(instance);
  Visitor visitor(evaluator);
  wasm::Trusted checker;
  wasm::walk(reader, checker, visitor);
  if (!checker.done()) return fail(ErrorCode::internal, "a constant expression without an end");
  return evaluator.result();
}

}  // namespace nacre::runtime
