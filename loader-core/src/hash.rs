//! Tables of names in scratch memory: open addressing, by one hash.

use crate::scratch::Scratch;

/// FNV-1a, its bits mixed once more because tables use the low ones.
pub(crate) fn hash(name: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in name {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^ (hash >> 32)
}

/// How many buckets a table of so many names has: walks stay short while at least half of them are
/// empty. It is 0 where no memory could hold them.
pub(crate) fn buckets(names: usize) -> usize {
    names.saturating_mul(2).checked_next_power_of_two().unwrap_or(0)
}

/// The most buckets that are looked at for a name. Names are made by others, who could make all of
/// them fall into one place; of honest ones, in tables that are half empty, no walk comes near.
const WALK: usize = 1024;

/// Where in a table the record is that `is_it` says yes to, or else the empty one in its place,
/// and what it holds. The table has [`buckets`] records; `low` of an empty one is 0. `None` where
/// too many others are in the way: what was entered is found, and of what was not nothing is said.
pub(crate) fn find(
    table: &[Scratch],
    hash: u64,
    is_it: impl Fn(Scratch) -> bool,
) -> Option<(usize, Scratch)> {
    let mask = table.len().checked_sub(1)?;
    let mut at = hash as usize & mask;
    for _ in 0..table.len().min(WALK) {
        let record = *table.get(at)?;
        if record.low == 0 || is_it(record) {
            return Some((at, record));
        }
        at = at.wrapping_add(1) & mask;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_is_found_past_collisions() {
        let mut table = [Scratch::ZERO; 8];
        assert_eq!(buckets(4), table.len());
        for number in 1..=4 {
            let (at, record) = find(&table, 7, |record| record.low == number).unwrap();
            assert_eq!(record.low, 0);
            table[at].low = number;
        }
        for number in 1..=4 {
            let (at, record) = find(&table, 7, |record| record.low == number).unwrap();
            assert_eq!((at, record.low), ((6 + number as usize) % 8, number));
        }
        assert!(find(&[], 7, |_| true).is_none());
    }

    #[test]
    fn a_crowd_is_left() {
        let mut table = alloc::vec![Scratch::ZERO; buckets(2 * WALK)];
        let mut enter = |number: u32| {
            let (at, _) = find(&table, 7, |record| record.low == number)?;
            table[at].low = number;
            Some(())
        };
        assert!((1..=WALK as u32).all(|number| enter(number).is_some()));
        assert_eq!(enter(WALK as u32 + 1), None);
        assert_eq!(enter(WALK as u32), Some(()), "it is there");
    }

    #[test]
    fn honest_names_are_no_crowd() {
        let count = 100_000;
        let mut table = alloc::vec![Scratch::ZERO; buckets(count)];
        let mut longest = 0;
        for number in 0..count {
            let name = alloc::format!("_ZN4core3ops8function6FnOnce9call_once17h{number:016x}E");
            let walked = core::cell::Cell::new(0);
            let is_it = |_| {
                walked.set(walked.get() + 1);
                false
            };
            let (at, _) = find(&table, hash(name.as_bytes()), is_it).unwrap();
            table[at].low = 1;
            longest = longest.max(walked.get());
        }
        assert!(longest < WALK / 8, "{longest}");
    }

    #[test]
    fn it_is_fnv_1a() {
        // The test vector of `foobar`, its halves mixed.
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8 ^ 0x8594_4171);
    }
}
