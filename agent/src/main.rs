//! The agent: runs on a target what a host loads for it over a serial port.
//!
//! It knows nothing of object files: it keeps the books of the target's memory, writes and protects
//! it, and calls what lies there. What the host asks for and how, `agent-protocol` says.
#![no_std]
#![no_main]

mod bytes;
mod call;
mod exports;
mod memory;
mod serial;

#[cfg(target_arch = "aarch64")]
use target_aarch64 as target;
#[cfg(target_arch = "riscv64")]
use target_riscv64 as target;
#[cfg(target_arch = "x86_64")]
use target_x86_64 as target;

use core::panic::PanicInfo;

use agent_protocol::{Refusal, Request, Response, Server, VERSION};

use call::Call;
use serial::Serial;

/// What the host sees when the agent itself fails.
const FAILED: u8 = 1;

/// Called by the target once the machine is up.
#[unsafe(no_mangle)]
fn image_main() -> ! {
    loop {
        let response = serial::with_server(next_call).run();
        if !matches!(response, call::STOPPED) {
            serial::with_server(|server| server.answer(&mut Serial, &response));
        }
    }
}

/// Does what the host asks for, up to the next call.
fn next_call(server: &mut Server) -> Call {
    loop {
        let response = match server.receive(&mut Serial) {
            Some(Request::Call { address, arguments }) => {
                return Call { entry: address as usize, arguments };
            }
            Some(request) => answer(request),
            None => continue,
        };
        server.answer(&mut Serial, &response);
    }
}

fn answer(request: Request<'_>) -> Response<'static> {
    match request {
        Request::Hello { .. } => {
            memory::release_all();
            let exports = exports::EXPORTS.len() as u16;
            Response::Hello { version: VERSION, arch: target::ARCH, exports }
        }
        Request::Export { index } => match exports::EXPORTS.get(usize::from(index)) {
            Some(export) => Response::Export { name: export.name, address: export.address() },
            None => Response::Refused(Refusal::NoSuch),
        },
        Request::Reserve { size, align } => memory::reserve(size, align),
        Request::Release { address, size } => memory::release(address, size),
        Request::Protect { kind, address, size } => memory::protect(kind, address, size),
        Request::Write { address, bytes } => memory::write(address, bytes),
        Request::Read { address, size } => memory::read(address, size),
        Request::ThreadPointer { address } => {
            target::set_thread_pointer(address as usize);
            Response::Done
        }
        Request::Call { .. } | Request::Continue => Response::Refused(Refusal::NoSuch),
    }
}

/// Called by the target for an exception.
#[unsafe(no_mangle)]
fn image_fault(fault: &target_common::Fault) -> ! {
    call::end_by(fault)
}

/// Called by the target for thread-local variables that come at first use: none do, here.
#[unsafe(no_mangle)]
extern "C" fn image_thread_local(_: usize) -> usize {
    target::exit(FAILED)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    target::exit(FAILED)
}
