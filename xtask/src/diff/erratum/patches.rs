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
            let branches = third & 0x1c00_0000 == 0x1400_0000;
            is_structure || writes || branches && base(third).is_none()
        }
    }
}
