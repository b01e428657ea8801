//! The local APIC, as far as one hart needs it to reach the other: three registers of it.
//!
//! Nothing is ever delivered here but what cannot be masked (INIT, start-up, NMI), so the APIC may
//! stay disabled, as it is after a reset, and no vector has to be set up (Intel SDM volume 3,
//! "Local APIC State After It Has Been Software Disabled").

/// Where `boot.s` maps the registers: the last 2 MiB of the first gigabyte.
pub(super) const REGISTERS: usize = 0x3fe0_0000;
/// The lower half of the entry for it: a large page at the address that the APIC has from reset on,
/// present, writable, not cached.
pub(super) const PAGE_ENTRY: u32 = 0xfee0_0000 | 1 << 7 | 1 << 4 | 1 << 3 | 1 << 1 | 1;

/// Has the other hart start anew and wait.
pub(super) fn send_init() {
    send(0x4500);
}

/// Has the other hart, which waits after [`send_init`], begin in real mode at `page`.
pub(super) fn send_start_up(page: u32) {
    send(0x4600 | page >> 12);
}

/// Interrupts the other hart, whatever it does.
pub(super) fn send_nmi() {
    send(0x4400);
}

const ID: usize = 0x20;
const COMMAND: usize = 0x300;
const COMMAND_HIGH: usize = 0x310;
const PENDING: u32 = 1 << 12;

/// Sends a command to the other hart: q35 numbers its two 0 and 1.
fn send(command: u32) {
    let other = (read(ID) >> 24) ^ 1;
    while read(COMMAND) & PENDING != 0 {
        core::hint::spin_loop();
    }
    write(COMMAND_HIGH, other << 24);
    write(COMMAND, command);
}

fn read(register: usize) -> u32 {
    let register = core::ptr::with_exposed_provenance::<u32>(REGISTERS + register);
    // SAFETY: `boot.s` maps the registers there, and the three that are named here are aligned.
    unsafe { register.read_volatile() }
}

fn write(register: usize, value: u32) {
    let register = core::ptr::with_exposed_provenance_mut::<u32>(REGISTERS + register);
    // SAFETY: as above. Each hart sees its own registers, and writes them with interrupts off but
    // for the NMI, whose handler sends nothing.
    unsafe { register.write_volatile(value) }
}
