//! options: user
//! expect: faulted stack overflow:, at deeper+0x
//! repeat: 3
// As in the kernel's mode, without a limit to the time.
#include "../contained/overflow.c"
