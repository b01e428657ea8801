//! What was mended, read out of what became of code: apart from the loader's own reading, and
//! whoever did it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use super::Kind;
use super::sides::{Code, Memory, Setting};

/// What was mended.
#[derive(Debug, Default)]
pub struct Patches {
    /// Where the ADRPs are.
    pub sites: BTreeSet<u64>,
    /// How many loads and stores were moved; the other sites' ADRPs became ADR.
    pub moved: usize,
}

/// `value`'s low `bits` as a signed number.
const fn signed(value: u32, bits: u32) -> i64 {
    ((value << (32 - bits)).cast_signed() >> (32 - bits)) as i64
}

const fn is_adrp(word: u32) -> bool {
    word & 0x9f00_0000 == 0x9000_0000
}

/// The distance in an ADR, or the number of pages in an ADRP.
const fn distance(word: u32) -> i64 {
    signed(word >> 3 & 0x1f_fffc | word >> 29 & 3, 21)
}

/// Where a B at an address goes.
fn goes_to(word: u32, address: u64) -> Option<u64> {
    let is_b = word & 0xfc00_0000 == 0x1400_0000;
    is_b.then(|| address.wrapping_add_signed(signed(word & 0x3ff_ffff, 26) * 4))
}

/// The base register of a load or store with an unsigned immediate.
fn base(word: u32) -> Option<u32> {
    (word & 0x3b00_0000 == 0x3900_0000).then_some(word >> 5 & 0x1f)
}

const fn is_load_or_store(word: u32) -> bool {
    word & 0x0a00_0000 == 0x0800_0000
}

/// Whether it is a branch of any sort.
const fn is_branch(word: u32) -> bool {
    matches!(word & 0x7c00_0000, 0x1400_0000 | 0x3400_0000)
        || matches!(word & 0xfe00_0000, 0x5400_0000 | 0xd600_0000)
}

/// The offsets of the ADRPs with a load or store behind them.
pub fn loads_by_adrp(code: &[u8]) -> Vec<u64> {
    let (words, _) = code.as_chunks::<4>();
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let pairs = words.windows(2).enumerate();
    let found = pairs.filter(|(_, pair)| is_adrp(pair[0]) && is_load_or_store(pair[1]));
    found.map(|(at, _)| 4 * at as u64).collect()
}

impl Patches {
    /// Finds what differs between code as it is and code that is mended, and whether it still means
    /// the same.
    ///
    /// # Errors
    /// It does not, or is something else.
    pub fn find(code: &Code, setting: &Setting, plain: &Memory, mended: &Memory) -> Result<Self> {
        let mut patches = Self::default();
        for (text, &start) in code.texts.iter().zip(&setting.addresses) {
            let [before, after] = [plain, mended].map(|side| side.words(start, text.size));
            let words = before.zip(after).context("there is no such section")?;
            for (address, (before, after)) in (start..).step_by(4).zip(words.0.zip(words.1)) {
                if before != after {
                    let place = || setting.describe(code, address);
                    patches.take(plain, mended, address).with_context(place)?;
                }
            }
        }
        Ok(patches)
    }

    /// Takes the patch that changed the word at an address.
    fn take(&mut self, plain: &Memory, mended: &Memory, address: u64) -> Result<()> {
        let before = plain.word(address).context("there is nothing")?;
        let after = mended.word(address).context("there is nothing")?;
        if is_adrp(before) {
            let page = (address & !0xfff).wrapping_add_signed(distance(before) << 12);
            let is_adr = after & 0x9f00_0000 == 0x1000_0000;
            ensure!(is_adr && before & 0x1f == after & 0x1f, "{before:#x} became {after:#x}");
            let target = address.wrapping_add_signed(distance(after));
            ensure!(target == page, "ADR makes {target:#x}, and ADRP made {page:#x}");
            self.sites.insert(address);
            return Ok(());
        }
        let register = base(before).context("neither an ADRP nor a load or store was changed")?;
        let patch = goes_to(after, address).context("it became no branch")?;
        let moved = mended.word(patch).context("the branch goes nowhere")?;
        ensure!(moved == before, "{before:#x} became {moved:#x} on its way");
        let back = mended.word(patch + 4).and_then(|word| goes_to(word, patch + 4));
        ensure!(back == Some(address + 4), "the patch goes on at {back:x?}");
        let site = [address - 8, address - 12].into_iter().find(|&site| {
            let adrp = plain.word(site).filter(|word| is_adrp(*word));
            adrp.is_some_and(|word| word & 0x1f == register)
                && matches!(site & 0xfff, 0xff8 | 0xffc)
        });
        let Some(site) = site else { bail!("there is no ADRP for it at the end of a page") };
        self.sites.insert(site);
        self.moved += 1;
        Ok(())
    }
}

