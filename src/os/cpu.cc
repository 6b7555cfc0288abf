#include "os/cpu.h"

namespace nacre::os {

CpuFeatures cpu_features() {
  CpuFeatures features;
#if defined(__x86_64__)
  __builtin_cpu_init();
  features.sse41 = __builtin_cpu_supports("sse4.1");
  features.sse42 = __builtin_cpu_supports("sse4.2");
  features.popcnt = __builtin_cpu_supports("popcnt");
  features.lzcnt = __builtin_cpu_supports("lzcnt");
  features.bmi1 = __builtin_cpu_supports("bmi");
  features.bmi2 = __builtin_cpu_supports("bmi2");
  features.avx = __builtin_cpu_supports("avx");
  features.avx2 = __builtin_cpu_supports("avx2");
  features.fma = __builtin_cpu_supports("fma");
#endif
  return features;
}

}  // namespace nacre::os
