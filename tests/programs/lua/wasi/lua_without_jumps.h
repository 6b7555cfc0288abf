// Builds Lua without setjmp: an error prints its message and ends the program.
#pragma once
#include <stdio.h>
#include <stdlib.h>

#define luai_jmpbuf int
#define LUAI_TRY(L, c, a) {a}
#define LUAI_THROW(L, c)                                  \
  {                                                       \
    const char* message = lua_tostring(L, -1);            \
    fprintf(stderr, "lua: %s\n", message ? message : ""); \
    exit(1);                                              \
  }

// Functions of the C library that WASI has no counterpart for; Lua reports them as failing.
#define system(command) (-1)
#define tmpfile() NULL
#define LUA_TMPNAMBUFSIZE 1
#define lua_tmpnam(buffer, failed) \
  {                                \
    failed = 1;                    \
  }