/// Whether it is known that a linker and our loader differ at a site, which one of them mends.
///
/// By Arm's notice, the second instruction is a load or store of one register, an STP or STNP or an
/// ST1, and does not write the ADRP's register, and the third one is no branch.
///
/// - ld.lld 22 takes a load of a vector register for one of the general register of the same
///   number, as it does a prefetch from a literal, and leaves the code as it is.
/// - GNU ld 2.40 does not look at what the second instruction writes, nor whether the third one
///   is a branch, and takes all loads and stores of vector structures, not ST1 alone.
/// - GNU ld leaves LDXP and LDAXP alone, which load two registers. ld.lld and our loader mend
///   them; it does no harm.
pub fn is_known(kind: Kind, by_us: bool, plain: &Memory, site: u64) -> bool {
    let word = |number: u64| plain.word(site + 4 * number).unwrap_or_default();
    let [adrp, second, third] = [0, 1, 2].map(word);
    let register = adrp & 0x1f;
    let is_vector = second & 1 << 26 != 0;
    match (kind, by_us) {
        (Kind::Lld, true) => {
            let is_prefetch = second & 0xff00_0000 == 0xd800_0000;
            (is_vector || is_prefetch) && second & 0x1f == register
        }
        (Kind::Lld, false) => false,
        (Kind::Bfd, true) => second & 0x3fe0_0000 == 0x0860_0000,
        (Kind::Bfd, false) => {
            let is_structure = second & 0xbe00_0000 == 0x0c00_0000;
            let writes = second & 0x1f == register || second >> 5 & 0x1f == register;
            is_structure || writes || is_branch(third)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 0x1000_0ff8;
    /// `adrp x3, .`
    const ADRP: u32 = 0x9000_0003;
    /// `str x1, [x2]`
    const SECOND: u32 = 0xf900_0041;
    /// `ldr x4, [x3, #8]`
    const LAST: u32 = 0xf940_0464;
    const NOP: u32 = 0xd503_201f;

    fn memory(words: &[u32]) -> Memory {
        Memory::of(START, words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    /// What is found where code becomes this.
    fn found(mended: &[u32]) -> Result<Patches> {
        let plain = memory(&[ADRP, SECOND, LAST, NOP]);
        let mut patches = Patches::default();
        for address in (START..START + 16).step_by(4) {
            let mended = memory(mended);
            if plain.word(address) != mended.word(address) {
                patches.take(&plain, &mended, address)?;
            }
        }
        Ok(patches)
    }

    #[test]
    fn both_ways_of_mending_are_found() {
        // b .+12; ...; ldr x4, [x3, #8]; b .-12
        let moved = found(&[ADRP, SECOND, 0x1400_0003, NOP, NOP, LAST, 0x17ff_fffd]).unwrap();
        assert_eq!((moved.sites.into_iter().collect(), moved.moved), (vec![START], 1));
        // adr x3, .-0xff8
        let adr = found(&[0x10ff_8043, SECOND, LAST, NOP]).unwrap();
        assert_eq!((adr.sites.into_iter().collect(), adr.moved), (vec![START], 0));
        assert!(found(&[ADRP, SECOND, LAST, NOP]).unwrap().sites.is_empty());
    }

    #[test]
    fn what_means_something_else_is_no_mending() {
        for wrong in [
            [ADRP, SECOND, 0x1400_0003, NOP, NOP, LAST + 0x400, 0x17ff_fffd], // another word
            [ADRP, SECOND, 0x1400_0003, NOP, NOP, LAST, 0x17ff_fffc],         // back too far
            [ADRP, SECOND, 0x9400_0003, NOP, NOP, LAST, 0x17ff_fffd],         // a call
            [ADRP, SECOND, 0x1410_0003, NOP, NOP, LAST, 0x17ff_fffd],         // to nowhere
            [ADRP, SECOND, NOP, NOP, NOP, LAST, 0x17ff_fffd],
            [0x10ff_8044, SECOND, LAST, NOP, NOP, NOP, NOP], // another register
            [0x10ff_8063, SECOND, LAST, NOP, NOP, NOP, NOP], // another address
            [NOP, SECOND, LAST, NOP, NOP, NOP, NOP],
            [ADRP, NOP, LAST, NOP, NOP, NOP, NOP],
            [ADRP, SECOND, LAST, LAST, NOP, NOP, NOP],
        ] {
            assert!(found(&wrong).is_err(), "{wrong:x?}");
        }
    }

    #[test]
    fn linkers_differ_where_it_is_known_alone() {
        let known = |kind, by_us, second, third| {
            is_known(kind, by_us, &memory(&[0x9000_0000, second, third, LAST]), START)
        };
        let differs = |second, third| {
            [(Kind::Lld, true), (Kind::Lld, false), (Kind::Bfd, true), (Kind::Bfd, false)]
                .map(|(kind, by_us)| known(kind, by_us, second, third))
        };
        assert_eq!(differs(SECOND, NOP), [false; 4]);
        assert_eq!(differs(0x3dc0_0040, NOP)[..3], [true, false, false], "ldr q0, [x2]");
        assert_eq!(differs(0xd800_0040, NOP)[..3], [true, false, false], "prfm of number 0");
        assert_eq!(differs(0xc87f_0c41, NOP), [false, false, true, false], "ldxp x1, x3, [x2]");
        assert_eq!(differs(0xf940_0040, NOP), [false, false, false, true], "ldr x0, [x2]");
        assert_eq!(differs(0x0c40_7041, NOP), [false, false, false, true], "ld1 of v1 from [x2]");
        assert_eq!(differs(SECOND, 0xb400_0021), [false, false, false, true], "cbz x1, .+4");
        assert_eq!(differs(SECOND, LAST), [false; 4]);
    }
}
