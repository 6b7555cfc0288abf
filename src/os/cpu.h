// What the processor can do beyond its architecture's first version.
#pragma once

#include <string_view>

#include "base/result.h"

namespace nacre::os {

// x86-64; all false elsewhere. Tests turn bits off to see what older processors get.
struct CpuFeatures {
#define CPU_FEATURE(name, text) bool name = false;
#include "os/cpu.def"
#undef CPU_FEATURE
};

// Of this processor.
CpuFeatures cpu_features();

// "native" (this processor), "all" or "none", and changes behind it: "all,-avx,-avx2"; "" is
// "native". Errors: usage, which lists the names.
Result<CpuFeatures> parse_cpu_features(std::string_view text);

}  // namespace nacre::os
