// What nacre_bench can measure. Each function prints one JSON object on standard output. The answer
// of a tier that cannot do it is an Error (unsupported).
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace nacre::bench {

// {"seconds": S, "machine_code_bytes": N}: decoding the module in `file` and compiling all of its
// functions, which validates each on the way, on one thread; seconds of processor time.
Result<void> measure_compile(const std::string& tier, const std::string& file);

// {"seconds": S}: decoding and validating all of it, on one thread.
Result<void> measure_validate(const std::string& tier, const std::string& file);

// {"NAME": nanoseconds, ...}: calls between host and guest, and new instances, of small.wat (`file`
// is its binary).
Result<void> measure_embedding(const std::string& tier, const std::string& file);

// The part of measure_embedding() that embedders of include/nacre/nacre.h see; nanoseconds.
struct ApiCalls {
  double in_by_name = 0;    // nacre_instance_call
  double out_callback = 0;  // a nacre_func_callback_t
};
Result<ApiCalls> measure_api_calls(const std::string& tier, Bytes module);

}  // namespace nacre::bench
