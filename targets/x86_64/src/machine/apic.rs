//! The local APIC, as far as one hart needs it to reach the other, and its timer.
//!
//! For what cannot be masked (INIT, start-up, NMI) it may stay disabled, as it is after a reset (Intel SDM
//! volume 3, "Local APIC State After It Has Been Software Disabled"): it is enabled with the first use of
//! the timer, on the hart that uses it.

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

/// Where anything is written at the end of an interrupt.
pub(super) const END_OF_INTERRUPT: usize = REGISTERS + 0xb0;
/// Where the timer's count is written, which starts it.
pub(super) const TIMER_COUNT: usize = REGISTERS + INITIAL_COUNT;

/// Has the timer interrupt this hart once, by `vector`, when it is [started](start_timer).
pub(super) fn enable_timer(vector: u8) {
    const ENABLED: u32 = 1 << 8;
    const SPURIOUS_VECTOR: u32 = 0xff;
    const BY_128: u32 = 0b1010;
    write(SPURIOUS, ENABLED | SPURIOUS_VECTOR);
    write(DIVIDE, BY_128);
    write(TIMER, vector.into());
}

/// Starts the timer, or with 0 stops it.
pub(super) fn start_timer(count: u32) {
    write(INITIAL_COUNT, count);
}

/// How much of its count is left.
pub(super) fn timer_left() -> u32 {
    read(CURRENT_COUNT)
}

const ID: usize = 0x20;
const SPURIOUS: usize = 0xf0;
const TIMER: usize = 0x320;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVIDE: usize = 0x3e0;
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
    // SAFETY: `boot.s` maps the registers there, and those that are named here are aligned.
    unsafe { register.read_volatile() }
}

fn write(register: usize, value: u32) {
    let register = core::ptr::with_exposed_provenance_mut::<u32>(REGISTERS + register);
    // SAFETY: as above. Each hart sees its own registers, and writes them with interrupts off but
    // for the NMI, whose handler sends nothing, and the timer's.
    unsafe { register.write_volatile(value) }
}
