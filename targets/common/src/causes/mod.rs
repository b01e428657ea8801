//! What the machines' cause registers mean, in their manuals' words.

pub mod aarch64;
pub mod riscv64;
pub mod x86_64;

use crate::Causes;

/// The kind of fault that ends a program whose time is over: the timer's interrupt, and no other comes.
pub const TIME_LIMIT: &str = "time limit";

/// For `ESR_EL1` of AArch64.
pub const AARCH64: Causes = Causes { kind: aarch64::kind, has_address: aarch64::has_address };
/// For `scause` of RISC-V.
pub const RISCV64: Causes = Causes { kind: riscv64::kind, has_address: riscv64::has_address };
/// For the vectors and error codes of x86-64.
pub const X86_64: Causes = Causes { kind: x86_64::kind, has_address: x86_64::has_address };
