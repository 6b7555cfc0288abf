#include "wasm/validate/const_expr.h"

#include <string>

namespace nacre::wasm {
namespace {

constexpr bool is_extended(Op op) {
  return op == Op::i32_add || op == Op::i32_sub || op == Op::i32_mul || op == Op::i64_add ||
         op == Op::i64_sub || op == Op::i64_mul;
}

// What constant expressions ask beyond the rules of bodies.
class Restriction {
 public:
  Restriction(ModuleContext& context, FunctionValidator& validator, uint32_t globals)
      : context_(context), validator_(validator), globals_(globals) {}

  template <class Imm>
  bool allows(const Imm&) {
    return true;
  }
  bool allows(const imm::global& i) {
    if (i.index >= globals_) {
      bool is_later = i.index >= context_.globals.size() || context_.features().has(Feature::gc);
      return validator_.fail("unknown global " + std::to_string(i.index) +
                             (is_later ? ""
                                       : ": reading a global that is not imported needs the "
                                         "feature gc"));
    }
    if (!context_.globals[i.index].is_mutable) return true;
    return validator_.fail("constant expression required: global " + std::to_string(i.index) +
                           " is mutable");
  }
  bool allows(const imm::func& i) {
    if (i.index < context_.declared_functions.size()) context_.declared_functions[i.index] = true;
    return true;
  }
  void note_not_run(Op op) {
    if (!context_.not_run) context_.not_run = NotRun{op, validator_.offset(), std::nullopt};
  }

 private:
  ModuleContext& context_;
  FunctionValidator& validator_;
  uint32_t globals_;
};

// Errors are made out of line: there are many rows, and these are rare.
[[gnu::cold, gnu::noinline]] bool refuse_feature(FunctionValidator& validator, Op op) {
  const OpInfo& info = op_info(op);
  return validator.fail("illegal opcode: " + std::string(info.text) + " needs the feature " +
                            std::string(feature_info(info.feature).text),
                        ErrorCode::malformed);
}
[[gnu::cold, gnu::noinline]] bool refuse_row(FunctionValidator& validator, Op op, const char* why) {
  return validator.fail("constant expression required: " + std::string(op_info(op).text) + why);
}

template <Op op>
bool check_row(FunctionValidator& validator, Restriction& restriction, BodyReader& reader, auto imm,
               auto check) {
  constexpr OpInfo kInfo = op_info(op);
  if (!reader.features().has(kInfo.feature)) return refuse_feature(validator, op);
  reader.read(imm);
  if (!reader.ok()) return false;
  if (!kInfo.has_flag('C')) return refuse_row(validator, op, " is not constant");
  if (is_extended(op) && !reader.features().has(Feature::extended_const))
    return refuse_row(validator, op, " needs the feature extended-const");
  if (!restriction.allows(imm) || !check(imm)) return false;
  if constexpr (!is_run(op)) restriction.note_not_run(op);
  return true;
}

bool check_next(FunctionValidator& validator, Restriction& restriction, BodyReader& reader) {
  validator.begin(reader.pos());
  switch (reader.opcode()) {
#define OP(name, text, prefix, code, imm_, sig, feature, flags)                     \
  case Op::name:                                                                    \
    if constexpr (op_info(Op::name).has_flag('C')) {                                \
      return check_row<Op::name>(validator, restriction, reader, imm::imm_{},       \
                                 [&](const auto& i) { return validator.name(i); }); \
    } else {                                                                        \
      break;                                                                        \
    }
#include "wasm/ops.def"
#undef OP
    default:
      return false;
  }
  return validator.fail("constant expression required");
}

}  // namespace

Result<void> check_const_expr(ModuleContext& context, FunctionValidator& validator,
                              const ConstExpr& expr, ConstExprRule rule) {
  uint64_t offset = context.module().offset_of(expr.code.data());
  BodyReader reader(expr.code, offset, context.features());
  Restriction restriction(context, validator, rule.globals);
  validator.start_expression(rule.result, expr.code.data(), offset);
  while (!validator.done()) {
    if (check_next(validator, restriction, reader)) continue;
    return std::unexpected(reader.ok() ? validator.error() : reader.explained_error());
  }
  if (!reader.at_end()) {
    return fail(ErrorCode::malformed, "bytes left behind a constant expression", reader.offset());
  }
  return {};
}

}  // namespace nacre::wasm
