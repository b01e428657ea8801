//! The memory around each thread's thread pointer: the static block, and what the psABI wants
//! beside it.

use core::alloc::Layout;
use core::sync::atomic::Ordering;

use loader_core::TlsBlock;

use super::{STATIC_MODULE, dynamic, state};
use crate::cell::Stack;
use crate::target;

/// Of x86-64's header, in bytes: its own address first, what compilers' stack protector compares last.
const HEADER: usize = 0x30;

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
        // system's own), variant II below it, and there a header that begins with its address.
        let (pointer, offset, total) = if cfg!(target_arch = "aarch64") {
            let offset = 16usize.checked_next_multiple_of(align)?;
            (0, i64::try_from(offset).ok()?, offset.checked_add(size)?)
        } else if cfg!(target_arch = "riscv64") {
            (0, 0, size)
        } else {
            (size, i64::try_from(size).ok()?.checked_neg()?, size.checked_add(HEADER)?)
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
pub struct Threads(());

impl Threads {
    /// Gives each thread a static block that begins with a copy of `image`, above the program's stack.
    pub(super) fn with_static_blocks(
        block: TlsBlock,
        image: &[u8],
        stack: &mut Stack,
    ) -> Option<Self> {
        let area = Area::of(block)?;
        let threads = Self(());
        let state = state();
        for (thread_pointer, blocks) in state.pointers.iter().zip(&state.blocks) {
            let memory = stack.take(area.layout)?;
            // SAFETY: the layout has as many bytes, which are nobody else's.
            unsafe { memory.write_bytes(0, area.layout.size()) };
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
        for (pointer, blocks) in state.pointers.iter().zip(&state.blocks) {
            pointer.store(0, Ordering::Relaxed);
            blocks[STATIC_MODULE].store(0, Ordering::Relaxed);
        }
        target::reset_thread_pointer();
    }
}
