//! options: user
//! expect: faulted  at 0x0, at caller+0x
// As in the kernel's mode, without a limit to the time.
#include "../contained/null_call.c"
