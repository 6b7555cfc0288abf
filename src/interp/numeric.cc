// Rows without immediates that compute on numbers.
#include "interp/numeric_handler.h"

namespace nacre::interp {

// ROW_<immediate>_<feature>: what to do with the rows of each kind.
#define OP(name, text, prefix, code, imm, sig, feature, flags) ROW_##imm##_##feature(name)
#define OP_SPECIAL(...)
#define ROW_none_mvp ONE_BYTE
#define ROW_none_sign_extension ONE_BYTE
#define ROW_none_saturating_float_to_int PREFIXED
#define ROW_none_wide_arithmetic PREFIXED
#define ROW_none_simd(name)
#define ROW_none_relaxed_simd(name)
#define ROW_memarg_mvp(name)
#define ROW_memarg_simd(name)
#define ROW_memarg_threads(name)
#define ROW_memarg_lane_simd(name)
#define ROW_memory_mvp(name)
#define ROW_i32_mvp(name)
#define ROW_i64_mvp(name)
#define ROW_f32_mvp(name)
#define ROW_f64_mvp(name)
#define ROW_v128_simd(name)
#define ROW_lane_simd(name)
#define ROW_shuffle_simd(name)

#define ONE_BYTE(name) NACRE_COMPUTE(name) NACRE_INSTANTIATE(name)
#define PREFIXED(name) NACRE_COMPUTE(name) NACRE_INSTANTIATE_PREFIXED(name)
#include "wasm/ops.def"

}  // namespace nacre::interp
