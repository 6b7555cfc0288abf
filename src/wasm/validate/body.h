// One function body from locals to the byte behind its last `end`, by any visitor.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "wasm/not_run.h"
#include "wasm/validate/function_validator.h"
#include "wasm/walk.h"

namespace nacre::wasm {

// `make_visitor(reader)` is called once the locals are read.
template <class MakeVisitor>
Result<void> walk_body(const ModuleContext& context, FunctionValidator& validator,
                       uint32_t function, MakeVisitor make_visitor) {
  Bytes body = context.module().body_of(function);
  uint64_t offset = context.module().offset_of(body.data());
  auto refuse = [&](Error error) {
    return std::unexpected(std::move(error).with_context("function " + std::to_string(function)));
  };
  if (body.size() > kMaxBodyBytes) {
    return refuse(Error(ErrorCode::limit, "body is too large", offset));
  }
  BodyReader reader(body, offset, context.features());
  if (!validator.start_function(*context.functions[function], reader, body.data(), offset)) {
    return refuse(reader.ok() ? validator.error() : reader.explained_error());
  }
  auto&& visitor = make_visitor(reader);
  walk(reader, validator, visitor);
  if (!reader.ok()) return refuse(reader.explained_error());
  if (!validator.done()) return refuse(validator.error());
  if (!reader.at_end()) {
    return refuse(
        Error(ErrorCode::malformed, "bytes left behind the end of the body", reader.offset()));
  }
  return {};
}

// Only checks (body.cc). The first instruction of the body that no tier runs, if there is one.
Result<std::optional<NotRun>> check_body(const ModuleContext& context, FunctionValidator& validator,
                                         uint32_t function);

}  // namespace nacre::wasm
