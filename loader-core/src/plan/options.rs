//! What a client may ask of a plan.

use core::marker::PhantomData;

use crate::address::TargetAddress;
use crate::object::Object;
use crate::plan::state::Counts;

/// What a client may ask of a [`Plan`](crate::Plan); the default asks for nothing.
///
/// ```
/// use loader_core::{Object, Plan, PlanOptions, Scratch};
///
/// # let file = include_bytes!("../../doc/answer.o");
/// let objects = [Object::parse("answer.o", file)?];
/// let mut options = PlanOptions::default();
/// options.relaxation = true;
/// let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
/// let plan = Plan::with_options(&objects, &mut scratch, options)?;
/// # let _ = plan;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanOptions<'p> {
    /// Which sections are loaded: all, or what something uses. What is left out takes no memory,
    /// and what it alone imports is not asked for.
    #[cfg(feature = "unused-sections")]
    pub keep: Keep<'p>,
    /// Whether RISC-V code is made shorter where its objects allow it (`R_RISCV_RELAX`): linker
    /// relaxation, as the psABI has it under that name. Other machines have none.
    ///
    /// - In the plan, where the text is shorter than the 1 MiB that JAL reaches: calls of the
    ///   module's own functions. The plan's sizes are smaller by these 4 bytes each.
    /// - In `resolve`, all that depends on addresses: calls of what the module imports, compressed
    ///   jumps, addresses and thread-local offsets that need no upper part; in a longer text,
    ///   the module's own calls as well. Sections keep their places and the segment its size;
    ///   what is freed in it traps.
    ///
    /// The result is what `ld.lld --relax` makes at the same addresses; as there, code must be
    /// marked in all its parts. A text of the first kind whose sections a client
    /// [maps](crate::ObjectImage::map_section_address) more than 1 MiB apart is refused with
    /// [`Error::OutOfRange`](crate::Error::OutOfRange). It takes time, and a
    /// [`Scratch`](crate::Scratch) record for each relocation of a type that may be relaxed.
    #[cfg(feature = "relaxation")]
    pub relaxation: bool,
    /// What the client has for thread-local variables.
    #[cfg(feature = "thread-locals")]
    pub thread_locals: TlsModel,
    /// Whether to mend code for AArch64 that erratum 843419 of Arm's Cortex-A53 affects (revisions
    /// up to r0p4): a load or store soon behind an ADRP in the last two words of a 4 KiB page may
    /// take a wrong address.
    ///
    /// The ADRP becomes an ADR where its page is within 1 MiB; where not, the load or store moves
    /// behind its section, with a branch there and one back. A section that holds such a
    /// sequence, wherever in a page, is longer by 8 bytes for each page that can end in it: one of
    /// 8 KiB by 16. A sequence that cannot be mended is refused ([`Error::Erratum`](crate::Error::Erratum)).
    /// The plan reads all code once, and takes a [`Scratch`](crate::Scratch) record for each
    /// mapping symbol in code. Code for other machines is not affected, whatever this says.
    #[cfg(feature = "erratum-843419")]
    pub erratum_843419: bool,
    /// Where the objects' files lie on the target, for execution in place; `None`, and what is
    /// missing at the end, for one that does not lie where code can run or be read.
    ///
    /// Code and constants of such a file that nothing has to change stay there and take no room in
    /// the segments: sections that are loaded, not writable, not empty, not thread-local and not
    /// subject to any relocation, and whose address in the file has their alignment. All others
    /// are copied as always; so are, even without relocations, lists of initialisers, unwind
    /// tables, sections whose name begins as a C identifier does (`__start_NAME` speaks of them
    /// as a whole), and with [`erratum_843419`](Self::erratum_843419) code for AArch64.
    ///
    /// [`Plan::in_place_sections`](crate::Plan::in_place_sections) lists what stays. Calls go there
    /// by stubs where they do not reach; all other references must reach. The client answers for
    /// the bytes there being the object's as long as the module lives, and for code there being
    /// executable and visible to instruction fetch.
    #[cfg(feature = "in-place")]
    pub in_place: &'p [Option<TargetAddress>],
    /// What the module keeps of its symbols in memory of its own, for
    /// [`Module::detach`](crate::Module::detach) and the [`Registry`](crate::Registry).
    #[cfg(feature = "kept-symbols")]
    pub kept: Kept,
    /// Whether the names of kept symbols are read in the object's file instead of being copied. The
    /// client lends the file's bytes for the module's life then
    /// ([`Module::detach_lending`](crate::Module::detach_lending)). Of a module of several objects,
    /// names are copied all the same.
    #[cfg(feature = "kept-symbols")]
    pub lend_names: bool,
    /// What a debugger is to see of the objects' debug information, for
    /// [`Module::debug_images`](crate::Module::debug_images).
    /// [`Plan::debug_size`](crate::Plan::debug_size) says how much memory that takes; the segments
    /// are the same with and without.
    #[cfg(feature = "debug")]
    pub debug: DebugSections,
    /// Whether an end, four zero bytes, is put behind each unwind table (`.eh_frame`), as a linker has
    /// it from `crtend.o`. Unwinders that are told where a table begins and not how long it is
    /// (`__register_frame`) read on until there. It takes 4 bytes of the table's segment each.
    pub terminate_unwind_tables: bool,
    pub(crate) _lists: PhantomData<&'p ()>,
}

