//! Names to symbols: chains of nodes, out of memory that is set aside.
//!
//! Readers walk the chains while a writer changes them. A node that was unlinked keeps its way on
//! until the readers who may stand on it have gone; only then is it used again.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

use crate::registry::NEED;
use crate::table::CHAIN_LIMIT;

/// A node of a chain: a symbol in the index, a module there, or a module that another one needs.
#[derive(Debug)]
pub(crate) struct Node {
    /// What it stands for (`Key`).
    key: AtomicU64,
    hash: AtomicU32,
    /// The next node of its chain, plus one.
    next: AtomicU32,
    /// The node that its module took before this one, plus one.
    before: AtomicU32,
}

impl Node {
    /// A node that is in no chain.
    pub(crate) const fn empty() -> Self {
        Self {
            key: AtomicU64::new(0),
            hash: AtomicU32::new(0),
            next: AtomicU32::new(0),
            before: AtomicU32::new(0),
        }
    }

    fn key(&self) -> Key {
        Key::unpack(self.key.load(SeqCst))
    }
}

/// What a node stands for: a module's place, and the number of a symbol there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    pub(crate) record: u32,
}

impl Key {
    const fn pack(self) -> u64 {
        (self.slot as u64) << 32 | self.record as u64
    }

    const fn unpack(word: u64) -> Self {
        Self { slot: (word >> 32) as u32, record: word as u32 }
    }
}

/// The beginning of a chain: its first node, plus one.
pub(crate) type Head = AtomicU32;

/// The nodes and the buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index<'r> {
    nodes: &'r [Node],
    buckets: &'r [Head],
    /// The most nodes of a chain.
    limit: usize,
}

/// Why a name was not entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotEntered {
    /// No node is left.
    Full,
    /// The chain of its bucket is as long as it may be.
    Collisions,
}

/// The nodes that are not in use: the writer's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Free {
    first: u32,
    pub(crate) count: u32,
}

impl Free {
    pub(crate) const NONE: Self = Self { first: 0, count: 0 };
}

impl<'r> Index<'r> {
    /// All nodes in one chain, and that chain; for so many modules.
    ///
    /// Names are made by others, and could be made to share a bucket: a chain has [`CHAIN_LIMIT`]
    /// names at the most, and one more for each module, as all may have one weak symbol.
    pub(crate) fn new(nodes: &'r [Node], buckets: &'r [Head], modules: usize) -> (Self, Free) {
        let count = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        for (node, at) in nodes.iter().zip(0..count) {
            let after = at.saturating_add(1);
            node.key.store(0, SeqCst);
            node.hash.store(0, SeqCst);
            node.before.store(0, SeqCst);
            node.next.store(if after == count { 0 } else { after.saturating_add(1) }, SeqCst);
        }
        buckets.iter().for_each(|bucket| bucket.store(0, SeqCst));
        // A power of two of buckets, so that a mask picks one.
        let used = buckets.len().checked_ilog2().map_or(0, |bits| 1usize << bits);
        let buckets = buckets.get(..used).unwrap_or_default();
        let limit = CHAIN_LIMIT.saturating_add(modules);
        (Self { nodes, buckets, limit }, Free { first: u32::from(count != 0), count })
    }

