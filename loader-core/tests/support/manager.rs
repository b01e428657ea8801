//! A memory manager over heap memory that keeps books.

use std::cell::RefCell;
use std::ptr::NonNull;

use loader_core::{
    MemoryError, MemoryManager, Segment, SegmentKind, SegmentRequest, TargetAddress,
};

/// Bytes before and behind each segment that nobody may write.
const CANARY: usize = 64;
const CANARY_BYTE: u8 = 0xa5;
/// What fresh memory holds: the loader may not count on zeros.
const DIRT: u8 = 0x5a;
/// Hardly a test needs more than this for one segment.
const LIMIT: usize = 64 << 20;

/// Hands out heap memory at chosen target addresses, counts calls, fails where it is told to,
/// and checks when it goes that every segment came back, with nothing written around it.
#[derive(Debug)]
pub struct TestManager {
    targets: [u64; 3],
    limit: usize,
    fail_at: Option<usize>,
    wrong: Option<Wrong>,
    books: RefCell<Books>,
}

/// A segment that is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Its target address is not aligned.
    Align,
    /// It says that it holds something else.
    Kind,
    /// It is a byte longer.
    Size,
    /// It runs over the end of the address space.
    End,
}

#[derive(Debug, Default)]
struct Books {
    calls: usize,
    sealed: usize,
    /// The blocks that are out: where the segment in each starts, and the block.
    out: Vec<(usize, NonNull<[u8]>)>,
    requests: Vec<SegmentRequest>,
}

impl Default for TestManager {
    fn default() -> Self {
        Self::at(0x1000_0000, 0x1100_0000, 0x1200_0000)
    }
}

impl TestManager {
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives segments these target addresses, the next one that is aligned.
    pub fn at(text: u64, read_only: u64, data: u64) -> Self {
        let targets = [text, read_only, data];
        Self { targets, limit: LIMIT, fail_at: None, wrong: None, books: RefCell::default() }
    }

    /// Gives segments of up to this many bytes.
    pub fn limited_to(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Fails its n-th call of `allocate` and `seal`, counted from 0.
    pub fn failing_at(mut self, call: usize) -> Self {
        self.fail_at = Some(call);
        self
    }

    /// Gives wrong segments.
    pub fn wrong(mut self, wrong: Wrong) -> Self {
        self.wrong = Some(wrong);
        self
    }

    /// How often `allocate` and `seal` were called.
    pub fn calls(&self) -> usize {
        self.books.borrow().calls
    }

    /// How many segments were sealed.
    pub fn sealed(&self) -> usize {
        self.books.borrow().sealed
    }

    /// What was asked for, in order.
    pub fn requests(&self) -> Vec<SegmentRequest> {
        self.books.borrow().requests.clone()
    }

    /// How many segments are out.
    pub fn live(&self) -> usize {
        self.books.borrow().out.len()
    }

    /// Counts a call; fails the one that is to fail.
    fn call(&self) -> Result<(), MemoryError> {
        let mut books = self.books.borrow_mut();
        let call = books.calls;
        books.calls += 1;
        if self.fail_at == Some(call) { Err(MemoryError::Refused("told to fail")) } else { Ok(()) }
    }

    fn target(&self, kind: SegmentKind, align: usize) -> TargetAddress {
        let target = self.targets[kind as usize].next_multiple_of(align as u64);
        match self.wrong {
            Some(Wrong::Align) => TargetAddress::new(target + 1),
            Some(Wrong::End) => TargetAddress::new(0u64.wrapping_sub(align as u64)),
            _ => TargetAddress::new(target),
        }
    }
}

impl MemoryManager for TestManager {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        let SegmentRequest { kind, size, align } = request;
        assert!(size > 0, "an empty segment was asked for");
        assert!(align.is_power_of_two());
        self.books.borrow_mut().requests.push(request);
        self.call()?;
        if size > self.limit || align > self.limit {
            return Err(MemoryError::Exhausted { free: self.limit });
        }
        let (given, kind_given) = match self.wrong {
            Some(Wrong::Size) => (size + 1, kind),
            Some(Wrong::Kind) => (size, SegmentKind::ALL[(kind as usize + 1) % 3]),
            _ => (size, kind),
        };
        let mut block = vec![DIRT; given + 2 * CANARY].into_boxed_slice();
        block[..CANARY].fill(CANARY_BYTE);
        block[CANARY + given..].fill(CANARY_BYTE);
        let block = NonNull::from(Box::leak(block));
        let local = NonNull::new(block.as_ptr().cast::<u8>().wrapping_add(CANARY)).unwrap();
        self.books.borrow_mut().out.push((local.as_ptr().addr(), block));
        // SAFETY: the bytes lie inside a leaked block that is initialised and that nothing looks
        // at until `free` has the segment back.
        Ok(unsafe { Segment::new(kind_given, local, given, self.target(kind, align)) })
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        let start = segment.local().as_ptr().addr();
        assert!(self.books.borrow().out.iter().any(|&(at, _)| at == start), "not ours");
        self.call()?;
        self.books.borrow_mut().sealed += 1;
        Ok(())
    }

    fn free(&self, segment: Segment) {
        let start = segment.local().as_ptr().addr();
        let mut books = self.books.borrow_mut();
        let at = books.out.iter().position(|&(at, _)| at == start).expect("freed twice");
        let (_, block) = books.out.swap_remove(at);
        let size = segment.size();
        // SAFETY: the block was leaked in `allocate`, is freed once because it was still in the
        // books, and the segment in it, which is ours by now, is not looked at any more.
        let block = unsafe { Box::from_raw(block.as_ptr()) };
        assert_eq!(block.len(), size + 2 * CANARY);
        let untouched = |bytes: &[u8]| bytes.iter().all(|&byte| byte == CANARY_BYTE);
        assert!(untouched(&block[..CANARY]), "written before a segment");
        assert!(untouched(&block[CANARY + size..]), "written behind a segment");
    }
}

impl Drop for TestManager {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.live(), 0, "segments did not come back");
        }
    }
}
