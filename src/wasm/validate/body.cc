#include "wasm/validate/body.h"

namespace nacre::wasm {

Result<void> check_body(const ModuleContext& context, FunctionValidator& validator,
                        uint32_t function) {
  return walk_body(context, validator, function, [](BodyReader&) { return NullVisitor(); });
}

}  // namespace nacre::wasm
