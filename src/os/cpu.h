// What the processor can do beyond its architecture's first version.
#pragma once

namespace nacre::os {

// x86-64; all false elsewhere. Tests turn bits off to see what older processors get.
struct CpuFeatures {
  bool sse41 = false;
  bool sse42 = false;
  bool popcnt = false;
  bool lzcnt = false;
  bool bmi1 = false;
  bool bmi2 = false;
  bool avx = false;
  bool avx2 = false;
  bool fma = false;
};

CpuFeatures cpu_features();

}  // namespace nacre::os
