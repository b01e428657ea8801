//! Reports on the console.

use qemu_protocol::{REPORT_MARK, Report};

use crate::target;

/// Prints a report on a line of its own, whatever a program has printed before.
pub fn send(report: &Report) {
    target::write_console(&[REPORT_MARK]);
    target::write_console(report.to_line().as_bytes());
    target::write_console(b"\n");
}
