// Forms whose op computes on 32-bit integers.
#include "interp/fused_numeric.h"

namespace nacre::interp {

#define FORM_I32 NACRE_INSTANTIATE_FORM
#include "interp/fused.def"

}  // namespace nacre::interp
