// Forms whose op computes on floating-point numbers.
#include "interp/fused_numeric.h"

namespace nacre::interp {

#define FORM_FLOAT NACRE_INSTANTIATE_FORM
#include "interp/fused.def"

}  // namespace nacre::interp
