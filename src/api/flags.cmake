# The version has one home: project() in the top CMakeLists.txt.
target_compile_definitions(nacre_api PRIVATE NACRE_VERSION="${PROJECT_VERSION}")
