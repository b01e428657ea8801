//! options: user
//! expect: faulted  at 0x6543210, at caller+0x
// As in the kernel's mode, without a limit to the time.
#include "../contained/wild_jump.c"
