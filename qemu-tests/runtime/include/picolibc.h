/* The configuration of picolibc: what its own build system would have generated.
 *
 * One thread, no thread-local storage, no linker script, no file system. What is left
 * undefined here is off. The names are picolibc's: its meson.build says what each means.
 */
#pragma once

/* The version of the sources. */
#define _NEWLIB_VERSION "4.3.0"
#define __NEWLIB_VERSION__ "4.3.0"
#define __NEWLIB__ 4
#define __NEWLIB_MINOR__ 3
#define __NEWLIB_PATCHLEVEL__ 0
#define __PICOLIBC_VERSION__ "1.8.11"
#define __PICOLIBC__ 1
#define __PICOLIBC_MINOR__ 8
#define __PICOLIBC_PATCHLEVEL__ 11

/* A module has one thread, and the loader places no thread-local storage for it: `errno`
 * and the like are plain globals, and locks are empty. */
#define __SINGLE_THREAD
#define __GLOBAL_ERRNO

/* Initialisers are the loader's lists, never symbols that a linker script would define. */
#define __INIT_FINI_ARRAY

/* printf and scanf with all that C99 has: double exactly, long long, long double, wide
 * characters, and POSIX's %1$d. */
#define __TINY_STDIO
#define __IO_DEFAULT 'd'
#define __IO_C99_FORMATS
#define __IO_FLOAT_EXACT
#define __IO_LONG_DOUBLE
#define __IO_LONG_LONG
#define __IO_PERCENT_B
#define __IO_POS_ARGS
#define __IO_WCHAR
#define __FAST_BUFIO

/* The C locale, and UTF-8 beside it. */
#define __MB_CAPABLE

/* As programs built for glibc expect: functions of math.h set errno. */
#define __MATH_ERRNO

#define __ASSERT_VERBOSE
#define __FAST_STRCMP

/* What clang and gcc have as built-in functions, on all three machines. */
#define __HAVE_BITFIELDS_IN_PACKED_STRUCTS
#define __HAVE_BUILTIN_ADD_OVERFLOW 1
#define __HAVE_BUILTIN_ALLOCA 1
#define __HAVE_BUILTIN_COMPLEX 1
#define __HAVE_BUILTIN_COPYSIGN 1
#define __HAVE_BUILTIN_COPYSIGNL 1
#define __HAVE_BUILTIN_CTZ 1
#define __HAVE_BUILTIN_CTZL 1
#define __HAVE_BUILTIN_CTZLL 1
#define __HAVE_BUILTIN_EXPECT 1
#define __HAVE_BUILTIN_FFS 1
#define __HAVE_BUILTIN_FFSL 1
#define __HAVE_BUILTIN_FFSLL 1
#define __HAVE_BUILTIN_ISFINITE 1
#define __HAVE_BUILTIN_ISINF 1
#define __HAVE_BUILTIN_ISINFL 1
#define __HAVE_BUILTIN_ISNAN 1
#define __HAVE_BUILTIN_ISNANL 1
#define __HAVE_BUILTIN_MUL_OVERFLOW 1
#define __HAVE_COMPLEX 1
