//! Names to symbols: chains of nodes, out of memory that is set aside.
//!
//! Readers walk the chains while a writer changes them. A node that was unlinked keeps its way on
//! until the readers who may stand on it have gone; only then is it used again.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

use crate::registry::NEED;

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
    pub(crate) const EMPTY: Self = Self {
        key: AtomicU64::new(0),
        hash: AtomicU32::new(0),
        next: AtomicU32::new(0),
        before: AtomicU32::new(0),
    };

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
    /// All nodes in one chain, and that chain.
    pub(crate) fn new(nodes: &'r [Node], buckets: &'r [Head]) -> (Self, Free) {
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
        (Self { nodes, buckets }, Free { first: u32::from(count != 0), count })
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

    /// Enters a name, with a node for the module that `owner` has the nodes of; `None` where none
    /// is left.
    pub(crate) fn enter(self, free: &mut Free, owner: &Head, hash: u32, key: Key) -> Option<()> {
        self.push(free, (self.bucket(hash)?, owner), hash, key)
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
