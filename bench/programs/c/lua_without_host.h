// What Lua would ask of a host that is not there: files, signals, and a way back from an error, which is a trap instead.
#include <stdio.h>
#define fopen(name, mode) ((FILE *)0)
#define freopen(name, mode, file) ((FILE *)0)
#define LUAI_THROW(L, c) __builtin_trap()
#define LUAI_TRY(L, c, a) { a }
#define luai_jmpbuf int
