//! An object on its way: sections, symbols and relocations, in few words.

use loader_core::Machine;
use object::write::{Object, Relocation, SectionId, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, FileFlags, RelocationFlags, SectionKind, SymbolFlags,
    SymbolKind, SymbolScope, elf,
};

/// An object, and the first thing that went wrong with it.
pub(super) struct Maker {
    object: Object<'static>,
    machine: Machine,
    error: Option<String>,
}

/// The call of a machine: its bytes, and the relocation in it.
pub(super) struct Call {
    pub(super) code: &'static [u8],
    pub(super) number: elf::RelocationType,
    pub(super) offset: u64,
    pub(super) addend: i64,
}

impl Maker {
    pub(super) fn new(machine: Machine) -> Self {
        let architecture = match machine {
            Machine::Aarch64 => Architecture::Aarch64,
            Machine::Riscv64 => Architecture::Riscv64,
            _ => Architecture::X86_64,
        };
        let mut object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
        if machine == Machine::Riscv64 {
            let e_flags = elf::FileFlags(elf::EF_RISCV_RVC.0 | elf::EF_RISCV_FLOAT_ABI_DOUBLE.0);
            object.flags = FileFlags::Elf { os_abi: elf::ELFOSABI_NONE, abi_version: 0, e_flags };
        }
        Self { object, machine, error: None }
    }

    /// The machine's call of a function that may be anywhere.
    pub(super) const fn call(&self) -> Call {
        match self.machine {
            Machine::Aarch64 => Call {
                code: &[0, 0, 0, 0x94], // bl
                number: elf::R_AARCH64_CALL26,
                offset: 0,
                addend: 0,
            },
            Machine::Riscv64 => Call {
                code: &[0x97, 0, 0, 0, 0xe7, 0x80, 0, 0], // auipc ra, 0; jalr ra
                number: elf::R_RISCV_CALL_PLT,
                offset: 0,
                addend: 0,
            },
            _ => Call {
                code: &[0xe8, 0, 0, 0, 0], // call
                number: elf::R_X86_64_PLT32,
                offset: 1,
                addend: -4,
            },
        }
    }

    /// The type of a pointer.
    pub(super) const fn pointer(&self) -> elf::RelocationType {
        match self.machine {
            Machine::Aarch64 => elf::R_AARCH64_ABS64,
            Machine::Riscv64 => elf::R_RISCV_64,
            _ => elf::R_X86_64_64,
        }
    }

    pub(super) fn text(&mut self, bytes: Vec<u8>) -> SectionId {
        self.section(".text", SectionKind::Text, bytes)
    }

    pub(super) fn section(&mut self, name: &str, kind: SectionKind, bytes: Vec<u8>) -> SectionId {
        let section = self.object.add_section(Vec::new(), name.into(), kind);
        self.object.set_section_data(section, bytes, 16);
        section
    }

    /// A local label, as compilers make them for relocations.
    pub(super) fn label(&mut self, name: String, section: SectionId, value: u64) -> SymbolId {
        self.symbol(name, SymbolKind::Label, SymbolSection::Section(section), [value, 0])
    }

    /// A function that others may use.
    pub(super) fn function(&mut self, name: String, section: SectionId, at: [u64; 2]) -> SymbolId {
        self.symbol(name, SymbolKind::Text, SymbolSection::Section(section), at)
    }

    pub(super) fn undefined(&mut self, name: String) -> SymbolId {
        self.symbol(name, SymbolKind::Unknown, SymbolSection::Undefined, [0, 0])
    }

    fn symbol(
        &mut self,
        name: String,
        kind: SymbolKind,
        section: SymbolSection,
        [value, size]: [u64; 2],
    ) -> SymbolId {
        let scope = match kind {
            SymbolKind::Label => SymbolScope::Compilation,
            SymbolKind::Text => SymbolScope::Dynamic,
            _ => SymbolScope::Unknown,
        };
        let name = name.into_bytes();
        let flags = SymbolFlags::None;
        self.object.add_symbol(Symbol {
            name,
            value,
            size,
            kind,
            scope,
            weak: false,
            section,
            flags,
        })
    }

    pub(super) fn relocate(
        &mut self,
        section: SectionId,
        offset: u64,
        r_type: elf::RelocationType,
        symbol: SymbolId,
        addend: i64,
    ) {
        let flags = RelocationFlags::Elf { r_type };
        let done =
            self.object.add_relocation(section, Relocation { offset, symbol, addend, flags });
        if let (Err(error), None) = (done, &self.error) {
            self.error = Some(error.to_string());
        }
    }

    /// The file.
    pub(super) fn write(self) -> Result<Vec<u8>, String> {
        match self.error {
            Some(error) => Err(error),
            None => self.object.write().map_err(|error| error.to_string()),
        }
    }
}

/// Words of code, little-endian on all machines that have them.
pub(super) fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}
