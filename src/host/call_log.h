// A log of a guest's calls. Without one, the functions that are bound do not even test for it.
#pragma once

#include <string_view>

#include "grant/kinds.h"

namespace nacre::host {

struct CallRecord {
  std::string_view call;  // "path_open"; lives for ever
  grant::Uses uses;
  std::string_view object;                  // as the guest names it; empty where there is none
  std::string_view result;                  // "success" or the name of an error; lives for ever
  grant::Need need = grant::Need::nothing;  // that it proves; failed calls prove none
};

class CallLog {
 public:
  virtual ~CallLog() = default;
  // After the call, on the guest's thread. The object's text lives as long as this call.
  virtual void called(const CallRecord& record) = 0;
};

}  // namespace nacre::host
