//! What programs in user mode may ask of the kernel, and what comes of it. Whatever they hand over may be
//! wrong.

use core::slice;

use loader_core::Export;
use qemu_protocol::{GATE, REPORT_MARK};
use target_common::{Fault, GATE_CALLS, GateCall, Region};

use crate::{hart_tests, kernel, target, unwind};

/// What the calls come to, in the order of [`GATE`]; the gate's stub of each is its place here and one.
const CALLS: [Function; GATE.len()] = [
    |_| kernel::kernel_abort(),
    |_| kernel::kernel_clock_ns(),
    |call| kernel::kernel_exit(call.arguments[0] as i32),
    |_| hart_tests::kernel_hart() as u64,
    |call| kernel::kernel_sbrk(call.arguments[0] as isize).expose_provenance() as u64,
    |call| unwind::table(call.arguments[0] as usize) as u64,
    write,
];
type Function = fn(&GateCall) -> u64;
const _: () = assert!(CALLS.len() < GATE_CALLS);

/// What modules in user mode see of the kernel: the gate.
pub fn exports() -> impl Iterator<Item = Export> {
    GATE.iter().enumerate().map(|(number, name)| {
        let stub = target::regions().gate_stub(number + 1);
        Export::new(name, core::ptr::with_exposed_provenance(stub))
    })
}

/// Called by the target for each call through the gate.
#[unsafe(no_mangle)]
extern "C" fn image_gate(call: &GateCall) -> u64 {
    if call.number == 0 {
        target::return_from_user(call.arguments[0])
    }
    let index = (call.number as usize).wrapping_sub(1);
    // The result of a call that there is not: -1, as of system calls elsewhere.
    CALLS.get(index).map_or(u64::MAX, |function| function(call))
}

fn write(call: &GateCall) -> u64 {
    let [start, size, ..] = call.arguments.map(|argument| argument as usize);
    let bytes = Region { start, size };
    if size == 0 {
        return 0;
    }
    if !target::user_can_read(bytes) {
        refuse(call, start)
    }
    // SAFETY: these are pages of the program, which does not run meanwhile.
    let bytes = unsafe { slice::from_raw_parts(core::ptr::with_exposed_provenance(start), size) };
    // Reports are the kernel's alone.
    for (at, piece) in bytes.split(|&byte| byte == REPORT_MARK).enumerate() {
        if at != 0 {
            kernel::write(b"?");
        }
        kernel::write(piece);
    }
    0
}

/// Ends the program that has handed over what it may not read itself, as if it had read it.
fn refuse(call: &GateCall, address: usize) -> ! {
    let place = call.return_address as usize;
    crate::image_fault(&Fault::told(target::READ_REFUSED, place, address, place))
}
