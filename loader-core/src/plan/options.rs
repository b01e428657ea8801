//! What a client may ask of a plan.

use crate::object::Object;
use crate::plan::state::Counts;

/// What a client may ask of a [`Plan`](crate::Plan); the default asks for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Whether RISC-V code is made shorter where its objects allow it (`R_RISCV_RELAX`): linker
    /// relaxation, as the psABI has it under that name. It takes a record of working memory for
    /// each place that may get shorter, and time; other machines have none.
    ///
    /// The plan's sizes are smaller by what calls within the module lose, where its text is
    /// shorter than the 1 MiB that JAL reaches. What depends on addresses, such as calls of
    /// what the module imports, is made shorter in `resolve`, where every section keeps its
    /// place and the room that this frees stays free. The sections of such a text must stay
    /// within JAL's reach of each other when they are
    /// [mapped](crate::ObjectImage::map_section_address) one by one.
    pub relaxation: bool,
    /// What the client has for thread-local variables.
    pub thread_locals: TlsModel,
    /// Whether to mend code for AArch64 that erratum 843419 of Arm's Cortex-A53 affects (revisions
    /// up to r0p4): a load or store soon behind an ADRP in the last two words of a 4 KiB page may
    /// take a wrong address.
    ///
    /// The ADRP becomes an ADR where its page is within 1 MiB; where not, the load or store moves
    /// behind its section, with a branch there and one back. A section in which there is such a
    /// sequence, wherever in a page, is 8 bytes longer for it and for each further 4 KiB; a
    /// sequence that cannot be mended is refused ([`Error::Erratum`](crate::Error::Erratum)).
    /// The plan reads all code once, and takes a [`Scratch`](crate::Scratch) record for each
    /// mapping symbol in code. Code for other machines is not affected, whatever this says.
    pub erratum_843419: bool,
}

impl PlanOptions {
    /// How many [`Scratch`](crate::Scratch) records a plan for these objects needs with these
    /// options, exactly.
    pub fn scratch_len(self, objects: &[Object<'_>]) -> usize {
        Counts::of(objects, self).total()
    }
}

/// What a client has for thread-local variables, and so what code that uses them is made into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsModel {
    /// Nothing: a module that uses them is refused.
    #[default]
    None,
    /// Room in every thread's static block, at one offset from the thread pointer: all code that
    /// can be made into local-exec code is.
    Static,
    /// Blocks that come with the first use: `__tls_get_addr` and descriptors. Code that needs an
    /// offset from the thread pointer is refused, unless the variable is in a static block.
    Dynamic,
}
