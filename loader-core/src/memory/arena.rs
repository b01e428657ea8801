//! Static memory set aside for modules.

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

/// A run of memory that a manager may hand out, exclusively owned.
#[derive(Debug)]
pub struct Arena {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: an arena is the only handle to its memory (the contract of `Arena::new`).
unsafe impl Send for Arena {}
// SAFETY: through `&Arena` one learns where its memory is, and reads and writes none of it.
unsafe impl Sync for Arena {}

impl Arena {
    /// No memory.
    pub const EMPTY: Self = Self { start: NonNull::dangling(), size: 0 };

    /// The arena of `size` bytes at `start`, for memory that a linker script reserves.
    ///
    /// # Safety
    /// The bytes are initialised, readable and writable memory that lives as long as the program
    /// and that nothing else uses. `size` is at most `isize::MAX`.
    pub const unsafe fn new(start: NonNull<u8>, size: usize) -> Self {
        Self { start, size }
    }

    /// Its first byte.
    pub const fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Its size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }
}

/// `N` bytes of static memory for an [`Arena`], aligned to a 4 KiB page.
///
/// ```
/// use loader_core::StaticArena;
///
/// static TEXT: StaticArena<0x10000> = StaticArena::new();
///
/// let arena = TEXT.take().expect("taken once");
/// assert_eq!(arena.size(), 0x10000);
/// assert!(TEXT.take().is_none());
/// ```
#[repr(C, align(4096))]
pub struct StaticArena<const N: usize> {
    bytes: UnsafeCell<[u8; N]>,
    taken: AtomicBool,
}

// SAFETY: the bytes are reached only through the one `Arena` that `take` gives out.
unsafe impl<const N: usize> Sync for StaticArena<N> {}

impl<const N: usize> StaticArena<N> {
    /// An arena not yet taken, all zero, so that it lies in `.bss`.
    #[expect(clippy::new_without_default, reason = "made as a static only")]
    pub const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; N]), taken: AtomicBool::new(false) }
    }

    /// The memory; `None` from the second call on.
    pub fn take(&'static self) -> Option<Arena> {
        if self.taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        let start = NonNull::new(self.bytes.get().cast::<u8>())?;
        // SAFETY: the bytes are static and zero-initialised, and the swap above lets one caller
        // come here, so nothing else uses them.
        Some(unsafe { Arena::new(start, N) })
    }
}
