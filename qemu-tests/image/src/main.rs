//! The system image: a small kernel that loads and runs what the host hands to it.
//!
//! It boots, reads the [`Job`](qemu_protocol::Job) that the host put into memory, loads each
//! program with `loader-core`, runs it, unloads it, and reports on the console.
#![no_std]
#![no_main]

extern crate alloc;

mod cell;
mod containment;
mod debugger;
mod exports;
mod gate;
mod hart_tests;
mod harts;
mod kernel;
mod load;
mod manager;
mod memory;
mod modules;
mod order;
mod program;
mod readme;
mod report;
mod select;
mod tasks;
mod threads;
mod unwind;

#[cfg(target_arch = "aarch64")]
use target_aarch64 as target;
#[cfg(target_arch = "riscv64")]
use target_riscv64 as target;
#[cfg(target_arch = "x86_64")]
use target_x86_64 as target;

use core::fmt;
use core::panic::PanicInfo;

use qemu_protocol::{Job, Report};

/// What the host sees when a run ends early.
const FAILED: u8 = 1;

/// Called by the target once the machine is up.
#[unsafe(no_mangle)]
fn image_main() -> ! {
    memory::start_heap();
    unwind::start();
    let job = match Job::decode(memory::job()) {
        Ok(job) => job,
        Err(error) => fail(format_args!("the host handed over no job: {error:?}")),
    };
    let programs = job.programs.len() as u32;
    report::send(&Report::Ready { arch: target::ARCH.into(), programs });
    for (index, program) in job.programs.iter().enumerate() {
        report::send(&Report::Start { program: program.name.into() });
        let (runtime, done) = program::run(&job.runtime, program);
        if let (0, Some(runtime)) = (index, runtime) {
            report::send(&Report::Runtime(runtime));
        }
        report::send(&Report::Done(done));
    }
    report::send(&Report::End);
    target::exit(0)
}

/// Called by the target for an exception that nothing could mend, maybe on both harts at once.
#[unsafe(no_mangle)]
fn image_fault(fault: &target_common::Fault) -> ! {
    hart_tests::leave_if_expected(fault);
    containment::end_program(fault);
    fail(modules::Described(fault))
}

/// Ends the run with a message. Takes nothing from the heap, which may be what has failed.
fn fail(message: impl fmt::Display) -> ! {
    report::send_fault(message);
    target::exit(FAILED)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    fail(format_args!("the image panicked: {info}"))
}
