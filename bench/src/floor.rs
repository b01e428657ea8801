//! The floor: what no loader can leave out.
//!
//! One walk through the section headers copies each allocated section behind the one before it,
//! aligned, or clears it. Each symbol is read once, in order. Each relocation of an allocated
//! section is read once, and something is added to the field that it names: as many bytes as the
//! type has, in the copy, within its section.
//!
//! It checks nothing but bounds, looks nothing up, resolves nothing; a type without a field
//! (`R_RISCV_RELAX`) is read only. It takes no memory while it runs, and has no tricks.

use object::elf::{self, FileHeader64, Rela64, SectionHeader64, Sym64};
use object::endian::LittleEndian as LE;
use object::pod;

use crate::memory;

/// A file, and the memory that its sections go to.
#[derive(Debug)]
pub struct Floor<'f> {
    file: &'f [u8],
    machine: u16,
    headers: (u64, usize),
    memory: Vec<u8>,
    /// Where each section is in the memory, and its size.
    places: Vec<(usize, usize)>,
    relocations: u64,
    symbols: u64,
}

impl<'f> Floor<'f> {
    /// Takes the memory that it needs.
    ///
    /// # Errors
    /// The file has no section headers where it says, or its sections are larger than a target's memory.
    pub fn new(file: &'f [u8]) -> Result<Self, String> {
        let wrong = || String::from("no ELF file with sections");
        let (header, _) = pod::from_bytes::<FileHeader64<LE>>(file).map_err(|()| wrong())?;
        let (at, machine) = (header.e_shoff.get(LE), header.e_machine.get(LE).0);
        // More than fit into the header stand in the first section's size.
        let count = match header.e_shnum.get(LE) {
            0 => slice::<SectionHeader64<LE>>(file, at, 1).first().map_or(0, |h| h.sh_size.get(LE)),
            count => count.into(),
        };
        let headers = (at, usize::try_from(count).map_err(|_| wrong())?);
        let all = slice::<SectionHeader64<LE>>(file, headers.0, headers.1);
        let mut end = 0;
        let mut places = Vec::new();
        let (mut relocations, mut symbols) = (0, 0);
        for header in all {
            let size = header.sh_size.get(LE);
            if is_allocated(header) {
                end = place(end, header).ok_or_else(wrong)?.1;
            }
            places.push((0, 0));
            match header.sh_type.get(LE) {
                elf::SHT_RELA if target(all, header).is_some_and(is_allocated) => {
                    relocations += size / size_of::<Rela64<LE>>() as u64;
                }
                elf::SHT_SYMTAB => symbols += size / size_of::<Sym64<LE>>() as u64,
                _ => {}
            }
        }
        let mut memory = vec![1; end]; // written: no page is missing when the clock runs
        memory.fill(0);
        Ok(Self { file, machine, headers, memory, places, relocations, symbols })
    }

    /// Does it once. What comes back depends on all that was read, so that none of it can be left
    /// out.
    pub fn run(&mut self) -> u64 {
        let headers = slice::<SectionHeader64<LE>>(self.file, self.headers.0, self.headers.1);
        self.copy(headers);
        let seen = self.read_symbols(headers);
        match elf::Machine(self.machine) {
            elf::EM_AARCH64 => self.relocate(headers, aarch64_width),
            elf::EM_RISCV => self.relocate(headers, riscv64_width),
            _ => self.relocate(headers, x86_64_width),
        }
        seen
    }

    /// Relocations of allocated sections.
    pub const fn relocations(&self) -> u64 {
        self.relocations
    }

    /// Symbols.
    pub const fn symbols(&self) -> u64 {
        self.symbols
    }

