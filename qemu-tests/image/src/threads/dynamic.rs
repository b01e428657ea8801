//! Blocks that come with the first use: `__tls_get_addr`, and descriptors.

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::sync::atomic::Ordering;

use loader_core::{Name, ThreadLocals, TlsBlock, TlsImage, TlsLocation, TlsVariable};

use super::{Area, DYNAMIC_MODULE, STATIC_MODULE, THREADS, Threads, state};
use crate::cell::Stack;
use crate::target;

/// What the image tells the core: the program's block is no part of any thread until used. The
/// kernel has a block of its own, which is static, with a variable that programs may use.
pub struct DynamicBlocks;

/// What each thread's block of the kernel begins as: something, and the variable.
static KERNEL_IMAGE: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 41, 0, 0, 0, 0, 0, 0, 0];
const KERNEL_BLOCK: TlsBlock = TlsBlock { size: 32, image_size: 16, align: 8 };
/// The offset in it of `long kernel_thread_local`.
const KERNEL_VARIABLE: u64 = 8;

impl ThreadLocals for DynamicBlocks {
    fn block(&self, _: TlsBlock) -> Option<TlsLocation> {
        Some(TlsLocation { module: DYNAMIC_MODULE as u64, thread_pointer_offset: None })
    }

    fn variable(&self, name: Name<'_>) -> Option<TlsVariable> {
        if name != Name::from("kernel_thread_local") {
            return None;
        }
        let thread_pointer_offset = Some(Area::of(KERNEL_BLOCK)?.offset());
        let location = TlsLocation { module: STATIC_MODULE as u64, thread_pointer_offset };
        Some(TlsVariable { location, offset: KERNEL_VARIABLE })
    }

    fn descriptor(&self, variable: TlsVariable) -> Option<[u64; 2]> {
        let TlsVariable { location, offset } = variable;
        match location.thread_pointer_offset {
            Some(block) => {
                let function = target::descriptor_static as *const ();
                Some([function.expose_provenance() as u64, offset.wrapping_add_signed(block)])
            }
            None => {
                let function = target::descriptor_dynamic as *const ();
                let offset = u32::try_from(offset).ok()?;
                let argument = location.module << 32 | u64::from(offset);
                Some([function.expose_provenance() as u64, argument])
            }
        }
    }
}

/// Gives each thread the kernel's block, and notes what the program's is made of.
pub(super) fn start(image: TlsImage, stack: &mut Stack) -> Option<Threads> {
    let threads = Threads::with_static_blocks(KERNEL_BLOCK, &KERNEL_IMAGE, stack)?;
    *state().program.lock() = Some(image);
    state().lookups.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    Some(threads)
}

/// Takes the blocks back that the program has come to use.
pub(super) fn end() {
    let image = state().program.lock().take();
    let Some(layout) = image.and_then(|image| layout(image.block)) else { return };
    for blocks in &state().blocks {
        let block = blocks[DYNAMIC_MODULE].swap(0, Ordering::Relaxed);
        if block != 0 {
            // SAFETY: `block_of` had it from the allocator, with the layout of the same image.
            unsafe { dealloc(core::ptr::with_exposed_provenance_mut(block), layout) };
        }
    }
}

fn layout(block: TlsBlock) -> Option<Layout> {
    Layout::from_size_align(block.size as usize, block.align as usize).ok()
}

/// The running thread's block of a module; it gets one if it has none.
fn block_of(module: usize) -> usize {
    let state = state();
    let blocks = &state.blocks[state.current.load(Ordering::Relaxed) % THREADS];
    let Some(block) = blocks.get(module).filter(|_| module != 0) else {
        panic!("there is no module {module}");
    };
    let image = state.program.lock();
    if let (0, Some(image)) = (block.load(Ordering::Relaxed), *image) {
        assert!(module == DYNAMIC_MODULE, "module {module} has no block");
        let Some(layout) = layout(image.block) else { panic!("no such block: {image:?}") };
        // SAFETY: a block has at least one byte.
        let memory = unsafe { alloc_zeroed(layout) };
        assert!(!memory.is_null(), "no room for a block of {layout:?}");
        let from = core::ptr::with_exposed_provenance::<u8>(image.image.value() as usize);
        // SAFETY: the image lies in the module's read-only segment, is as long as it says, and no
        // longer than the block.
        unsafe { memory.copy_from_nonoverlapping(from, image.block.image_size as usize) };
        block.store(memory.expose_provenance(), Ordering::Relaxed);
    }
    block.load(Ordering::Relaxed)
}

/// `__tls_get_addr`: the address of a variable of the running thread, by module and offset.
///
/// # Safety
/// `index` points to a module's number and an offset in its block, as GOT slots hold them.
pub unsafe extern "C" fn tls_get_addr(index: *const [usize; 2]) -> *mut u8 {
    // SAFETY: the caller's contract.
    let [module, offset] = unsafe { *index };
    let offset = if cfg!(target_arch = "riscv64") { offset.wrapping_add(0x800) } else { offset };
    state().lookups[0].fetch_add(1, Ordering::Relaxed);
    core::ptr::with_exposed_provenance_mut(block_of(module).wrapping_add(offset))
}

/// Called by the target for the second word of a descriptor: how far the variable is from the
/// thread pointer.
#[unsafe(no_mangle)]
extern "C" fn image_thread_local(argument: usize) -> usize {
    let (module, offset) = (argument >> 32, argument & 0xffff_ffff);
    let state = state();
    state.lookups[1].fetch_add(1, Ordering::Relaxed);
    let current = state.current.load(Ordering::Relaxed) % THREADS;
    let pointer = state.pointers[current].load(Ordering::Relaxed);
    block_of(module).wrapping_add(offset).wrapping_sub(pointer)
}

/// How often the program's variables were looked up by `__tls_get_addr` (0) or by a descriptor (1).
pub extern "C" fn kernel_thread_lookups(which: usize) -> usize {
    state().lookups.get(which).map_or(0, |count| count.load(Ordering::Relaxed))
}
