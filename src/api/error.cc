#include "api/error.h"

#include <utility>

#include "api/limits.h"
#include "runtime/failure.h"

namespace nacre::api {
namespace {

// The C enumerators follow errors.def, in its order, as far as C programs see them.
constexpr nacre_error_kind_t kind_of(ErrorCode code) {
  if (code == ErrorCode::malformed_custom) return NACRE_ERROR_MALFORMED;
  if (code == ErrorCode::stopped) return NACRE_ERROR_INTERNAL;  // it becomes a trap before
  return static_cast<nacre_error_kind_t>(code);
}
static_assert(kind_of(ErrorCode::malformed) == NACRE_ERROR_MALFORMED);
static_assert(kind_of(ErrorCode::invalid) == NACRE_ERROR_INVALID);
static_assert(kind_of(ErrorCode::limit) == NACRE_ERROR_LIMIT);
static_assert(kind_of(ErrorCode::unsupported) == NACRE_ERROR_UNSUPPORTED);
static_assert(kind_of(ErrorCode::unlinkable) == NACRE_ERROR_UNLINKABLE);
static_assert(kind_of(ErrorCode::out_of_memory) == NACRE_ERROR_OUT_OF_MEMORY);
static_assert(kind_of(ErrorCode::io) == NACRE_ERROR_IO);
static_assert(kind_of(ErrorCode::denied) == NACRE_ERROR_DENIED);
static_assert(kind_of(ErrorCode::usage) == NACRE_ERROR_USAGE);
static_assert(kind_of(ErrorCode::internal) == NACRE_ERROR_INTERNAL);

}  // namespace

nacre_error_t* make_error(nacre_error_kind_t kind, std::string message) {
  return new nacre_error{.kind = kind, .message = std::move(message)};
}

nacre_error_t* make_error(const Error& error) {
  return make_error(kind_of(error.code()), error.to_string());
}

nacre_error_t* make_error(const abi::Trap& trap, runtime::Backtrace backtrace) {
  if (trap.kind == abi::TrapKind::exit) {
    nacre_error_t* error = make_error(NACRE_ERROR_EXIT, "exit");
    error->exit_code = trap.exit_code;
    return error;
  }
  nacre_error_t* error = make_error(NACRE_ERROR_TRAP, runtime::describe(trap));
  error->backtrace = std::move(backtrace);
  error->limit = limit_name(trap.kind);
  return error;
}

}  // namespace nacre::api

nacre_error_kind_t nacre_error_kind(const nacre_error_t* error) { return error->kind; }
const char* nacre_error_message(const nacre_error_t* error) { return error->message.c_str(); }
const char* nacre_error_backtrace(const nacre_error_t* error) {
  std::call_once(error->is_written, [&] { error->written = error->backtrace.text(); });
  return error->written.c_str();
}
const char* nacre_error_limit(const nacre_error_t* error) { return error->limit; }
uint32_t nacre_error_exit_code(const nacre_error_t* error) { return error->exit_code; }
void nacre_error_delete(nacre_error_t* error) { delete error; }

nacre_error_t* nacre_host_error(const char* message) {
  return nacre::api::make_error(NACRE_ERROR_TRAP, message);
}
