//! What is printed, where who reads it may have ended, such as `head`: then so does xtask, without
//! a word, as other tools do.

use std::io::{ErrorKind, Result, Write};
use std::process::exit;

/// The exit code of a program that SIGPIPE ends, as shells have it.
const AS_BY_SIGPIPE: i32 = 128 + 13;

/// Sees to it that `println!` ends so, which would panic.
pub fn end_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let told = panic.payload_as_str().unwrap_or_default();
        if told.starts_with("failed printing to stdout: Broken pipe") {
            exit(AS_BY_SIGPIPE);
        }
        usual(panic);
    }));
}

/// Prints bytes as they are.
///
/// # Errors
/// They cannot be written, for another reason than that nobody reads.
pub fn print(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit(AS_BY_SIGPIPE),
        done => done,
    }
}
