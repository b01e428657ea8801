/* Rust's core library, where it was compiled to unwind, names the personality of its frames.
 * Modules do not unwind, so nothing calls it. */
#include "../cxx/fail.h"

FAIL(rust_eh_personality, "a Rust panic tried to unwind; compile with panic=abort")
