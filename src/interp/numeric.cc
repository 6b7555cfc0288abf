// Rows without immediates that compute on numbers.
#include "interp/numeric_handler.h"

namespace nacre::interp {

#define ONE_BYTE(name) NACRE_COMPUTE(name) NACRE_INSTANTIATE(name)
#define PREFIXED(name) NACRE_COMPUTE(name) NACRE_INSTANTIATE_PREFIXED(name)
#define ROW_none_mvp ONE_BYTE
#define ROW_none_sign_extension ONE_BYTE
#define ROW_none_saturating_float_to_int PREFIXED
#define ROW_none_wide_arithmetic PREFIXED
#define ROW_none_simd(name)
#define ROW_none_relaxed_simd(name)
#include "interp/numeric_rows.def"

}  // namespace nacre::interp
