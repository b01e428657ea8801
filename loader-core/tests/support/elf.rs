//! Builds ELF64 little-endian relocatable objects, right or wrong.
//!
//! Sections keep the order they are added in, from index 1 on; behind them come the relocation
//! sections, `.symtab`, where needed `.symtab_shndx`, `.strtab` and `.shstrtab`. Nothing is
//! checked: offsets, numbers, symbols and addends go into the file as they are given.

use std::collections::HashMap;

use loader_core::Machine;
use object::elf;

use super::lies::Elf;
use super::write::{Strings, table_section, write};

/// A symbol to be added.
#[derive(Clone, Copy)]
pub struct SymbolSpec<'a> {
    pub name: &'a str,
    pub value: u64,
    pub size: u64,
    pub binding: u8,
    pub kind: u8,
    pub other: u8,
    pub section: Home,
}

/// Where a symbol is defined.
#[derive(Clone, Copy)]
pub enum Home {
    /// In this section, whatever its index.
    Section(u32),
    /// This `st_shndx`.
    Raw(u16),
}

/// What a section's `sh_link` or `sh_info` holds.
#[derive(Clone, Copy, Default)]
pub enum Link {
    #[default]
    None,
    Raw(u32),
    /// The index of the symbol table.
    Symtab,
    /// The index of a symbol.
    Symbol(u32),
}

/// A section to be added.
#[derive(Clone, Default)]
pub struct SectionSpec {
    pub name: String,
    pub kind: u32,
    pub flags: u64,
    pub align: u64,
    pub entsize: u64,
    pub link: Link,
    pub info: Link,
    pub bytes: Vec<u8>,
    /// `sh_size` of a section that has no bytes in the file.
    pub nobits_size: u64,
}

struct Rela {
    section: u32,
    offset: u64,
    number: u32,
    symbol: u32,
    addend: i64,
}

pub struct ElfBuilder {
    machine: u16,
    sections: Vec<SectionSpec>,
    symbols: Vec<(String, SymbolSpec<'static>)>,
    relas: Vec<Rela>,
}

pub const ALLOC: u64 = elf::SHF_ALLOC.0;
pub const WRITE: u64 = elf::SHF_WRITE.0;
pub const EXEC: u64 = elf::SHF_EXECINSTR.0;

impl ElfBuilder {
    pub fn new(machine: Machine) -> Self {
        let machine = match machine {
            Machine::Aarch64 => elf::EM_AARCH64,
            Machine::Riscv64 => elf::EM_RISCV,
            _ => elf::EM_X86_64,
        };
        Self { machine: machine.0, sections: Vec::new(), symbols: Vec::new(), relas: Vec::new() }
    }

    /// Adds a section; returns its index.
    pub fn add(&mut self, section: SectionSpec) -> u32 {
        self.sections.push(section);
        self.sections.len() as u32
    }

    /// Adds a section of type `SHT_PROGBITS`, aligned to 16.
    pub fn section(&mut self, name: &str, flags: u64, bytes: &[u8]) -> u32 {
        self.add(SectionSpec {
            name: name.into(),
            kind: elf::SHT_PROGBITS.0,
            flags,
            align: 16,
            bytes: bytes.into(),
            ..SectionSpec::default()
        })
    }

    pub fn text(&mut self, bytes: &[u8]) -> u32 {
        self.section(".text", ALLOC | EXEC, bytes)
    }

    pub fn rodata(&mut self, bytes: &[u8]) -> u32 {
        self.section(".rodata", ALLOC, bytes)
    }

    pub fn data(&mut self, bytes: &[u8]) -> u32 {
        self.section(".data", ALLOC | WRITE, bytes)
    }

    pub fn bss(&mut self, name: &str, size: u64, align: u64) -> u32 {
        self.add(SectionSpec {
            name: name.into(),
            kind: elf::SHT_NOBITS.0,
            flags: ALLOC | WRITE,
            align,
            nobits_size: size,
            ..SectionSpec::default()
        })
    }

