//! The types that nearly all relocations of compilers' output have.
//!
//! The loop that applies relocations has code of its own for each, which the compiler makes of the
//! type's row, and one that reads rows for all others. That is for what takes long with a row:
//! shorter loops are the faster for having no jumps, as nothing foretells which type comes next.

use super::relocation::Relocation;
use super::rows::Table;

/// What the loop does with one relocation.
pub(crate) trait Step {
    /// Does it, by the row of its type; whether it was done.
    fn step<M: Types>(self, row: &'static Relocation) -> bool;
}

/// A machine that the loop is compiled for.
pub(crate) trait Types {
    /// Whether code may lose bytes, and low parts of values name high ones.
    const IS_RISCV: bool = false;

    /// The most frequent of the types that nothing is applied for.
    const HINT: u32 = 0; // R_*_NONE, whatever the machine

    /// Takes a step by the row of a type; `false` where there is none.
    fn with_row(number: u32, step: impl Step) -> bool;
}

macro_rules! frequent {
    ($(#[$cfg:meta])* $machine:ident, $table:expr, $($number:literal)* $(, $name:ident: $kind:ty = $value:expr)*) => {
        $(#[$cfg])*
        pub(crate) struct $machine;

        $(#[$cfg])*
        impl Types for $machine {
            $(const $name: $kind = $value;)*

            #[inline(always)]
            fn with_row(number: u32, step: impl Step) -> bool {
                match number {
                    $($number => step.step::<Self>(const { &row($table, $number) }),)*
                    _ => $table.find(number).is_some_and(|row| step.step::<Self>(row)),
                }
            }
        }
    };
}

// ABS64, PREL32, ADR_PREL_PG_HI21, ADD_ABS_LO12_NC, JUMP26, CALL26, LDST32_ABS_LO12_NC and
// LDST64_ABS_LO12_NC.
frequent!(#[cfg(feature = "aarch64")] Aarch64, super::aarch64::TABLE, 257 261 275 277 282 283 285 286);
// 64, BRANCH, JAL, CALL_PLT, PCREL_HI20, PCREL_LO12_I, ADD32, SUB32, RVC_BRANCH and RVC_JUMP;
// RELAX.
frequent!(#[cfg(feature = "riscv64")] Riscv64, super::riscv64::TABLE, 2 16 17 19 23 24 35 39 44 45, IS_RISCV: bool = true, HINT: u32 = 51);
// 64, PC32 and PLT32.
frequent!(#[cfg(feature = "x86_64")] X86_64, super::x86_64::TABLE, 1 2 4);

/// A copy of a type's row, apart from its table: all of it that is not made into code goes.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, for which a type without a row is an error"
)]
const fn row(table: Table, number: u32) -> Relocation {
    table.rows[table.index[number as usize] as usize]
}
