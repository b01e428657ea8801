//! A deterministic source of mutations.

use crate::support::lies::{Elf, Field, file, rela, section, symbol};

/// A linear congruential generator (Knuth's MMIX constants), its upper bits.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit.max(1)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A value that headers are known to lie with, most of the time near `old`.
    fn lie(&mut self, old: u64) -> u64 {
        match self.below(12) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << self.below(64),
            3 => old.wrapping_add(1),
            4 => old.wrapping_sub(1),
            5 => old.wrapping_mul(2),
            6 => !old,
            7 => 0u64.wrapping_sub(old),
            8 => u64::from(u32::MAX) - self.below(4) as u64,
            9 => 0xff00 + self.below(256) as u64,
            _ => self.below(64) as u64,
        }
    }

    /// Flips a few bytes anywhere, or cuts the file off.
    pub fn bytes(&mut self, file: &mut Vec<u8>) {
        if self.below(16) == 0 {
            file.truncate(self.below(file.len()));
            return;
        }
        for _ in 0..=self.below(4) {
            let at = self.below(file.len());
            file[at] ^= 1 << self.below(8);
        }
    }

    /// Overwrites one to four fields of headers, symbols and relocations of a copy of `good`.
    pub fn fields(&mut self, good: &Elf, damaged: &mut Elf) {
        for _ in 0..=self.below(3) {
            let (record, fields): (usize, &[Field]) = match self.below(8) {
                0 => (0, file::ALL),
                1 | 2 => {
                    (good.header_at(self.below(good.section_count() as usize) as u32), section::ALL)
                }
                3 | 4 => (self.entry(good, good.symtab()), symbol::ALL),
                _ => {
                    let tables: Vec<u32> = good.relocation_sections().collect();
                    let table = self.pick(&tables);
                    (self.entry(good, table), rela::ALL)
                }
            };
            let (offset, width) = self.pick(fields);
            let start = record + offset;
            let old = crate::support::number(&damaged[start..start + width]);
            let new = self.lie(old);
            damaged.write(record, (offset, width), new);
        }
    }

    /// Where one of the entries, of 24 bytes, of a table is in the file.
    fn entry(&mut self, elf: &Elf, table: u32) -> usize {
        let entries = elf.section_field(table, section::SIZE) as usize / 24;
        elf.section_at(table) + self.below(entries) * 24
    }
}
