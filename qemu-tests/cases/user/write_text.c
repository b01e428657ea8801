//! options: user
//! expect: faulted at main+0x
// As in the kernel's mode, without a limit to the time.
#include "../contained/write_text.c"