    fn copy(&mut self, headers: &[SectionHeader64<LE>]) {
        let mut end = 0;
        for (header, known) in headers.iter().zip(&mut self.places) {
            if !is_allocated(header) {
                continue;
            }
            let Some((start, next)) = place(end, header) else { continue };
            let Some(memory) = self.memory.get_mut(start..next) else { continue };
            match header.sh_type.get(LE) {
                elf::SHT_NOBITS => memory.fill(0),
                _ => {
                    let bytes = slice::<u8>(self.file, header.sh_offset.get(LE), memory.len());
                    if bytes.len() == memory.len() {
                        memory.copy_from_slice(bytes);
                    }
                }
            }
            *known = (start, memory.len());
            end = next;
        }
    }

    fn read_symbols(&self, headers: &[SectionHeader64<LE>]) -> u64 {
        let tables = headers.iter().filter(|header| header.sh_type.get(LE) == elf::SHT_SYMTAB);
        tables.flat_map(|table| entries::<Sym64<LE>>(self.file, table)).fold(0, |seen, symbol| {
            seen.wrapping_add(symbol.st_value.get(LE)) ^ u64::from(symbol.st_shndx.get(LE).0)
        })
    }

    fn relocate(&mut self, headers: &[SectionHeader64<LE>], width: impl Fn(u32) -> u8) {
        for table in headers.iter().filter(|header| header.sh_type.get(LE) == elf::SHT_RELA) {
            let at = table.sh_info.get(LE) as usize;
            let Some(&(start, size)) = self.places.get(at) else { continue };
            let section = self.memory.get_mut(start..).and_then(|rest| rest.get_mut(..size));
            let Some(section) = section.filter(|section| !section.is_empty()) else { continue };
            for entry in entries::<Rela64<LE>>(self.file, table) {
                let (offset, info) = (entry.r_offset.get(LE), entry.r_info.get(LE));
                let value = entry.r_addend.get(LE).cast_unsigned().wrapping_add(info >> 32);
                match width(info as u32) {
                    0 => {}
                    1 => add::<1>(section, offset, value),
                    2 => add::<2>(section, offset, value),
                    8 => add::<8>(section, offset, value),
                    _ => add::<4>(section, offset, value),
                }
            }
        }
    }
}

/// Adds to the little-endian field at an offset, if it is in the section.
fn add<const N: usize>(section: &mut [u8], offset: u64, value: u64) {
    let rest = usize::try_from(offset).ok().and_then(|offset| section.get_mut(offset..));
    if let Some(field) = rest.and_then(|rest| rest.first_chunk_mut::<N>()) {
        let mut word = [0; 8];
        word[..N].copy_from_slice(field);
        let sum = u64::from_le_bytes(word).wrapping_add(value).to_le_bytes();
        field.copy_from_slice(&sum[..N]);
    }
}

fn is_allocated(header: &SectionHeader64<LE>) -> bool {
    header.sh_flags.get(LE).0 & elf::SHF_ALLOC.0 != 0
}

/// Where a section begins and ends that lies behind one that ends at `end`.
fn place(end: usize, header: &SectionHeader64<LE>) -> Option<(usize, usize)> {
    // Alignments are powers of two: a mask is enough, where a remainder would show in the times.
    let mask = usize::try_from(header.sh_addralign.get(LE)).ok()?.saturating_sub(1);
    let start = end.checked_add(mask)? & !mask;
    let next = start.checked_add(usize::try_from(header.sh_size.get(LE)).ok()?)?;
    (next as u64 <= memory::ROOM).then_some((start, next))
}

fn target<'h>(
    headers: &'h [SectionHeader64<LE>],
    table: &SectionHeader64<LE>,
) -> Option<&'h SectionHeader64<LE>> {
    headers.get(table.sh_info.get(LE) as usize)
}

/// What a table consists of.
fn entries<'f, T: pod::Pod>(file: &'f [u8], table: &SectionHeader64<LE>) -> &'f [T] {
    let count = table.sh_size.get(LE) / size_of::<T>() as u64;
    slice(file, table.sh_offset.get(LE), usize::try_from(count).unwrap_or(0))
}

