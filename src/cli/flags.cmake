if(NACRE_STATIC)
  # The linker warns of getaddrinfo, which could load libraries; os/lookup.cc sees to it that it does not.
  include(CheckLinkerFlag)
  check_linker_flag(CXX -Wl,--no-warnings NACRE_LINKER_CAN_BE_QUIET)
  if(NACRE_LINKER_CAN_BE_QUIET)
    target_link_options(nacre_cli INTERFACE -Wl,--no-warnings)
  endif()
endif()
# The disassembler of `nacre explain --code` (docs/RATIONALE.md): the static library, of which only
# what x86-64 needs is linked, see disassemble.cc.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  find_library(NACRE_CAPSTONE libcapstone.a REQUIRED)
  target_compile_definitions(nacre_cli PRIVATE NACRE_CAPSTONE)
  target_link_libraries(nacre_cli PUBLIC ${NACRE_CAPSTONE})
  if(NACRE_STATIC)
    # Its tables are full of addresses; packed, they cost half as much at start.
    target_link_options(nacre_cli INTERFACE -Wl,-z,pack-relative-relocs)
  endif()
endif()
