//! Reports on the console.

use alloc::string::String;
use core::fmt;

use qemu_protocol::{REPORT_MARK, Report, fault_line};

use crate::target;

/// Prints a report on a line of its own, whatever a program has printed before. In one piece: the
/// other hart may print at the same time.
pub fn send(report: &Report) {
    let mut line = String::from(char::from(REPORT_MARK));
    line.push_str(&report.to_line());
    line.push('\n');
    target::write_console(line.as_bytes());
}

/// Prints the report of a fault, and takes no memory for it.
pub fn send_fault(message: impl fmt::Display) {
    let mut buffer = [0; 2048];
    target::write_console(fault_line(&mut buffer, message));
}
