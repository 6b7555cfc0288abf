# The specification fixes every rounding: no contraction into fused operations. errno is not used
# here; setting it would make sqrt a library call.
target_compile_options(nacre_interp PRIVATE -ffp-contract=off -fno-math-errno -fno-strict-overflow)

# Instrumented builds keep locals alive at a handler's end, so its last call is no jump there: run
# the handlers from a loop instead, as the ordinary functions that they are then. Elsewhere, one register more for handlers, which save none:
# run.cc, which calls the first handler, keeps it for its callers. And each handler on its own cache
# lines: a tenth less time on the real programs.
if(NACRE_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(nacre_interp PUBLIC NACRE_INTERP_LOOP)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(nacre_interp PRIVATE -fomit-frame-pointer)
  foreach(family atomics bulk calls control fused_float fused_i32 fused_i64 handlers memory numeric
                 simd_memory simd_numeric variables)
    set_source_files_properties(${root}/${family}.cc PROPERTIES COMPILE_OPTIONS
                                "-fcall-used-rbx;-falign-functions=64")
  endforeach()
endif()
