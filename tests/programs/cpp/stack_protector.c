// Debian's wasm32 compiler builtins are built with a stack protector that its wasi-libc lacks.
unsigned long __stack_chk_guard = 0x5bd1e995;

_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }
