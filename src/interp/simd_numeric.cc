// SIMD rows without immediates.
#include "interp/numeric_handler.h"
#include "interp/simd_semantics.h"

namespace nacre::interp {

#define VECTOR(name) NACRE_COMPUTE(name) NACRE_INSTANTIATE_WIDE(name)
#define ROW_none_mvp(name)
#define ROW_none_sign_extension(name)
#define ROW_none_saturating_float_to_int(name)
#define ROW_none_wide_arithmetic(name)
#define ROW_none_simd VECTOR
#define ROW_none_relaxed_simd VECTOR
#include "interp/numeric_rows.def"

}  // namespace nacre::interp
