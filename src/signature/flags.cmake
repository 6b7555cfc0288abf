# Ed25519 is libsodium's (docs/RATIONALE.md), as a static library. A cross build has it only if it was built for
# the target; without, no signature holds.
if(CMAKE_CROSSCOMPILING)
  find_library(NACRE_SODIUM libsodium.a)
else()
  find_library(NACRE_SODIUM libsodium.a REQUIRED)
endif()
if(NACRE_SODIUM)
  target_compile_definitions(nacre_signature PRIVATE NACRE_SODIUM)
  target_link_libraries(nacre_signature PUBLIC ${NACRE_SODIUM})
endif()
