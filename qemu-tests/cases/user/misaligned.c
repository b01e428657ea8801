//! options: user
//! expect: faulted at misaligned+0x
// As in the kernel's mode, without a limit to the time.
#include "../contained/misaligned.c"
