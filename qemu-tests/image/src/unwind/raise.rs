//! Exceptions: modules raise them through the crate `unwinding`, and what leaves a function of a module
//! can be caught where the image calls it.
//!
//! The frame that calls modules (`call_program` of the targets) has [`image_personality`], as a C++
//! function with a handler has its own. It has a handler for who asks with [`catch`], and for all
//! others nobody catches anything: whoever raises it is told so, and nothing is unwound.

use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use gimli::{CfaRule, Register, RegisterRule};
use target_common::{ARGUMENTS, CallEnd, HARTS, Region};
use unwinding::abi::{
    _Unwind_DeleteException, _Unwind_GetCFA, UnwindAction, UnwindContext, UnwindException,
    UnwindReasonCode,
};
use unwinding::custom_eh_frame_finder::{
    EhFrameFinder, FrameInfo, FrameInfoKind, set_custom_eh_frame_finder,
};

use super::backtrace::OnStack;
use super::{Function, TABLES, frames, function_of_module, image};
use crate::target;

/// How a call ended that catches.
#[derive(Debug)]
pub enum Caught {
    /// As any other.
    Ended(CallEnd),
    /// By what it raised.
    Raised(Raised),
}

/// An exception that was caught. It is the module's, which must be there for it to be deleted.
#[derive(Debug)]
pub struct Raised(*mut UnwindException);

impl Raised {
    /// Whose exception it is: the vendor and the language, as its raiser has them.
    pub fn class(&self) -> u64 {
        // SAFETY: an exception that was raised and is not deleted is there (`_Unwind_RaiseException`).
        unsafe { (*self.0).exception_class }
    }
}

/// Has `unwinding` look for unwind tables here; called once.
pub fn start() {
    drop(set_custom_eh_frame_finder(&Tables)); // nobody else has set one
}

/// Calls as [`target::call_program`] does. What the function raises and does not catch comes back, when
/// everything that stands between has cleaned up.
///
/// # Safety
/// As there.
pub unsafe fn catch(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> Caught {
    let hart = target::hart();
    let outer = CATCHING[hart].swap(top(stack), Ordering::Relaxed);
    // SAFETY: the caller's contract.
    let end = unsafe { target::call_program(entry, arguments, stack) };
    CATCHING[hart].store(outer, Ordering::Relaxed);
    let raised = CAUGHT[hart].swap(ptr::null_mut(), Ordering::Relaxed);
    if raised.is_null() { Caught::Ended(end) } else { Caught::Raised(Raised(raised)) }
}

/// Has the module that an exception is of free it; how that ended.
///
/// # Safety
/// The module is there. `stack` is as for [`target::call_program`].
pub unsafe fn delete(exception: Raised, stack: Region) -> CallEnd {
    let entry = (_Unwind_DeleteException as *const ()).expose_provenance();
    let exception = exception.0.expose_provenance() as u64;
    // SAFETY: it takes an exception that nobody else has any more; the stack is the caller's.
    unsafe { target::call_program(entry, &[exception, 0, 0, 0, 0, 0], stack) }
}

/// The personality of the frame that calls modules.
#[unsafe(no_mangle)]
pub extern "C" fn image_personality(
    _version: c_int,
    actions: UnwindAction,
    _class: u64,
    exception: *mut UnwindException,
    context: &mut UnwindContext<'_>,
) -> UnwindReasonCode {
    let hart = target::hart();
    let catches = CATCHING[hart].load(Ordering::Relaxed) == _Unwind_GetCFA(context);
    if actions.contains(UnwindAction::SEARCH_PHASE) {
        return match catches {
            true => UnwindReasonCode::HANDLER_FOUND,
            false => UnwindReasonCode::END_OF_STACK,
        };
    }
    if !catches {
        return UnwindReasonCode::FATAL_PHASE2_ERROR;
    }
    CAUGHT[hart].store(exception, Ordering::Relaxed);
    target::escape(0)
}

/// What addresses in a function count from that are relative to a text or a GOT: no compiler for these
/// machines writes such.
pub extern "C" fn no_relative_base(_: *const ()) -> usize {
    0
}

/// For each hart the top of the stack that the innermost [`catch`] calls on, or 0.
static CATCHING: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];
/// What it has caught.
static CAUGHT: [AtomicPtr<UnwindException>; HARTS] =
    [const { AtomicPtr::new(ptr::null_mut()) }; HARTS];

/// The stack pointer that a function is called with.
const fn top(stack: Region) -> usize {
    stack.end() & !15
}

/// Where `unwinding` finds unwind tables.
struct Tables;

// SAFETY: where a function is found, a table with a terminator begins.
unsafe impl EhFrameFinder for Tables {
    fn find(&self, pc: usize) -> Option<FrameInfo> {
        let image = image();
        let kind = match image.has(pc) {
            true => FrameInfoKind::EhFrameHdr(image.index.start),
            false => {
                let (table, function) = function_of_module(&TABLES.read(), pc)?;
                can_be_followed(table, &function, pc)
                    .then_some(FrameInfoKind::EhFrame(table.start))?
            }
        };
        Some(FrameInfo { text_base: None, kind })
    }
}

/// Whether a module's table speaks of no register at `pc` that `unwinding` lacks: it would panic.
fn can_be_followed(table: Region, function: &Function, pc: usize) -> bool {
    let (frames, bases) = frames(table);
    let mut context = gimli::UnwindContext::<usize, OnStack>::new_in();
    let Ok(row) = function.unwind_info_for_address(&frames, &bases, &mut context, pc as u64) else {
        return false;
    };
    // It refuses expressions, which have registers too, by itself.
    let frame = match row.cfa() {
        CfaRule::RegisterAndOffset { register, .. } => is_known(*register),
        CfaRule::Expression(_) => false,
    };
    let mut rules = row.registers();
    frame
        && rules.all(|(register, rule)| {
            is_known(*register)
                && match rule {
                    RegisterRule::Architectural => false,
                    RegisterRule::Register(other) => is_known(*other),
                    _ => true,
                }
        })
}

/// Whether `unwinding` has a register of this number.
const fn is_known(register: Register) -> bool {
    match register.0 {
        0..=16 => true,
        17..=31 => cfg!(any(target_arch = "aarch64", target_arch = "riscv64")),
        32..=63 => cfg!(target_arch = "riscv64"),
        64..=65 => cfg!(any(target_arch = "aarch64", target_arch = "x86_64")),
        66..=95 => cfg!(target_arch = "aarch64"),
        _ => false,
    }
}

#[cfg(all(target_arch = "riscv64", not(target_feature = "d")))]
compile_error!("built with other flags than those of .cargo/config.toml");
