//! The section being relocated: its fields written, checked, and what is said of them where that
//! cannot be.

use super::Job;
use crate::address::TargetAddress;
use crate::arch::Field;
use crate::elf::{Rela, RelaTable};
use crate::error::{Error, Place};
use crate::memory::SegmentKind;
use crate::name::Name;
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
    pub(super) fn write(&mut self, job: Job, field: Field, value: u64) -> Result<(), Error<'o>> {
        let found = field.write(self.bytes, job.offset, value);
        found.map_err(|found| Error::Instruction {
            place: self.place(job),
            relocation: job.row,
            found,
        })
    }

    #[cfg(feature = "riscv64")]
    pub(super) fn write_uleb128(&mut self, job: Job, value: u64) -> Result<(), Error<'o>> {
        let bytes = self.bytes.get_mut(job.offset..).unwrap_or_default();
        crate::arch::riscv64::uleb128::rewrite(bytes, value)
            .ok_or_else(|| self.out_of_range(job, value, 0))
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

    pub(super) fn place(&self, job: Job) -> Place<'o> {
        self.object.place(self.index, job.rela.offset)
    }

    pub(super) fn symbol_name(&self, rela: Rela) -> Name<'o> {
        self.object.symbol(rela.symbol).map(|s| self.object.display_name(s)).unwrap_or_default()
    }

    #[cold]
    pub(super) fn addend(&self, job: Job) -> Error<'o> {
        Error::Addend {
            place: self.place(job),
            relocation: job.row,
            symbol: self.symbol_name(job.rela),
            addend: job.rela.addend,
        }
    }

    /// The distance from the thread pointer is not the same in every thread.
    #[cold]
    pub(super) fn thread_pointer(&self, job: Job) -> Error<'o> {
        Error::ThreadPointer {
            place: self.place(job),
            relocation: job.row,
            symbol: self.symbol_name(job.rela),
        }
    }

    #[cold]
    pub(super) fn misaligned(&self, job: Job, value: u64) -> Error<'o> {
        Error::Misaligned {
            place: self.place(job),
            relocation: job.row,
            symbol: self.symbol_name(job.rela),
            value: value.cast_signed(),
        }
    }

    #[cold]
    pub(super) fn out_of_range(&self, job: Job, value: u64, symbol: u64) -> Error<'o> {
        Error::OutOfRange {
            place: self.place(job),
            relocation: job.row,
            symbol: self.symbol_name(job.rela),
            value: value.cast_signed(),
            segment: self.segment,
            from: TargetAddress::new(job.place),
            to: TargetAddress::new(symbol),
        }
    }
}