/// So many things at an offset of the file; none, where they do not fit.
fn slice<T: pod::Pod>(file: &[u8], at: u64, count: usize) -> &[T] {
    let rest = usize::try_from(at).ok().and_then(|at| file.get(at..)).unwrap_or_default();
    pod::slice_from_bytes(rest, count).map_or(&[], |(things, _)| things)
}

/// Bytes of the field that a type changes.
fn aarch64_width(number: u32) -> u8 {
    match elf::RelocationType(number) {
        elf::R_AARCH64_NONE => 0,
        elf::R_AARCH64_ABS16 | elf::R_AARCH64_PREL16 => 2,
        elf::R_AARCH64_ABS64 | elf::R_AARCH64_PREL64 => 8,
        _ => 4,
    }
}

fn riscv64_width(number: u32) -> u8 {
    match elf::RelocationType(number) {
        elf::R_RISCV_NONE | elf::R_RISCV_ALIGN | elf::R_RISCV_RELAX => 0,
        elf::R_RISCV_ADD8
        | elf::R_RISCV_SET6
        | elf::R_RISCV_SET8
        | elf::R_RISCV_SET_ULEB128
        | elf::R_RISCV_SUB6
        | elf::R_RISCV_SUB8
        | elf::R_RISCV_SUB_ULEB128 => 1,
        elf::R_RISCV_ADD16
        | elf::R_RISCV_RVC_BRANCH
        | elf::R_RISCV_RVC_JUMP
        | elf::R_RISCV_SET16
        | elf::R_RISCV_SUB16 => 2,
        elf::R_RISCV_64 | elf::R_RISCV_ADD64 | elf::R_RISCV_SUB64 => 8,
        _ => 4,
    }
}

fn x86_64_width(number: u32) -> u8 {
    match elf::RelocationType(number) {
        elf::R_X86_64_NONE => 0,
        elf::R_X86_64_8 | elf::R_X86_64_PC8 => 1,
        elf::R_X86_64_16 | elf::R_X86_64_PC16 => 2,
        elf::R_X86_64_64 | elf::R_X86_64_PC64 => 8,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::Kind;
    use loader_core::Machine;

    #[test]
    fn each_field_is_written_once_a_run() {
        // 64 calls on AArch64: a word each, which lies in the only section that is allocated.
        let file = Kind::Calls.generate(Machine::Aarch64, 64).unwrap();
        let mut floor = Floor::new(&file).unwrap();
        assert_eq!((floor.relocations(), floor.memory.len()), (64, 256));
        for _ in 0..2 {
            floor.run();
            let words = floor.memory.as_chunks::<4>().0;
            // A call is 0x94000000; what is added is the number of its symbol.
            let added: Vec<u32> =
                words.iter().map(|word| u32::from_le_bytes(*word) - 0x9400_0000).collect();
            assert!(added.is_sorted() && added[0] > 0, "{added:?}");
            assert!(added.windows(2).all(|pair| pair[1] == pair[0] + 1), "{added:?}");
        }
    }

    #[test]
    fn all_symbols_are_read() {
        let file = Kind::Symbols.generate(Machine::X86_64, 50).unwrap();
        let mut floor = Floor::new(&file).unwrap();
        assert!(floor.symbols() > 50);
        let seen = floor.run();
        let other = Kind::Symbols.generate(Machine::X86_64, 51).unwrap();
        assert_ne!(Floor::new(&other).unwrap().run(), seen);
    }

    #[test]
    fn what_lies_is_left_alone() {
        let file = Kind::Uleb128.generate(Machine::Riscv64, 20).unwrap();
        assert!(Floor::new(&file[..40]).is_err());
        for at in 0..file.len() {
            let mut file = file.clone();
            file[at] = 0xff;
            if let Ok(mut floor) = Floor::new(&file) {
                floor.run();
            }
        }
    }
}
