//! Code that asks where a thread-local variable is, made into code that knows it (local-exec).
//!
//! The decision looks at the code in the object file alone, so that `plan` and `resolve` come to
//! the same one.

use crate::arch::relocation::Range;

/// What becomes of a relocation of such code where the offset from the thread pointer is known.
#[derive(Clone, Copy)]
pub(crate) enum LocalExec {
    /// It is applied as it is, through its GOT slot.
    Keep,
    /// The code around it is rewritten.
    Rewrite(Rewrite),
    /// The code is not what the psABI says it must be.
    Refuse,
}

/// How code is rewritten.
#[derive(Clone, Copy)]
pub(crate) struct Rewrite {
    /// What X is the offset of.
    pub(crate) subject: Subject,
    /// How far behind this relocation that of the call to `__tls_get_addr` lies, which goes away
    /// with it.
    pub(crate) call: Option<u8>,
    /// What X can be.
    pub(crate) range: Range,
    /// Writes the new code.
    pub(crate) write: Write,
}

/// Writes new code, given the section, the offset of the relocation in it, and X. `None`, where
/// the section ends too early.
pub(crate) type Write = fn(code: &mut [u8], at: usize, x: u64) -> Option<()>;

/// What the offset from the thread pointer is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// S + A
    Variable,
    /// The module's block.
    #[cfg(feature = "aarch64")]
    Block,
    /// Of nothing: the code that goes away uses none.
    None,
}

/// Replaces `N` bytes.
pub(super) fn put<const N: usize>(code: &mut [u8], at: usize, new: [u8; N]) -> Option<()> {
    *code.get_mut(at..)?.first_chunk_mut::<N>()? = new;
    Some(())
}

/// Replaces 32-bit instructions.
#[cfg(any(feature = "aarch64", feature = "riscv64"))]
pub(super) fn put_words<const N: usize>(code: &mut [u8], at: usize, new: [u64; N]) -> Option<()> {
    let (words, _) = code.get_mut(at..)?.as_chunks_mut::<4>();
    let words = words.get_mut(..N)?;
    for (word, new) in words.iter_mut().zip(new) {
        *word = (new as u32).to_le_bytes();
    }
    Some(())
}
