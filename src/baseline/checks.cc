// What checked builds add (options.h): patterns where the calling contract and operand.h leave bits
// unspecified, looks at bits that must be zero, and a second account of operands and registers.
#include "baseline/function_compiler.h"

namespace nacre::baseline {
namespace {

using Kind = Operand::Kind;

constexpr uint32_t kPoison = Options::kPoison;

}  // namespace

// ---- unspecified bits. No condition survives.

void FunctionCompiler::poison(Gpr reg) { masm_.poison_upper_half(reg, kPoison); }

// The lanes above an f32 or f64.
void FunctionCompiler::poison(Type type, Fpr reg) { masm_.poison_upper_lanes(type, reg, kPoison); }

// Behind an i32 or f32 in memory. The condition is kept.
void OperandStack::poison_behind(Mem four_bytes) {
  four_bytes.disp += 4;
  masm_.store_constant(Width::w32, four_bytes, kPoison);
}

// Arguments or results, where they are passed.
void FunctionCompiler::poison(Types types, abi::PlaceAssigner places, const Gpr* gprs,
                              const Fpr* fprs) {
  if (!options_.poison_upper_bits) return;
  for (wasm::ValType value : types) {
    abi::ValuePlace place = places.next(value);
    Type type = type_of(value);
    if (place.kind == abi::ValuePlace::Kind::integer) {
      if (type == Type::i32) poison(gprs[place.index]);
    } else if (place.kind == abi::ValuePlace::Kind::floating) {
      if (type != Type::v128) poison(type, fprs[place.index]);
    }
  }
}

void OperandStack::emit_check_zero_extended(Gpr reg) {
  masm_.branch_if_upper_half(reg, trap_label(abi::TrapKind::host_error));
}

// ---- operands and registers, between two instructions

void FunctionCompiler::remember_operands(Control& control) {
  if (!options_.check_consistency) return;
  control.remembered = static_cast<uint32_t>(remembered_.size());
  remembered_.emplace_back(stack_.begin(), stack_.begin() + control.height);
}

// At a label the operands below the block are where they were when the block began.
void FunctionCompiler::check_operands(const Control& control) {
  if (!options_.check_consistency) return;
  // A function's body begins with nothing on the stack.
  if (control.height == 0) return;
  const std::vector<Operand>& below = remembered_[control.remembered];
  if (stack_.size() < control.height || below.size() != control.height)
    return stop("compiler bug: operands below a block are gone");
  for (uint32_t i = 0; i < control.height; ++i) {
    const Operand& before = below[i];
    const Operand& now = stack_[i];
    if (!now.is_spilled() || now.head != before.head || now.bits != before.bits)
      return stop("compiler bug: an operand below a block has moved");
  }
}

// Every register that may hold operands is free or has one owner; aliases are counted.
void OperandStack::check_registers() {
  GprSet gprs = free_gprs_;
  FprSet fprs = free_fprs_;
  std::vector<uint32_t> aliases(locals_.size());
  bool twice = false;
  auto own = [&](const Operand& operand) {
    if (operand.kind == Kind::gpr && !assigned_.gprs.has(operand.gpr())) {
      twice |= gprs.has(operand.gpr());
      gprs.add(operand.gpr());
    } else if (operand.kind == Kind::fpr && !assigned_.fprs.has(operand.fpr())) {
      twice |= fprs.has(operand.fpr());
      fprs.add(operand.fpr());
    } else if (operand.kind == Kind::local) {
      ++aliases[operand.local];
    }
  };
  for (uint32_t i = 0; i < height(); ++i) {
    const Operand& operand = stack_[i];
    if (i < first_unspilled_ && !operand.is_spilled())
      return stop("compiler bug: an operand is not spilled");
    own(operand.kind == Kind::access ? pending_index() : operand);
  }
  if (twice) return stop("compiler bug: a register has two owners");
  if (!(gprs == kAllocatableGprs - assigned_.gprs) || !(fprs == kAllocatableFprs - assigned_.fprs))
    return stop("compiler bug: a register is lost");
  for (size_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i].aliases != aliases[i])
      return stop("compiler bug: a local's aliases are not counted");
  }
}

}  // namespace nacre::baseline
