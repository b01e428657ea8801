//! Where the test puts things: segments at addresses that the object's name decides, and imports
//! at every distance that the relocations which name them allow.

use std::collections::BTreeMap;

use super::relocations::Relocations;
use super::types;
use crate::arch::Arch;

/// Bytes between the segments, where they lie far from each other.
const SPREAD: u64 = 0x0800_0000;
/// What segments that lie close to each other are rounded up to.
const PAGE: u64 = 0x1000;
/// Segments that are larger than this together never lie close to each other, so that none
/// reaches the imports behind the text segment.
const PACKED: u64 = 0x0100_0000;
/// The distance of near imports from the text segment, on both sides: within reach of an
/// AArch64 branch.
const NEAR: [u64; 2] = [0x0400_0000_u64.wrapping_neg(), 0x0300_0000];
/// Where far imports lie: out of reach of everything but 64-bit addresses.
const FAR: u64 = 0x5a00_0000_0000;
/// The end of the names of modules that are never loaded above 2 GiB.
pub const LOW: &str = ", below 2 GiB";
/// The end of the names of RISC-V modules that are relaxed.
pub const RELAXED: &str = ", relaxed";
/// The end of the names of modules of which as much as can stays in the objects' files.
pub const IN_PLACE: &str = ", in place";
/// How far before the text segment may begin those files lie, end to end: within reach of an
/// AArch64 branch from a text that is no longer than they may be.
const FILES: u64 = 0x0600_0000;
/// How many bytes they may have, so that near imports lie behind them.
const FILES_LIMIT: u64 = 0x0200_0000;
/// The end of the names of modules that are always loaded above 2 GiB.
pub const HIGH: &str = ", above 2 GiB";
/// How many imports are spread over a range, one page each.
const IMPORTS: u64 = 0x2fff;

/// The addresses of the segments, in the order text, read-only, data.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The addresses.
    pub segments: [u64; 3],
}

/// How far from the text segment an import may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Beside it: something names it that reaches 32 KiB only.
    Adjacent,
    /// Within reach of a branch.
    Near,
    /// Anywhere.
    Far,
}

impl Layout {
    /// Whether a module is to be loaded above 2 GiB, if its code can.
    pub fn is_high(name: &str) -> bool {
        let name = name.strip_suffix(RELAXED).unwrap_or(name);
        let by_chance = hash(name.as_bytes()) & (1 << 40) != 0;
        name.ends_with(HIGH) || (by_chance && !name.ends_with(LOW))
    }

    /// The layout for segments of these sizes and alignments: below 2 GiB, where every code
    /// model reaches, or `high` above it; `close` to each other, where they are small.
    pub fn choose(name: &str, high: bool, close: bool, sizes: [u64; 3], aligns: [u64; 3]) -> Self {
        let (hash, start) = (hash(name.as_bytes()), start(name, high));
        let packed = (close || hash & (1 << 20) != 0) && sizes.iter().sum::<u64>() < PACKED;
        let mut next = start;
        let mut segments = [0; 3];
        for (at, segment) in segments.iter_mut().enumerate() {
            let align = aligns[at].max(16);
            // Not only at the start of a page.
            *segment = next.next_multiple_of(align) + ((hash >> (24 + at)) % 64) * align;
            let end = (*segment + sizes[at]).next_multiple_of(PAGE);
            next = if packed { end } else { next + SPREAD };
        }
        Self { segments }
    }

    /// Whether a module is to be relaxed.
    pub fn is_relaxed(name: &str) -> bool {
        name.ends_with(RELAXED)
    }

    /// Where the files of a module lie, of these sizes, if it is one whose sections may stay there.
    pub fn files(name: &str, high: bool, sizes: impl Iterator<Item = usize>) -> Vec<u64> {
        let first = start(name, high) - FILES;
        let mut next = first;
        let file = |size: usize| {
            let at = next;
            next = (next + size as u64).next_multiple_of(PAGE);
            (next - first <= FILES_LIMIT).then_some(at)
        };
        sizes.filter(|_| name.ends_with(IN_PLACE)).map_while(file).collect()
    }

