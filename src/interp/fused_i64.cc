// Forms whose op computes on 64-bit integers.
#include "interp/fused_numeric.h"

namespace nacre::interp {

#define FORM_I64 NACRE_INSTANTIATE_FORM
#include "interp/fused.def"

}  // namespace nacre::interp
