# The version has one home: project() in the top CMakeLists.txt.
target_compile_definitions(nacre_api PRIVATE NACRE_VERSION="${PROJECT_VERSION}")
# What the header declares is tried by its test, wherever that runs.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/api/delete_test.cc PROPERTIES
  COMPILE_DEFINITIONS "NACRE_HEADER=\"${CMAKE_SOURCE_DIR}/include/nacre/nacre.h\"")