/// What is asked for, as far as it is compiled in. Where it is not, the compiler knows the answer, and
/// leaves out what it would take.
macro_rules! asked_for {
    ($($name:ident = $field:ident: $answer:ty, $feature:literal, else $none:expr;)*) => {$(
        pub(crate) const fn $name(&self) -> $answer {
            #[cfg(feature = $feature)]
            return self.$field;
            #[cfg(not(feature = $feature))]
            $none
        }
    )*};
}

impl<'p> PlanOptions<'p> {
    asked_for! {
        debug_sections = debug: DebugSections, "debug", else DebugSections::None;
        files_in_place = in_place: &'p [Option<TargetAddress>], "in-place", else &[];
        kept_sections = keep: Keep<'p>, "unused-sections", else Keep::All;
        kept_symbols = kept: Kept, "kept-symbols", else Kept::Nothing;
        lends_names = lend_names: bool, "kept-symbols", else false;
        mends_erratum = erratum_843419: bool, "erratum-843419", else false;
        relaxes = relaxation: bool, "relaxation", else false;
        tls_model = thread_locals: TlsModel, "thread-locals", else TlsModel::None;
    }

    /// The same without what is borrowed, which the plan looks at once.
    pub(crate) const fn without_lists(self) -> PlanOptions<'static> {
        PlanOptions {
            #[cfg(feature = "unused-sections")]
            keep: match self.keep {
                Keep::All => Keep::All,
                Keep::Exported => Keep::Exported,
                Keep::Named(_) => Keep::Named(&[]),
            },
            #[cfg(feature = "relaxation")]
            relaxation: self.relaxation,
            #[cfg(feature = "thread-locals")]
            thread_locals: self.thread_locals,
            #[cfg(feature = "erratum-843419")]
            erratum_843419: self.erratum_843419,
            #[cfg(feature = "kept-symbols")]
            kept: self.kept,
            #[cfg(feature = "kept-symbols")]
            lend_names: self.lend_names,
            #[cfg(feature = "debug")]
            debug: self.debug,
            terminate_unwind_tables: self.terminate_unwind_tables,
            #[cfg(feature = "in-place")]
            in_place: &[],
            _lists: PhantomData,
        }
    }

    /// How many [`Scratch`](crate::Scratch) records a plan for these objects needs with these
    /// options, exactly.
    pub fn scratch_len(self, objects: &[Object<'_>]) -> usize {
        Counts::of(objects, self).total()
    }
}

/// Which sections a plan keeps: what linkers call garbage collection (`--gc-sections`).
///
/// Other than [`All`](Self::All), it is what can be reached from some symbols by relocations. Besides
/// these symbols, what says so of itself (`SHF_GNU_RETAIN`), lists of initialisers and finalisers,
/// notes and unwind tables are where it begins. A section keeps its group, and those that are
/// linked to it (`SHF_LINK_ORDER`); a `__start_` or `__stop_` symbol all sections of its name; an
/// unwind table personalities and exception tables, but no function. A function that is left
/// out has the address 0 there. COMMON symbols are kept one by one.
///
/// It works as finely as compilers make sections: compile with `-ffunction-sections
/// -fdata-sections`. It takes a [`Scratch`](crate::Scratch) record for each member of a group and each
/// section that is linked to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keep<'k> {
    /// All.
    #[default]
    All,
    /// What can be reached from the symbols that other modules may use
    /// ([`Module::exports`](crate::Module::exports), thread-local variables).
    Exported,
    /// What can be reached from the global symbols with these names: hidden ones, too, and of
    /// others a module has no more than it uses itself. A name that nothing defines keeps nothing. Every
    /// symbol is compared with every name.
    Named(&'k [&'k str]),
}

/// What a module keeps of its symbols: a table behind its GOT, of 40 bytes a symbol and 4 to 8 an
/// export besides names, which goes when the module goes. The plan's sizes have it in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// Nothing: what is needed is looked up while the objects are there.
    #[default]
    Nothing,
    /// No symbols, but the list of finalisers.
    Finalisers,
    /// Finalisers, and what other modules may use.
    Exports,
    /// Finalisers and all functions and variables, local ones included: for backtraces.
    Symbols,
}

/// Which debug sections (`.debug_*`) an object's image for a debugger has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DebugSections {
    /// None, and there is no such image.
    #[default]
    None,
    /// Those that the file has uncompressed.
    Plain,
    /// Compressed ones (`SHF_COMPRESSED`) as well, for a client that can
    /// [decompress](crate::Decompress) them.
    All,
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
