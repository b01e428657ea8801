//! options: user
//! expect: faulted at data+0x0, at caller+0x
// As in the kernel's mode, without a limit to the time.
#include "../contained/execute_data.c"
