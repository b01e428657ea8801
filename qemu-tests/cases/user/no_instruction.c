//! options: user
//! expect: faulted at main
// As in the kernel's mode, without a limit to the time.
#include "../contained/no_instruction.c"
