// The tiers that tests of guests run in: "interp", "baseline" and "mixed", which changes from call
// to call.
#pragma once

#include "api/handles.h"

namespace nacre::api {

inline Result<std::unique_ptr<abi::Executor>> tier_for_test(std::string_view name) {
  nacre_config config;
  config.checks.mix = name == "mixed";
  if (!config.checks.mix) config.tier = name;
  return make_tier(config);
}

// The thread sanitizer keeps signals back until the thread calls the system, which guests that
// compute need not do. What keeps time is tested under it without them (os/watchdog_test.cc).
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kSignalsComeLate = true;
#else
inline constexpr bool kSignalsComeLate = false;
#endif

}  // namespace nacre::api
