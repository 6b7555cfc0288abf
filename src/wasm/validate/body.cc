#include "wasm/validate/body.h"

namespace nacre::wasm {
namespace {

struct NotRunFinder {
  const FunctionValidator& validator;
  uint32_t function;
  std::optional<NotRun>& found;

#define OP(name, text, prefix, code, imm_, sig, feature, flags)           \
  void name(const imm::imm_&) {                                           \
    if constexpr (!is_run(Op::name)) {                                    \
      if (!found) found = NotRun{Op::name, validator.offset(), function}; \
    }                                                                     \
  }
#include "wasm/ops.def"
#undef OP
};

}  // namespace

Result<std::optional<NotRun>> check_body(const ModuleContext& context, FunctionValidator& validator,
                                         uint32_t function) {
  std::optional<NotRun> found;
  TRY(walk_body(context, validator, function,
                [&](BodyReader&) { return NotRunFinder{validator, function, found}; }));
  return found;
}

}  // namespace nacre::wasm
