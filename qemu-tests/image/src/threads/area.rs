//! The memory around each thread's thread pointer: the static block, and what the psABI wants
//! beside it.

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::sync::atomic::Ordering;

use loader_core::TlsBlock;

use super::{STATIC_MODULE, THREADS, dynamic, state};
use crate::target;

/// One thread's memory.
pub(super) struct Area {
    layout: Layout,
    /// Where the thread pointer points to, in it.
    pointer: usize,
    /// The block's distance from there.
    offset: i64,
}

impl Area {
    pub(super) fn of(block: TlsBlock) -> Option<Self> {
        let align = usize::try_from(block.align).ok()?;
        let size = usize::try_from(block.size).ok()?.checked_next_multiple_of(align)?;
        // Variant I has the block above the thread pointer (on AArch64 behind two words of the
        // system's own), variant II below it, and there a word that points to itself.
        let (pointer, offset, total) = if cfg!(target_arch = "aarch64") {
            let offset = 16usize.checked_next_multiple_of(align)?;
            (0, i64::try_from(offset).ok()?, offset.checked_add(size)?)
        } else if cfg!(target_arch = "riscv64") {
            (0, 0, size)
        } else {
            (size, i64::try_from(size).ok()?.checked_neg()?, size.checked_add(8)?)
        };
        let layout = Layout::from_size_align(total.max(8), align.max(16)).ok()?;
        Some(Self { layout, pointer, offset })
    }

    /// The block's distance from the thread pointer.
    pub(super) const fn offset(&self) -> i64 {
        self.offset
    }
}

/// The blocks of a program's threads, until dropped: on the hart that made them.
pub struct Threads {
    areas: [*mut u8; THREADS],
    layout: Layout,
}

impl Threads {
    /// Gives each thread a static block that begins with a copy of `image`.
    pub(super) fn with_static_blocks(block: TlsBlock, image: &[u8]) -> Option<Self> {
        let area = Area::of(block)?;
        let mut threads = Self { areas: [core::ptr::null_mut(); THREADS], layout: area.layout };
        let state = state();
        let places = threads.areas.iter_mut().zip(&state.pointers).zip(&state.blocks);
        for ((memory, thread_pointer), blocks) in places {
            // SAFETY: the layout has at least 8 bytes.
            *memory = unsafe { alloc_zeroed(area.layout) };
            if memory.is_null() {
                return None;
            }
            let pointer = memory.expose_provenance() + area.pointer;
            let start = pointer.wrapping_add_signed(area.offset as isize);
            let to = core::ptr::with_exposed_provenance_mut::<u8>(start);
            // SAFETY: `Area::of` made room for the whole block, of which the image is a part.
            unsafe { to.copy_from_nonoverlapping(image.as_ptr(), image.len()) };
            if cfg!(target_arch = "x86_64") {
                // SAFETY: `Area::of` has a word there, which is aligned as the block is, to 16 at
                // least.
                unsafe { memory.add(area.pointer).cast::<usize>().write_unaligned(pointer) };
            }
            thread_pointer.store(pointer, Ordering::Relaxed);
            blocks[STATIC_MODULE].store(start, Ordering::Relaxed);
        }
        Some(threads)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        dynamic::end();
        let state = state();
        let places = self.areas.iter().zip(&state.pointers).zip(&state.blocks);
        for ((memory, pointer), blocks) in places {
            pointer.store(0, Ordering::Relaxed);
            blocks[STATIC_MODULE].store(0, Ordering::Relaxed);
            if !memory.is_null() {
                // SAFETY: it came from the allocator, with this layout.
                unsafe { dealloc(*memory, self.layout) };
            }
        }
        target::set_thread_pointer(0);
    }
}
