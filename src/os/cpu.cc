#include "os/cpu.h"

#include <string>

namespace nacre::os {
namespace {

CpuFeatures all_features() {
  CpuFeatures features;
#define CPU_FEATURE(name, text) features.name = true;
#include "os/cpu.def"
#undef CPU_FEATURE
  return features;
}

// Null: there is none of that name.
bool* find(CpuFeatures& features, std::string_view word) {
#define CPU_FEATURE(name, text) \
  if (word == text) return &features.name;
#include "os/cpu.def"
#undef CPU_FEATURE
  return nullptr;
}

Error unknown(std::string_view word) {
  std::string names;
#define CPU_FEATURE(name, text) names += " " text;
#include "os/cpu.def"
#undef CPU_FEATURE
  return Error(ErrorCode::usage,
               "\"" + std::string(word) +
                   "\" is not a processor: native, all or none, then changes such "
                   "as \",-NAME\" of" +
                   names);
}

}  // namespace

CpuFeatures cpu_features() {
  CpuFeatures features;
#if defined(__x86_64__)
  __builtin_cpu_init();
#define CPU_FEATURE(name, text) features.name = __builtin_cpu_supports(text);
#include "os/cpu.def"
#undef CPU_FEATURE
#endif
  return features;
}

Result<CpuFeatures> parse_cpu_features(std::string_view text) {
  CpuFeatures features = cpu_features();
  for (bool first = true; !text.empty(); first = false) {
    size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (first && word == "native") continue;
    if (first && word == "all") {
      features = all_features();
    } else if (first && word == "none") {
      features = {};
    } else {
      bool sign = !word.empty() && (word[0] == '+' || word[0] == '-');
      bool* feature = sign ? find(features, word.substr(1)) : nullptr;
      if (feature == nullptr) return std::unexpected(unknown(word));
      *feature = word[0] == '+';
    }
  }
  return features;
}

}  // namespace nacre::os
