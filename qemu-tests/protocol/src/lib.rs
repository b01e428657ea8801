//! What the host hands to the system image, and what the image reports back.
//!
//! The host writes one [`Job`] into guest memory before the machine starts (QEMU's
//! `loader` device puts the encoded bytes at the address that the target's linker script
//! names). The image runs it and prints [`Report`]s on the console, each on a line of its
//! own behind [`REPORT_MARK`]; every other line is what the programs print themselves.
#![no_std]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

mod fault;
mod job;
mod measure;
mod options;
mod report;
mod task;

pub use fault::fault_line;
pub use job::{File, Harts, Job, JobError, ManagerKind, ModuleFiles, Program, Surroundings};
pub use measure::{LoadReport, PhaseReport};
pub use options::Options;
pub use report::{
    ArenaUse, Count, Ended, LinkReport, ModuleReport, ObjectReport, Outcome, ProgramReport,
    RegionReport, Report, SectionReport, TakenReport, Unit,
};
pub use task::{Fragmentation, Soak, SoakReport, Task};

/// The byte at the start of a console line that carries a [`Report`] (ASCII record separator).
pub const REPORT_MARK: u8 = 0x1e;

/// What programs in user mode may call in the kernel, in the order of the names.
pub const GATE: [&str; 7] = [
    "kernel_abort",
    "kernel_clock_ns",
    "kernel_exit",
    "kernel_hart",
    "kernel_sbrk",
    "kernel_unwind_table",
    "kernel_write",
];

impl Report {
    /// The report as one console line, without the mark and the newline.
    pub fn to_line(&self) -> String {
        // The types hold nothing that JSON cannot say; an empty line is refused by `from_line`.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Report::to_line`] wrote; `None` where the line is not a report.
    pub fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}
