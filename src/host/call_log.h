// A log of a guest's calls. Without one, calls are bound so that nothing is even tested.
#pragma once

#include <cstdint>
#include <string_view>

namespace nacre::host {

// What of the guest's grants a call uses.
enum class Uses : uint8_t {
#define USES(name, help) name,
#include "host/uses.def"
#undef USES
};
std::string_view uses_name(Uses uses);
// For people: "the clocks".
std::string_view uses_help(Uses uses);

struct CallRecord {
  std::string_view call;  // "path_open"; lives for ever
  Uses uses;
  std::string_view object;  // as the guest names it; empty where there is none
  std::string_view result;  // "success" or the name of an error; lives for ever
};

class CallLog {
 public:
  virtual ~CallLog() = default;
  // After the call, on the guest's thread. The object's text lives as long as this call.
  virtual void called(const CallRecord& record) = 0;
};

}  // namespace nacre::host
