//! Backtraces: the registers of a fault, and unwind tables → who called whom.
//!
//! It runs in the fault handler: it takes no memory, waits for nothing, and reads no more of a stack
//! than what is there.

use core::ptr;

use gimli::{CfaRule, Register, RegisterRule, UnwindContext, UnwindContextStorage, UnwindTableRow};
use target_common::{Fault, Region, Registers};

use super::{frames, function_at};
use crate::target;

/// The most callers that are looked for.
const DEPTH: usize = 32;
const WORD: usize = size_of::<usize>();

#[cfg(target_arch = "aarch64")]
const STACK_POINTER: usize = 31;
#[cfg(target_arch = "riscv64")]
const STACK_POINTER: usize = 2;
#[cfg(target_arch = "x86_64")]
const STACK_POINTER: usize = 7;

/// How much of the stack a call takes before the function has done anything.
const CALL: usize = if cfg!(target_arch = "x86_64") { WORD } else { 0 };

/// The return addresses behind a fault, innermost first: those that unwind tables know, or only the
/// first one where they know nothing of the place.
pub fn callers(fault: &Fault) -> impl Iterator<Item = usize> {
    let mut registers = fault.registers;
    let mut place = fault.pc;
    (0..DEPTH).map_while(move |depth| {
        let before = registers.0[STACK_POINTER];
        let caller = match step(&mut registers, place) {
            Some(caller) => caller,
            // A jump to nowhere, say: the call that led there is the last thing that happened.
            None if depth == 0 => {
                registers.0[STACK_POINTER] = before.wrapping_add(CALL);
                fault.return_address
            }
            None => return None,
        };
        let went_up = registers.0[STACK_POINTER] > before || depth == 0;
        place = caller.checked_sub(1)?; // in the call, which may be a function's last instruction
        went_up.then_some(caller)
    })
}

/// Goes from a function's registers to those of its caller; returns where in that it was called.
fn step(registers: &mut Registers, place: usize) -> Option<usize> {
    let (table, function) = function_at(place)?;
    let (frames, bases) = frames(table);
    let mut context = UnwindContext::<usize, OnStack>::new_in();
    let row = function.unwind_info_for_address(&frames, &bases, &mut context, place as u64).ok()?;
    let caller = caller(registers, row)?;
    // Where nothing is said of it, the return address is where the call has left it.
    let return_address = function.cie().return_address_register();
    let rule = row.registers().find(|(register, _)| *register == return_address);
    if let Some((_, RegisterRule::Undefined)) = rule {
        return None; // nobody has called this
    }
    let address = *caller.0.get(usize::from(return_address.0))?;
    *registers = caller;
    Some(address)
}

/// What a row says of the caller's registers.
fn caller(registers: &Registers, row: &UnwindTableRow<usize, OnStack>) -> Option<Registers> {
    let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else { return None };
    let of = |register: Register| registers.0.get(usize::from(register.0)).copied();
    let frame = of(*register)?.checked_add_signed(*offset as isize)?;
    let mut caller = *registers;
    for (register, rule) in row.registers() {
        let Some(value) = caller.0.get_mut(usize::from(register.0)) else { continue }; // no integer
        *value = match rule {
            RegisterRule::Offset(offset) => word(frame.checked_add_signed(*offset as isize)?)?,
            RegisterRule::ValOffset(offset) => frame.checked_add_signed(*offset as isize)?,
            RegisterRule::Register(other) => of(*other)?,
            _ => continue,
        };
    }
    caller.0[STACK_POINTER] = frame;
    Some(caller)
}

/// A word of a program's stack, of which there is one for each hart, and others in the image's heap.
fn word(address: usize) -> Option<usize> {
    let regions = target::regions();
    let word = Region { start: address, size: WORD };
    let there = regions.program_stacks.iter().chain([&regions.heap]).any(|r| r.contains(word));
    let word = ptr::with_exposed_provenance::<usize>(address);
    // SAFETY: all of these are mapped, and initialised as far as anybody can tell. Whose word it is does not matter, as it may be
    // anything.
    there.then(|| unsafe { word.read_unaligned() })
}

/// Room for what compilers write: a rule for each register that a function must keep.
pub struct OnStack;

impl UnwindContextStorage<usize> for OnStack {
    type Rules = [(Register, RegisterRule<usize>); 64];
    type Stack = [UnwindTableRow<usize, Self>; 3];
}
