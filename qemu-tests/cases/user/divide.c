//! options: user
//! arch: x86_64; the others have no trap for it
//! expect: faulted divide error, at divide+0x
// As in the kernel's mode, without a limit to the time.
#include "../contained/divide.c"
