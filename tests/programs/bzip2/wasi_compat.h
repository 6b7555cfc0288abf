// What bzip2 calls and Debian's wasi-libc lacks: WASI files have no mode and no owner.
#pragma once
#define fchmod(file, mode) 0
#define fchown(file, user, group) 0
