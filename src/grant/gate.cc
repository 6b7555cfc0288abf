#include "grant/gate.h"

namespace nacre::grant {
namespace {

class GrantsAlone final : public Gate {
 public:
  Decision may(const Request& request) override {
    return request.granted ? Decision::allow : Decision::deny;
  }
  bool watches(std::string_view) override { return false; }
};

}  // namespace

std::shared_ptr<Gate> grants_alone() { return std::make_shared<GrantsAlone>(); }

}  // namespace nacre::grant
