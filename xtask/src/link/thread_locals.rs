//! Thread-local variables: a block where ld.lld would put it, and behind it the variables that the
//! module imports, where the comparison with linkers has some.

use std::collections::BTreeMap;

use loader_core::{Name, Plan, TlsBlock, TlsLocation, TlsVariable};

use crate::arch::Arch;

/// What the first word of a variable's descriptor is: the address of a function.
pub const DESCRIPTOR_FUNCTION: u64 = 0x5c00_0000_1230;
/// Bytes that an imported variable takes.
pub const IMPORT: u64 = 16;

/// A module's thread-local variables.
#[derive(Clone, Debug, Default)]
pub struct ThreadLocals {
    /// Where the image lies; what ld.lld takes for the start of the segment.
    pub start: u64,
    /// The sections: object, index, and offset in the block.
    pub sections: Vec<(usize, u32, u64)>,
    /// The imported variables and their offsets from the block's start.
    pub imports: BTreeMap<Vec<u8>, u64>,
    /// Where the block lies.
    location: TlsLocation,
}

impl ThreadLocals {
    /// A plan's own; there are no others.
    pub fn of(arch: Arch, plan: &Plan<'_, '_>) -> Self {
        Self::with(arch, plan, [].into_iter())
    }

    /// A plan's own, and behind them room for those that it asks for: where a linker is told that
    /// they are.
    pub fn with_imports(arch: Arch, plan: &Plan<'_, '_>) -> Self {
        let names = plan.imports().filter(|import| import.thread_local);
        Self::with(arch, plan, names.map(|import| import.name.as_bytes().to_vec()))
    }

    fn with(arch: Arch, plan: &Plan<'_, '_>, names: impl Iterator<Item = Vec<u8>>) -> Self {
        let own = plan.thread_locals().unwrap_or(TlsBlock { size: 0, image_size: 0, align: 1 });
        let first = own.size.next_multiple_of(IMPORT);
        let imports: BTreeMap<_, _> = names.zip((first..).step_by(IMPORT as usize)).collect();
        let end = match imports.len() as u64 {
            0 => own.size,
            count => first + count * IMPORT,
        };
        // Variants I and II of the ELF TLS specification, the first one with and without two
        // words between the thread pointer and the block.
        let offset = match arch {
            Arch::Aarch64 => 16u64.next_multiple_of(own.align).cast_signed(),
            Arch::Riscv64 => 0,
            Arch::X86_64 => -end.next_multiple_of(own.align).cast_signed(),
        };
        let sections = plan.thread_local_sections();
        let sections = sections.map(|section| (section.object, section.index, section.offset));
        Self {
            // Where there is no block, anywhere.
            start: 0x5b00_0000_0000,
            sections: sections.collect(),
            imports,
            location: TlsLocation { module: 1, thread_pointer_offset: Some(offset) },
        }
    }

    /// How far the block lies from the thread pointer.
    pub fn thread_pointer_offset(&self) -> i64 {
        self.location.thread_pointer_offset.unwrap_or_default()
    }
}

impl loader_core::ThreadLocals for ThreadLocals {
    fn block(&self, _: TlsBlock) -> Option<TlsLocation> {
        Some(self.location)
    }

    fn variable(&self, name: Name<'_>) -> Option<TlsVariable> {
        let offset = *self.imports.get(name.as_bytes())?;
        Some(TlsVariable { location: self.location, offset })
    }

    fn descriptor(&self, variable: TlsVariable) -> Option<[u64; 2]> {
        Some([DESCRIPTOR_FUNCTION, variable.offset])
    }
}
