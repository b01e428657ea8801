//! A block of thread-local variables on the target: that of the one thread there is.

use anyhow::{Context, Result};
use loader_core::{ThreadLocals, TlsBlock, TlsImage, TlsLocation};

use super::link::Link;
use crate::arch::Arch;

/// What is said to the loader: the thread has a static block, where the psABI has a program's.
pub struct StaticBlocks(pub Arch);

impl ThreadLocals for StaticBlocks {
    fn block(&self, block: TlsBlock) -> Option<TlsLocation> {
        let offset = Area::of(self.0, block)?.offset;
        Some(TlsLocation { module: 1, thread_pointer_offset: Some(offset) })
    }
}

/// The memory around a thread pointer.
struct Area {
    /// All of it.
    size: u64,
    /// Where the thread pointer points to, in it.
    pointer: u64,
    /// The block's distance from there.
    offset: i64,
}

impl Area {
    fn of(arch: Arch, block: TlsBlock) -> Option<Self> {
        let size = block.size.checked_next_multiple_of(block.align)?;
        // Variant I has the block above the thread pointer (on AArch64 behind two words of the
        // system's own), variant II below it, and there a word that points to itself. Behind that,
        // compilers keep the value that protects stacks.
        Some(match arch {
            Arch::Aarch64 => {
                let offset = 16u64.checked_next_multiple_of(block.align)?;
                Self { size: offset.checked_add(size)?, pointer: 0, offset: offset as i64 }
            }
            Arch::Riscv64 => Self { size, pointer: 0, offset: 0 },
            Arch::X86_64 => {
                Self { size: size.checked_add(64)?, pointer: size, offset: -(size as i64) }
            }
        })
    }
}

/// A block that is in use.
#[derive(Debug)]
pub struct Block {
    address: u64,
    size: u64,
}

impl Block {
    /// Makes a module's block, and has the target use it.
    ///
    /// # Errors
    /// There is no room for it, or the target is lost.
    pub fn new(arch: Arch, link: &mut Link, image: TlsImage) -> Result<Self> {
        let area = Area::of(arch, image.block).context("the thread-local block is too large")?;
        let address = link.reserve(area.size.max(1), image.block.align.max(16))?;
        let block = Self { address, size: area.size.max(1) };
        let pointer = address.wrapping_add(area.pointer);
        let bytes = link.read(image.image.value(), image.block.image_size as usize)?;
        link.fill(pointer.wrapping_add_signed(area.offset), &bytes)?;
        if arch == Arch::X86_64 {
            link.write(pointer, &pointer.to_le_bytes())?;
        }
        link.set_thread_pointer(pointer)?;
        Ok(block)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// The target is lost.
    pub fn release(self, link: &mut Link) -> Result<()> {
        link.release(self.address, self.size)
    }
}