    /// Adds a group; returns its index.
    pub fn group(&mut self, signature: u32, flags: u32, members: &[u32]) -> u32 {
        let words = std::iter::once(&flags).chain(members);
        self.add(SectionSpec {
            name: ".group".into(),
            kind: elf::SHT_GROUP.0,
            align: 4,
            entsize: 4,
            link: Link::Symtab,
            info: Link::Symbol(signature),
            bytes: words.flat_map(|word| word.to_le_bytes()).collect(),
            ..SectionSpec::default()
        })
    }

    /// Changes a section that was added.
    pub fn edit(&mut self, index: u32) -> &mut SectionSpec {
        &mut self.sections[index as usize - 1]
    }

    /// Adds a symbol; returns what relocations and groups call it. In the file, local symbols
    /// come first.
    pub fn symbol(&mut self, symbol: SymbolSpec<'_>) -> u32 {
        let name = symbol.name.to_owned();
        self.symbols.push((name, SymbolSpec { name: "", ..symbol }));
        self.symbols.len() as u32
    }

    pub fn global(&mut self, name: &str, section: u32, value: u64) -> u32 {
        self.symbol(SymbolSpec::new(name, section, value))
    }

    pub fn local(&mut self, name: &str, section: u32, value: u64) -> u32 {
        self.symbol(SymbolSpec {
            binding: elf::STB_LOCAL.0,
            ..SymbolSpec::new(name, section, value)
        })
    }

    pub fn weak(&mut self, name: &str, section: u32, value: u64) -> u32 {
        self.symbol(SymbolSpec {
            binding: elf::STB_WEAK.0,
            ..SymbolSpec::new(name, section, value)
        })
    }

    pub fn undefined(&mut self, name: &str) -> u32 {
        self.symbol(SymbolSpec::undefined(name))
    }

    pub fn undefined_weak(&mut self, name: &str) -> u32 {
        self.symbol(SymbolSpec { binding: elf::STB_WEAK.0, ..SymbolSpec::undefined(name) })
    }

    pub fn absolute(&mut self, name: &str, value: u64) -> u32 {
        let section = Home::Raw(elf::SHN_ABS.0);
        self.symbol(SymbolSpec { value, section, ..SymbolSpec::undefined(name) })
    }

    pub fn common(&mut self, name: &str, size: u64, align: u64) -> u32 {
        let section = Home::Raw(elf::SHN_COMMON.0);
        self.symbol(SymbolSpec { value: align, size, section, ..SymbolSpec::undefined(name) })
    }

    pub fn section_symbol(&mut self, section: u32) -> u32 {
        self.symbol(SymbolSpec {
            binding: elf::STB_LOCAL.0,
            kind: elf::STT_SECTION.0,
            ..SymbolSpec::new("", section, 0)
        })
    }

    /// Adds a relocation of a section, after those that were added before.
    pub fn rela(&mut self, section: u32, offset: u64, number: u32, symbol: u32, addend: i64) {
        self.relas.push(Rela { section, offset, number, symbol, addend });
    }

