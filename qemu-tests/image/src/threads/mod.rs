//! Thread-local storage for programs: two threads' worth of blocks, and a way to change between
//! them. There is one processor and no scheduler, so a "thread" is no more than its variables.
//!
//! A thread has one static block, in `area.rs`: the program's, or, where a program is given its own
//! with the first use (`dynamic.rs`), the kernel's.

mod area;
mod dynamic;

use core::sync::atomic::{AtomicUsize, Ordering};

use loader_core::{ThreadLocals, TlsBlock, TlsImage, TlsLocation, TlsModel};

use crate::target;
use area::Area;

pub use area::Threads;
pub use dynamic::{DynamicBlocks, kernel_thread_lookups, tls_get_addr};

/// How many there are.
const THREADS: usize = 2;
/// The thread pointers of the running program's threads; 0 where it has none.
static POINTERS: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];
/// The running thread.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

/// The number of the module whose block is static.
const STATIC_MODULE: usize = 1;
/// The number of the program where its block comes with the first use.
const DYNAMIC_MODULE: usize = 2;
/// Where each module's block lies in each thread; 0 where it does not yet. No module is number 0.
static BLOCKS: [[AtomicUsize; 3]; THREADS] =
    [const { [const { AtomicUsize::new(0) }; 3] }; THREADS];

/// What the image tells the core: every thread has a static block, where the psABI has that of a
/// program.
pub struct StaticBlocks;

impl ThreadLocals for StaticBlocks {
    fn block(&self, block: TlsBlock) -> Option<TlsLocation> {
        let offset = Area::of(block)?.offset();
        Some(TlsLocation { module: STATIC_MODULE as u64, thread_pointer_offset: Some(offset) })
    }
}

/// Gives each thread what a module loaded with this model needs, and runs the first one. `None`:
/// there is no room.
pub fn start(model: TlsModel, image: TlsImage) -> Option<Threads> {
    let threads = match model {
        TlsModel::Dynamic => dynamic::start(image)?,
        _ => {
            let bytes = core::ptr::with_exposed_provenance(image.image.value() as usize);
            // SAFETY: the image lies in the module's read-only segment, and is as long as it says.
            let bytes =
                unsafe { core::slice::from_raw_parts(bytes, image.block.image_size as usize) };
            Threads::with_static_blocks(image.block, bytes)?
        }
    };
    kernel_use_thread(0);
    Some(threads)
}

/// Runs another thread from here on: its thread-local variables are what code finds.
pub extern "C" fn kernel_use_thread(which: usize) {
    if let Some(pointer) = POINTERS.get(which) {
        CURRENT.store(which, Ordering::Relaxed);
        target::set_thread_pointer(pointer.load(Ordering::Relaxed));
    }
}