    /// Gives every import an address; weak ones may stay without. With `beside`, some lie where
    /// the shortest of calls reaches.
    pub fn imports<'n>(
        &self,
        arch: Arch,
        objects: &[Relocations],
        beside: bool,
        names: impl Iterator<Item = (&'n [u8], bool)>,
    ) -> BTreeMap<Vec<u8>, u64> {
        let reaches = reaches(arch, objects);
        let mut taken = Vec::new();
        let mut imports = BTreeMap::new();
        for (name, weak) in names {
            let hash = hash(name);
            if weak && hash & 1 == 0 {
                continue;
            }
            let page = (0..IMPORTS).map(|step| (hash + step) % IMPORTS);
            let Some(page) = page.into_iter().find(|page| !taken.contains(page)) else { continue };
            taken.push(page);
            let reach = reaches.get(name).copied().unwrap_or(Reach::Near);
            let reach = if beside && hash & 12 == 0 { Reach::Adjacent } else { reach };
            let within = (hash >> 32 & 0xff) * 16;
            let text = self.segments[0];
            let address = match reach {
                Reach::Adjacent => text - 16 * (1 + taken.len() as u64),
                Reach::Far if hash & 2 == 0 => FAR + page * PAGE + within,
                Reach::Near | Reach::Far => {
                    let side = NEAR[(hash >> 2 & 1) as usize];
                    (text & !0xf).wrapping_add(side) + page * PAGE + within
                }
            };
            imports.insert(name.to_vec(), address & !0xf);
        }
        imports
    }
}

/// Where the text segment begins at the earliest.
fn start(name: &str, high: bool) -> u64 {
    let base = if high { 0x6f_8000_0000 } else { 0x1000_0000 };
    base + (hash(name.as_bytes()) % 0x2000) * PAGE
}

/// Whether a relocation is one that reaches 1 MiB or less.
pub fn has_short(arch: Arch, objects: &[Relocations]) -> bool {
    let mut all = objects.iter().flat_map(|object| &object.all);
    all.any(|relocation| types::is_short(arch, relocation.number))
}

/// The reach of each name that relocations name.
fn reaches(arch: Arch, objects: &[Relocations]) -> BTreeMap<&[u8], Reach> {
    let mut reaches = BTreeMap::new();
    for relocation in objects.iter().flat_map(|object| &object.all) {
        let reach = if types::is_short(arch, relocation.number) {
            Reach::Adjacent
        } else if types::reaches_all(arch, relocation.number, relocation.addend) {
            Reach::Far
        } else {
            Reach::Near
        };
        let known = reaches.entry(relocation.name.as_slice()).or_insert(Reach::Far);
        *known = reach.min(*known);
    }
    reaches
}

/// FNV-1a, its bits mixed: the same on every machine and in every version.
pub fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_aligned_and_apart() {
        for name in ["a", "b", "c", "d", "e", "f"] {
            for high in [false, true] {
                let sizes = [0x1234, 0x10, 0x5000];
                let aligns = [4, 4096, 64];
                let Layout { segments } = Layout::choose(name, high, false, sizes, aligns);
                for at in 0..3 {
                    assert_eq!(segments[at] % aligns[at], 0);
                    assert!(at == 0 || segments[at] >= segments[at - 1] + sizes[at - 1]);
                }
                assert_eq!(high, segments[0] > u64::from(u32::MAX));
            }
        }
    }

    #[test]
    fn imports_lie_where_their_relocations_reach() {
        let layout = Layout { segments: [0x1000_0000, 0x1800_0000, 0x2000_0000] };
        let names: Vec<String> = (0..200).map(|at| format!("import{at}")).collect();
        let strong = names.iter().map(|name| (name.as_bytes(), false));
        let imports = layout.imports(Arch::Aarch64, &[], false, strong);
        assert_eq!(imports.len(), names.len());
        let mut addresses: Vec<u64> = imports.into_values().collect();
        assert!(addresses.iter().all(|address| address.abs_diff(0x1000_0000) < 1 << 27));
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), names.len());
        let weak = names.iter().map(|name| (name.as_bytes(), true));
        let found = layout.imports(Arch::Aarch64, &[], false, weak).len();
        assert!((50..150).contains(&found), "{found}");
    }
}
