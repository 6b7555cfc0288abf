# Compiling is on the way to every first call.
target_compile_options(nacre_baseline PRIVATE $<$<CONFIG:Release>:-O3>)