    pub fn build(&self) -> Elf {
        let (order, numbers) = self.symbol_order();
        let number_of = |symbol: u32| numbers.get(symbol as usize).copied().unwrap_or(symbol);
        let mut sections = self.sections.clone();
        self.append_relas(&mut sections, number_of);
        let symtab = sections.len() as u32 + 1;
        let mut strings = Strings::default();
        let (mut table, mut indices, mut extended) = (vec![0; 24], vec![0; 4], false);
        for (name, symbol) in order.iter().map(|&at| &self.symbols[at]) {
            let (short, long) = match symbol.section {
                Home::Raw(raw) => (raw, 0),
                Home::Section(index) if index < elf::SHN_LORESERVE.into() => (index as u16, 0),
                Home::Section(index) => (elf::SHN_XINDEX.0, index),
            };
            extended |= long != 0;
            indices.extend(long.to_le_bytes());
            table.extend(strings.add(name).to_le_bytes());
            table.extend([symbol.binding << 4 | symbol.kind, symbol.other]);
            table.extend(short.to_le_bytes());
            table.extend(symbol.value.to_le_bytes());
            table.extend(symbol.size.to_le_bytes());
        }
        let strtab = symtab + 1 + u32::from(extended);
        let locals =
            self.symbols.iter().filter(|(_, s)| s.binding == elf::STB_LOCAL.0).count() as u32;
        sections.push(table_section(".symtab", elf::SHT_SYMTAB.0, 24, table, strtab, locals + 1));
        if extended {
            let kind = elf::SHT_SYMTAB_SHNDX.0;
            sections.push(table_section(".symtab_shndx", kind, 4, indices, symtab, 0));
        }
        sections.push(table_section(".strtab", elf::SHT_STRTAB.0, 0, strings.bytes, 0, 0));
        sections.push(table_section(".shstrtab", elf::SHT_STRTAB.0, 0, Vec::new(), 0, 0));
        let link = |link| match link {
            Link::None => 0,
            Link::Raw(raw) => raw,
            Link::Symtab => symtab,
            Link::Symbol(symbol) => number_of(symbol),
        };
        let bytes = write(self.machine, sections, link);
        Elf::new(bytes, symtab, numbers)
    }

    /// The symbols in the order of the file, and for each of them its index there.
    fn symbol_order(&self) -> (Vec<usize>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.symbols.len()).collect();
        order.sort_by_key(|&at| self.symbols[at].1.binding != elf::STB_LOCAL.0);
        let mut numbers = vec![0; self.symbols.len() + 1];
        for (place, &at) in (1u32..).zip(&order) {
            numbers[at + 1] = place;
        }
        (order, numbers)
    }

    fn append_relas(&self, sections: &mut Vec<SectionSpec>, number_of: impl Fn(u32) -> u32) {
        let mut tables: Vec<(u32, Vec<u8>)> = Vec::new();
        let mut places = HashMap::new();
        for rela in &self.relas {
            let place = *places.entry(rela.section).or_insert_with(|| {
                tables.push((rela.section, Vec::new()));
                tables.len() - 1
            });
            let table = &mut tables[place].1;
            table.extend(rela.offset.to_le_bytes());
            table.extend(rela.number.to_le_bytes());
            table.extend(number_of(rela.symbol).to_le_bytes());
            table.extend(rela.addend.to_le_bytes());
        }
        for (section, bytes) in tables {
            let name = self.sections.get(section as usize - 1).map_or("", |s| &s.name);
            let name = format!(".rela{name}");
            sections.push(rela_section(&name, section, bytes));
        }
    }
}

/// A section of relocations that applies to section `target`.
pub fn rela_section(name: &str, target: u32, bytes: Vec<u8>) -> SectionSpec {
    SectionSpec {
        name: name.into(),
        kind: elf::SHT_RELA.0,
        flags: elf::SHF_INFO_LINK.0,
        align: 8,
        entsize: 24,
        link: Link::Symtab,
        info: Link::Raw(target),
        bytes,
        nobits_size: 0,
    }
}

impl<'a> SymbolSpec<'a> {
    /// A global function.
    pub fn new(name: &'a str, section: u32, value: u64) -> Self {
        Self {
            name,
            value,
            size: 0,
            binding: elf::STB_GLOBAL.0,
            kind: elf::STT_FUNC.0,
            other: 0,
            section: Home::Section(section),
        }
    }

    pub fn undefined(name: &'a str) -> Self {
        let section = Home::Raw(elf::SHN_UNDEF.0);
        Self { section, kind: elf::STT_NOTYPE.0, ..Self::new(name, 0, 0) }
    }
}
