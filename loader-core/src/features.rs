//! What is compiled in, where more than one place asks for it.
//!
//! These are answers to the compiler: where one is no, it leaves out what cannot happen then.

/// A module may be made of several objects.
pub(crate) const SEVERAL_OBJECTS: bool = cfg!(feature = "several-objects");

/// Sections may be left out that an object would have loaded: a group's that another object has as
/// well, or what nothing uses.
pub(crate) const LEAVES_OUT: bool = SEVERAL_OBJECTS || cfg!(feature = "unused-sections");

/// Objects may have thread-local variables.
pub(crate) const THREAD_LOCALS: bool = cfg!(feature = "thread-locals");

/// Objects may have COMMON symbols.
pub(crate) const COMMON_SYMBOLS: bool = cfg!(feature = "common-symbols");

/// Objects may have IFUNCs.
pub(crate) const INDIRECT_FUNCTIONS: bool = cfg!(feature = "indirect-functions");

/// Objects may have lists of initialisers and finalisers.
pub(crate) const INITIALISERS: bool = cfg!(feature = "initialisers");

/// Code for RISC-V may lose bytes of its padding (`R_RISCV_ALIGN`), or of what gets shorter.
pub(crate) const DELETIONS: bool = cfg!(feature = "riscv-align");
