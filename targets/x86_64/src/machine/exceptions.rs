//! Exceptions: each becomes a [`Fault`] for the image, on a stack of its own.

use core::mem::size_of;
use core::sync::atomic::{AtomicBool, Ordering};

use target_common::causes::x86_64::{STACK_OVERFLOW, TIMER};
use target_common::{Fault, HARTS};
use x86_64::instructions::tables::lidt;
use x86_64::registers::control::Cr2;
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::idt::{Entry, HandlerFunc};
use x86_64::{PrivilegeLevel, VirtAddr};

use super::apic;
use super::console::write_console;
use super::exit::exit;
use super::harts::{self, hart};
use super::layout::in_guard_page;
use super::paging::is_mapped;
use super::segments::{DOUBLE_FAULT_STACK, FAULT_STACK, NMI_STACK};

core::arch::global_asm!(
    include_str!("vectors.s"),
    handle = sym handle,
    vectors = const VECTORS,
    interrupt = sym non_maskable_interrupt,
    notes_registers = const cfg!(feature = "image") as u8,
    timer = const if cfg!(feature = "image") { TIMER } else { u64::MAX >> 1 },
    end_of_interrupt = const apic::END_OF_INTERRUPT,
    timer_count = const apic::TIMER_COUNT,
    options(att_syntax)
);

/// All there are, or those of the processor's own exceptions: any other is a #GP then.
const VECTORS: usize = if cfg!(feature = "image") { 256 } else { 32 };
const NON_MASKABLE_INTERRUPT: u64 = 2;
const BREAKPOINT: u64 = 3;
const PAGE_FAULT: u64 = 14;

/// Set for a hart while its fault is being reported, and until it leaves the handler, if it does.
static REPORTING: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];

static mut TABLE: [Entry<HandlerFunc>; VECTORS] = [Entry::missing(); VECTORS];

// SAFETY: `vectors.s` defines it, as so many entries of this size.
unsafe extern "C" {
    safe static exception_vectors: [[u8; 8]; VECTORS];
}

/// Points all vectors to `vectors.s`; called once.
pub(super) fn init() {
    let table = &raw mut TABLE;
    // SAFETY: this runs once, before anything else uses the table, which lives for ever. The
    // handlers are those of their vectors, and the stacks exist since `segments::init`.
    unsafe {
        for (vector, (entry, code)) in (&mut *table).iter_mut().zip(&exception_vectors).enumerate()
        {
            let stack = match vector {
                2 | 18 => NMI_STACK,
                8 => DOUBLE_FAULT_STACK,
                _ => FAULT_STACK,
            };
            let options = entry.set_handler_addr(VirtAddr::from_ptr(code)).set_stack_index(stack);
            if vector as u64 == BREAKPOINT {
                options.set_privilege_level(PrivilegeLevel::Ring3); // its instruction is no other fault
            }
        }
        #[cfg(feature = "image")]
        super::user::set_gate(&mut (&mut *table)[super::user::GATE]);
    }
}

/// Has the hart that runs this use the table.
pub(super) fn load() {
    let table = &raw const TABLE;
    // SAFETY: `init` has filled the table, which lives for ever.
    unsafe {
        lidt(&DescriptorTablePointer {
            limit: (size_of::<[Entry<HandlerFunc>; VECTORS]>() - 1) as u16,
            base: VirtAddr::from_ptr(table),
        });
    }
}

/// Abandons the running program from within `image_fault`: as [`escape`](super::escape).
///
/// The stack of the handler is empty again, and the next fault is a first one.
pub fn escape_fault(value: i32) -> ! {
    #[cfg(feature = "image")]
    super::console::abandon_console();
    REPORTING[hart()].store(false, Ordering::Relaxed);
    super::escape(value)
}

/// RSP, by its number.
#[cfg(feature = "image")]
const RSP: usize = 7;
/// How many registers `vectors.s` notes.
const NOTED: usize = 16;

/// What the processor has pushed, behind the error code.
#[repr(C)]
struct Frame {
    rip: usize,
    cs: u64,
    rflags: u64,
    rsp: usize,
    ss: u64,
}

/// Every exception, from `vectors.s`; `noted` for the image only.
extern "sysv64" fn handle(
    vector: u64,
    error_code: u64,
    frame: &Frame,
    noted: *const [usize; NOTED],
) -> ! {
    if REPORTING[hart()].swap(true, Ordering::Relaxed) {
        write_console(b"\ntarget: a second fault while the first was being reported\n");
        exit(u8::MAX)
    }
    super::image_fault(&describe(vector, error_code, frame, noted))
}

/// An NMI, from `vectors.s`: from the other hart, which may want something to be forgotten, or the
/// second hart to wake up. Nothing else may be touched here, as this comes at any time.
extern "sysv64" fn non_maskable_interrupt(frame: &Frame) {
    if !harts::answer() && hart() == 0 {
        handle(NON_MASKABLE_INTERRUPT, 0, frame, &[0; NOTED])
    }
}

#[cfg_attr(not(feature = "image"), expect(unused_variables, reason = "`noted` is not there"))]
fn describe(vector: u64, error_code: u64, frame: &Frame, noted: *const [usize; NOTED]) -> Fault {
    let value = Cr2::read_raw() as usize;
    let in_guard = cfg!(feature = "image") && vector == PAGE_FAULT && in_guard_page(value);
    Fault {
        cause: vector << 32 | error_code | if in_guard { STACK_OVERFLOW } else { 0 },
        // A breakpoint is reported after its instruction, which is of one byte.
        pc: frame.rip.wrapping_sub((vector == BREAKPOINT).into()),
        value,
        return_address: top_of_stack(frame.rsp),
        #[cfg(feature = "image")]
        registers: {
            let mut registers = target_common::Registers::default();
            // SAFETY: `vectors.s` notes so many, on the stack of the handler, which this is.
            registers.0[..NOTED].copy_from_slice(unsafe { &*noted });
            registers.0[RSP] = frame.rsp;
            registers
        },
    }
}

/// The word at the top of the stack, or 0 where there is no stack to read.
fn top_of_stack(rsp: usize) -> usize {
    let last = rsp.wrapping_add(size_of::<usize>() - 1);
    if !is_mapped(rsp) || !is_mapped(last) {
        return 0;
    }
    // SAFETY: both ends of the word were just found to be mapped. It may be anything.
    unsafe { core::ptr::with_exposed_provenance::<usize>(rsp).read_unaligned() }
}
