// Lua includes this; see lua_without_jumps.h.
