//! A built object, any field of which can be overwritten.

use std::ops::Deref;

use object::elf::SHT_RELA;

/// An object file's bytes, and where things are in them.
#[derive(Clone)]
pub struct Elf {
    bytes: Vec<u8>,
    symtab: u32,
    symbols: Vec<u32>,
}

/// A field of a header: its offset and its width in bytes.
pub type Field = (usize, usize);

/// Fields of the file header.
pub mod file {
    use super::Field;
    pub const CLASS: Field = (4, 1);
    pub const DATA: Field = (5, 1);
    pub const TYPE: Field = (16, 2);
    pub const MACHINE: Field = (18, 2);
    pub const VERSION: Field = (20, 4);
    pub const SHOFF: Field = (40, 8);
    pub const FLAGS: Field = (48, 4);
    pub const EHSIZE: Field = (52, 2);
    pub const SHENTSIZE: Field = (58, 2);
    pub const SHNUM: Field = (60, 2);
    pub const SHSTRNDX: Field = (62, 2);
    pub const ALL: &[Field] =
        &[CLASS, DATA, TYPE, MACHINE, VERSION, SHOFF, FLAGS, EHSIZE, SHENTSIZE, SHNUM, SHSTRNDX];
}

/// Fields of a section header.
pub mod section {
    use super::Field;
    pub const NAME: Field = (0, 4);
    pub const TYPE: Field = (4, 4);
    pub const FLAGS: Field = (8, 8);
    pub const OFFSET: Field = (24, 8);
    pub const SIZE: Field = (32, 8);
    pub const LINK: Field = (40, 4);
    pub const INFO: Field = (44, 4);
    pub const ALIGN: Field = (48, 8);
    pub const ENTSIZE: Field = (56, 8);
    pub const ALL: &[Field] = &[NAME, TYPE, FLAGS, OFFSET, SIZE, LINK, INFO, ALIGN, ENTSIZE];
}

/// Fields of a symbol.
pub mod symbol {
    use super::Field;
    pub const NAME: Field = (0, 4);
    pub const INFO: Field = (4, 1);
    pub const OTHER: Field = (5, 1);
    pub const SHNDX: Field = (6, 2);
    pub const VALUE: Field = (8, 8);
    pub const SIZE: Field = (16, 8);
    pub const ALL: &[Field] = &[NAME, INFO, OTHER, SHNDX, VALUE, SIZE];
}

/// Fields of a relocation.
pub mod rela {
    use super::Field;
    pub const OFFSET: Field = (0, 8);
    pub const NUMBER: Field = (8, 4);
    pub const SYMBOL: Field = (12, 4);
    pub const ADDEND: Field = (16, 8);
    pub const ALL: &[Field] = &[OFFSET, NUMBER, SYMBOL, ADDEND];
}

impl Elf {
    pub(super) fn new(bytes: Vec<u8>, symtab: u32, symbols: Vec<u32>) -> Self {
        Self { bytes, symtab, symbols }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The index of `.symtab`.
    pub fn symtab(&self) -> u32 {
        self.symtab
    }

    /// The index, in the file, of a symbol of the builder's.
    pub fn symbol(&self, symbol: u32) -> u32 {
        self.symbols[symbol as usize]
    }

    /// How many section headers there are.
    pub fn section_count(&self) -> u32 {
        match self.read(0, file::SHNUM) {
            0 => self.read(self.read(0, file::SHOFF) as usize, section::SIZE) as u32,
            count => count as u32,
        }
    }

    /// The sections of relocations.
    pub fn relocation_sections(&self) -> impl Iterator<Item = u32> {
        (0..self.section_count())
            .filter(|&index| self.section_field(index, section::TYPE) == SHT_RELA.0.into())
    }

    /// Where the header of a section is in the file.
    pub fn header_at(&self, index: u32) -> usize {
        self.read(0, file::SHOFF) as usize + index as usize * 64
    }

    /// Where the bytes of a section are in the file.
    pub fn section_at(&self, index: u32) -> usize {
        self.section_field(index, section::OFFSET) as usize
    }

    pub fn section_field(&self, index: u32, field: Field) -> u64 {
        self.read(self.header_at(index), field)
    }

    pub fn set_file(mut self, field: Field, value: u64) -> Self {
        self.write(0, field, value);
        self
    }

    pub fn set_section(mut self, index: u32, field: Field, value: u64) -> Self {
        self.write(self.header_at(index), field, value);
        self
    }

    pub fn set_symbol(mut self, symbol: u32, field: Field, value: u64) -> Self {
        let at = self.section_at(self.symtab) + self.symbol(symbol) as usize * 24;
        self.write(at, field, value);
        self
    }

    /// Overwrites one byte of a section.
    pub fn set_byte(mut self, index: u32, offset: usize, value: u8) -> Self {
        let at = self.section_at(index) + offset;
        self.bytes[at] = value;
        self
    }

    /// Overwrites a field of a record at an offset of the file.
    pub fn write(&mut self, record: usize, (offset, width): Field, value: u64) {
        let at = record + offset;
        self.bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
    }

    fn read(&self, record: usize, (offset, width): Field) -> u64 {
        super::number(&self.bytes[record + offset..record + offset + width])
    }
}

impl Deref for Elf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
