//! The section being relocated: its fields written, checked, and what is said of them where that
//! cannot be.

use super::Job;
use crate::arch::Field;
use crate::elf::{Rela, RelaTable};
use crate::error::{Error, Fault, Faulty, Phase};
use crate::memory::SegmentKind;
use crate::object::Object;

/// The section being relocated: loaded, or in an image for a debugger, where its address is 0.
pub(crate) struct Site<'b, 'o> {
    pub(crate) object: &'b Object<'o>,
    /// Its object's place among the plan's objects.
    pub(crate) number: usize,
    /// Its index in the object.
    pub(crate) index: u32,
    /// The segment that it is in; for a debugger, any.
    pub(crate) segment: SegmentKind,
    /// Its relocations.
    pub(crate) table: RelaTable<'o>,
    /// Whether they are out of order.
    #[cfg(feature = "riscv64")]
    pub(crate) is_unordered: bool,
    pub(crate) symbol_base: u32,
    /// Its address on the target.
    pub(crate) target: u64,
    /// What stands for the address of code that is not here: of a debug section, which is not
    /// loaded; `None` for one that is.
    pub(crate) tombstone: Option<u64>,
    /// Its bytes, where the loader writes them.
    pub(crate) bytes: &'b mut [u8],
}

impl<'o> Site<'_, 'o> {
    /// What stands for the address of code that is not here: of a debug section alone.
    pub(super) const fn tombstone(&self) -> Option<u64> {
        if cfg!(feature = "debug") { self.tombstone } else { None }
    }

    /// The number, among all objects' symbols, of the one that a relocation names.
    pub(super) fn symbol_number(&self, rela: Rela) -> u32 {
        self.symbol_base.wrapping_add(rela.symbol)
    }

    /// Writes a value into its field, checked against the bytes that are there.
    pub(super) fn write(&mut self, job: Job, field: &Field, value: u64) -> Result<(), Fault> {
        field.write(self.bytes, job.offset, value).map_err(Fault::Instruction)
    }

    #[cfg(feature = "riscv64")]
    pub(super) fn write_uleb128(&mut self, job: Job, value: u64) -> Result<(), Fault> {
        let bytes = self.bytes.get_mut(job.offset..).unwrap_or_default();
        crate::arch::riscv64::uleb128::rewrite(bytes, value).ok_or(job.out_of_range(value, 0))
    }

    /// Turns a load from the GOT into a use of the symbol itself, where the psABI has a form for
    /// it and the symbol is in reach; the GOT entry stays, unused.
    #[cfg(feature = "x86_64")]
    pub(super) fn relax(&mut self, job: Job, symbol: u64) -> bool {
        use crate::arch::x86_64::relax::{Prefix, relax};
        if job.rela.addend != -4 {
            return false;
        }
        let relative = symbol.wrapping_sub(4).wrapping_sub(job.place).cast_signed();
        let prefix = match object::elf::RelocationType(job.rela.number) {
            object::elf::R_X86_64_REX_GOTPCRELX => Prefix::Rex,
            object::elf::R_X86_64_CODE_4_GOTPCRELX => Prefix::Rex2,
            _ => Prefix::None,
        };
        relax(self.bytes, job.offset, prefix, symbol, relative).is_some()
    }

    /// The error that a fault of a relocation is.
    #[cold]
    pub(super) fn error(&self, job: Job, fault: Fault) -> Error<'o> {
        let (phase, rela, address) = (Phase::Resolve, job.rela, job.place);
        let Self { object, index, segment, .. } = *self;
        Faulty { phase, object, index, rela, segment, address }.error(fault)
    }
}
