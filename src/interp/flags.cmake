# The specification fixes every rounding: no contraction into fused operations. errno is nobody's
# business here; with it, sqrt would be a library call.
target_compile_options(nacre_interp PRIVATE -ffp-contract=off -fno-math-errno -fno-strict-overflow)

# Instrumented builds keep locals alive at a handler's end, so its last call is no jump there: run
# the handlers from a loop instead.
if(NACRE_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(nacre_interp PUBLIC NACRE_INTERP_LOOP)
endif()
