//! Random changes to an object, the same each time.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use object::LittleEndian as LE;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, SectionHeader};

use super::damage::sections;

/// Bytes at the edges of what fields can hold.
const EDGES: [u8; 6] = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

/// `count` copies of `object`, each with one to four bytes changed.
///
/// Half of the changes go where they do most harm: the file's header, the section headers, and
/// the tables. The rest may go anywhere.
///
/// # Errors
/// The object cannot be read as it is.
pub fn mutate(object: &[u8], count: u32) -> Result<Vec<Vec<u8>>> {
    let targets = targets(object)?;
    ensure!(!object.is_empty() && !targets.is_empty(), "there is nothing to change");
    Ok((0..count).map(|number| mutation(object, &targets, number)).collect())
}

fn mutation(object: &[u8], targets: &[Range<usize>], number: u32) -> Vec<u8> {
    let mut random = Random::new(number);
    let mut copy = object.to_vec();
    while copy == object {
        let everywhere = 0..object.len();
        let target = match random.below(2) {
            0 => &everywhere,
            _ => targets.get(random.below(targets.len())).unwrap_or(&everywhere),
        };
        for _ in 0..=random.below(4) {
            let at = target.start + random.below(target.len());
            let edge = EDGES.get(random.below(2 * EDGES.len())).copied();
            let byte = edge.unwrap_or(random.next().to_le_bytes()[0]);
            if let Some(place) = copy.get_mut(at) {
                *place = byte;
            }
        }
    }
    copy
}

/// The parts of the file that say what the rest means; none of them empty.
fn targets(object: &[u8]) -> Result<Vec<Range<usize>>> {
    let header = FileHeader64::<LE>::parse(object).context("not an ELF file")?;
    let sections = sections(object)?;
    let table = usize::try_from(header.e_shoff(LE))?;
    let mut targets = vec![0..64, table..table + 64 * sections.len()];
    for section in sections.iter() {
        use object::elf::{SHT_GROUP, SHT_RELA, SHT_STRTAB, SHT_SYMTAB};
        if [SHT_GROUP, SHT_RELA, SHT_STRTAB, SHT_SYMTAB].contains(&section.sh_type(LE)) {
            let start = usize::try_from(section.sh_offset(LE))?;
            targets.push(start..start + usize::try_from(section.sh_size(LE))?);
        }
    }
    targets.retain(|target| !target.is_empty());
    Ok(targets)
}

/// SplitMix64: small, and its sequence is fixed for all time.
struct Random(u64);

impl Random {
    fn new(seed: u32) -> Self {
        Self(u64::from(seed).wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0; the slight bias does no harm here.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::damage_sample::sample;

    #[test]
    fn mutations_are_many_and_always_the_same() {
        let object = sample();
        let first = mutate(&object, 50).unwrap();
        assert_eq!(first, mutate(&object, 50).unwrap());
        assert!(first.iter().all(|copy| copy.len() == object.len() && *copy != object));
        let mut distinct = first.clone();
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 45);
    }

    #[test]
    fn a_mutation_is_small() {
        let object = sample();
        for copy in mutate(&object, 50).unwrap() {
            let changed = copy.iter().zip(&object).filter(|(a, b)| a != b).count();
            assert!((1..=4).contains(&changed), "{changed}");
        }
    }

    #[test]
    fn what_is_no_object_cannot_be_mutated() {
        assert!(mutate(b"", 1).is_err());
        assert!(
            mutate(b"not an object, but long enough to hold a header or so, and more", 1).is_err()
        );
    }
}