    /// The nodes that may stand for a name with this hash.
    pub(crate) fn find(self, hash: u32) -> impl Iterator<Item = Key> + use<'r> {
        let bucket = self.bucket(hash);
        let chain = bucket.into_iter().flat_map(move |bucket| self.chain(bucket));
        chain.filter(move |(_, node)| node.hash.load(SeqCst) == hash).map(|(_, node)| node.key())
    }

    /// What the nodes of a chain stand for.
    pub(crate) fn keys(self, head: &'r Head) -> impl Iterator<Item = Key> + use<'r> {
        self.chain(head).map(|(_, node)| node.key())
    }

    /// Enters a name, with a node for the module that `owner` has the nodes of.
    pub(crate) fn enter(
        self,
        free: &mut Free,
        owner: &Head,
        hash: u32,
        key: Key,
    ) -> Result<(), NotEntered> {
        let bucket = self.bucket(hash).ok_or(NotEntered::Full)?;
        if self.chain(bucket).take(self.limit).count() == self.limit {
            return Err(NotEntered::Collisions);
        }
        self.push(free, (bucket, owner), hash, key).ok_or(NotEntered::Full)
    }

    /// Puts a node at the head of a chain; `None` where no node is left.
    pub(crate) fn push(
        self,
        free: &mut Free,
        (chain, owner): (&Head, &Head),
        hash: u32,
        key: Key,
    ) -> Option<()> {
        let taken = free.first;
        let node = self.node(taken)?;
        *free = Free { first: node.next.load(SeqCst), count: free.count.saturating_sub(1) };
        node.key.store(key.pack(), SeqCst);
        node.hash.store(hash, SeqCst);
        node.before.store(owner.load(SeqCst), SeqCst);
        node.next.store(chain.load(SeqCst), SeqCst);
        owner.store(taken, SeqCst);
        chain.store(taken, SeqCst);
        Some(())
    }

    /// Takes all nodes of the module in `slot` out of their chains, so that no reader finds them
    /// any more.
    pub(crate) fn unlink_all(self, owner: &'r Head, needs: &'r Head) {
        for (number, node) in self.owned(owner) {
            let indexed = node.key().record != NEED;
            let chain = if indexed { self.bucket(node.hash.load(SeqCst)) } else { Some(needs) };
            let mut link = chain;
            for _ in 0..=self.nodes.len() {
                let Some(here) = link else { break };
                let at = here.load(SeqCst);
                if at == number {
                    here.store(node.next.load(SeqCst), SeqCst);
                    break;
                }
                link = self.node(at).map(|node| &node.next);
            }
        }
    }

    /// Makes the nodes of a module free again, once no reader stands on one: the last one taken
    /// first, so that a load that failed leaves no trace.
    pub(crate) fn release_all(self, free: &mut Free, owner: &'r Head) {
        for (number, node) in self.owned(owner) {
            node.key.store(0, SeqCst);
            node.hash.store(0, SeqCst);
            node.next.store(free.first, SeqCst);
            *free = Free { first: number, count: free.count.saturating_add(1) };
        }
        // The way from one to the next goes last.
        while let Some(node) = self.node(owner.load(SeqCst)) {
            owner.store(node.before.swap(0, SeqCst), SeqCst);
        }
    }

    fn bucket(self, hash: u32) -> Option<&'r Head> {
        self.buckets.get(hash as usize & self.buckets.len().checked_sub(1)?)
    }

    fn node(self, number: u32) -> Option<&'r Node> {
        self.nodes.get(number.checked_sub(1)? as usize)
    }

    fn chain(self, head: &'r Head) -> impl Iterator<Item = (u32, &'r Node)> + use<'r> {
        self.walk(head, |node| &node.next)
    }

    /// The nodes of a module, the last one taken first.
    fn owned(self, head: &'r Head) -> impl Iterator<Item = (u32, &'r Node)> + use<'r> {
        self.walk(head, |node| &node.before)
    }

    /// No chain has more nodes than there are: the bound is for the proof that it ends.
    fn walk(
        self,
        head: &'r Head,
        next: fn(&Node) -> &AtomicU32,
    ) -> impl Iterator<Item = (u32, &'r Node)> + use<'r> {
        let mut at = head.load(SeqCst);
        (0..self.nodes.len()).map_while(move |_| {
            let number = at;
            let node = self.node(number)?;
            at = next(node).load(SeqCst);
            Some((number, node))
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::boxed::Box;
    use std::format;
    use std::vec::Vec;

    use super::*;
    use crate::hash::hash;

    /// An index of so many nodes, for the rest of the program.
    fn index(nodes: usize) -> (Index<'static>, Free) {
        let all: Vec<Node> = (0..nodes).map(|_| Node::empty()).collect();
        let buckets: Vec<Head> = (0..nodes).map(|_| Head::new(0)).collect();
        Index::new(Vec::leak(all), Vec::leak(buckets), 8)
    }

    fn head() -> &'static Head {
        Box::leak(Box::new(Head::new(0)))
    }

    #[test]
    fn chains_stay_short_however_many_symbols_there_are() {
        const COUNT: u32 = 100_000;
        let forms: [fn(u32) -> std::string::String; 7] = [
            |n| format!("driver{}_function{}", n / 100, n % 100),
            |n| format!("_ZN6module{n:06}4mainE"),
            |n| format!("{n:x}"),
            |n| format!("_ZNSt6vectorI{}T{n}SaIS0_EE9push_backERKS0_", 2 + n % 3),
            |n| format!("_ZN4core3fmt{}type{n}17h{:016x}E", 4 + n % 6, hash(&n.to_le_bytes())),
            |n| format!("_RNvMs{n}_NtCs{:x}_5alloc3vecINtB5_3VecpE4push", n / 50),
            |n| format!("__pyx_pw_9{}_{}", n % 317, n / 317),
        ];
        for form in forms {
            let (index, mut free) = index(COUNT as usize);
            let owner = head();
            for n in 0..COUNT {
                let hash = hash(form(n).as_bytes()) as u32;
                index.enter(&mut free, owner, hash, Key { slot: 0, record: n }).unwrap();
            }
            assert_eq!(free.count, 0);
            let longest = index.buckets.iter().map(|bucket| index.chain(bucket).count()).max();
            std::println!("{longest:?} steps at the most for {}", form(7));
            assert!(longest.unwrap() <= 16 && CHAIN_LIMIT >= 4 * 16, "{longest:?}, {}", form(7));
            for n in (0..COUNT).step_by(997) {
                let hash = hash(form(n).as_bytes()) as u32;
                assert!(index.find(hash).any(|key| key.record == n));
            }
        }
    }

    #[test]
    fn a_module_that_goes_leaves_the_others_in_their_chains() {
        let (index, mut free) = index(12);
        let before = format!("{index:?}{free:?}");
        let (owners, needs) = ([head(), head(), head()], head());
        // All in one chain, those of three modules in turns.
        for record in 0..9 {
            let slot = record % 3;
            index.enter(&mut free, owners[slot as usize], 8, Key { slot, record }).unwrap();
        }
        let need = Key { slot: 1, record: NEED };
        index.push(&mut free, (needs, owners[0]), 0, need).unwrap();
        let left = || index.find(8).map(|key| key.record).collect::<Vec<_>>();
        assert_eq!(left(), [8, 7, 6, 5, 4, 3, 2, 1, 0]);
        // Somebody stands in the middle of the chain, and goes on from there.
        let mut walk = index.find(8);
        assert!(walk.by_ref().take(3).map(|key| key.record).eq([8, 7, 6]));
        index.unlink_all(owners[0], needs);
        assert_eq!(left(), [8, 7, 5, 4, 2, 1]);
        assert_eq!(index.keys(needs).count(), 0);
        assert!(walk.map(|key| key.record).all(|record| record < 6));
        index.release_all(&mut free, owners[0]);
        assert_eq!(free.count, 12 - 6);
        for owner in &owners[1..] {
            index.unlink_all(owner, needs);
            index.release_all(&mut free, owner);
        }
        assert_eq!((left(), free.count), (Vec::new(), 12));
        // The nodes are in another order by now; taken and given back, they stay in that.
        assert_ne!(format!("{index:?}{free:?}"), before);
        let before = format!("{index:?}{free:?}");
        for record in 0..12 {
            index.enter(&mut free, owners[0], record, Key { slot: 0, record }).unwrap();
        }
        assert_eq!(index.enter(&mut free, owners[0], 0, need), Err(NotEntered::Full));
        index.unlink_all(owners[0], needs);
        index.release_all(&mut free, owners[0]);
        assert_eq!(format!("{index:?}{free:?}"), before);
    }
}
