// Owning C++ handles of the C API's objects, and its errors as something a command can throw.
#pragma once

#include <memory>
#include <string>

#include "nacre/nacre.h"

namespace nacre::cli {

template <auto Delete>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Delete(object);
  }
};

using ErrorHandle = std::unique_ptr<nacre_error_t, Deleter<nacre_error_delete>>;
using ConfigHandle = std::unique_ptr<nacre_config_t, Deleter<nacre_config_delete>>;
using EngineHandle = std::unique_ptr<nacre_engine_t, Deleter<nacre_engine_delete>>;
using ModuleHandle = std::unique_ptr<nacre_module_t, Deleter<nacre_module_delete>>;
using GrantsHandle = std::unique_ptr<nacre_grants_t, Deleter<nacre_grants_delete>>;
using StoreHandle = std::unique_ptr<nacre_store_t, Deleter<nacre_store_delete>>;

struct BytesHandle {
  nacre_bytes_t bytes{};
  ~BytesHandle() { nacre_bytes_delete(&bytes); }
};

// Ends a command: `message` goes behind "error: " on standard error.
struct Failure {
  std::string message;
  bool is_usage = false;  // the command line was wrong, not the input
};

// Throws a Failure unless error is NULL. `subject` (a file, an option) stands in front of the
// message.
inline void check(nacre_error_t* error, const std::string& subject = {}) {
  if (error == nullptr) return;
  ErrorHandle owned(error);
  std::string message = nacre_error_message(error);
  if (!subject.empty()) message = subject + ": " + message;
  throw Failure{message, nacre_error_kind(error) == NACRE_ERROR_USAGE};
}

}  // namespace nacre::cli
