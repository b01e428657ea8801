//! Thread-local storage for programs: two threads' worth of blocks, and a way to change between
//! them. There is no scheduler, so a "thread" is no more than its variables. Each hart may run a
//! program at the same time, and each of these has threads of its own.
//!
//! A thread has one static block, in `area.rs`: the program's, or, where a program is given its own
//! with the first use (`dynamic.rs`), the kernel's.

mod area;
mod dynamic;

use core::sync::atomic::{AtomicUsize, Ordering};

use loader_core::{ThreadLocals, TlsBlock, TlsImage, TlsLocation, TlsModel};
use spin::Mutex;
use target_common::HARTS;

use crate::cell::Stack;
use crate::target;
use area::Area;

pub use area::Threads;
pub use dynamic::{DynamicBlocks, kernel_thread_lookups, tls_get_addr};

/// How many there are.
const THREADS: usize = 2;

/// The threads of the program that a hart runs.
struct State {
    /// Their thread pointers; 0 where there is none.
    pointers: [AtomicUsize; THREADS],
    /// The running thread.
    current: AtomicUsize,
    /// Where each module's block lies in each thread; 0 where it does not yet. No module is number
    /// 0.
    blocks: [[AtomicUsize; 3]; THREADS],
    /// What the program's block is made of; none where it is static.
    program: Mutex<Option<TlsImage>>,
    /// How often a variable was looked up by `__tls_get_addr`, and by a descriptor.
    lookups: [AtomicUsize; 2],
}

static STATES: [State; HARTS] = [const { State::new() }; HARTS];

/// The state of the hart that runs this.
fn state() -> &'static State {
    &STATES[target::hart()]
}

impl State {
    const fn new() -> Self {
        Self {
            pointers: [const { AtomicUsize::new(0) }; THREADS],
            current: AtomicUsize::new(0),
            blocks: [const { [const { AtomicUsize::new(0) }; 3] }; THREADS],
            program: Mutex::new(None),
            lookups: [const { AtomicUsize::new(0) }; 2],
        }
    }
}

/// The number of the module whose block is static.
const STATIC_MODULE: usize = 1;
/// The number of the program where its block comes with the first use.
const DYNAMIC_MODULE: usize = 2;

/// What the image tells the core: every thread has a static block, where the psABI has that of a
/// program.
pub struct StaticBlocks;

impl ThreadLocals for StaticBlocks {
    fn block(&self, block: TlsBlock) -> Option<TlsLocation> {
        let offset = Area::of(block)?.offset();
        Some(TlsLocation { module: STATIC_MODULE as u64, thread_pointer_offset: Some(offset) })
    }
}

/// Gives each thread what a module loaded with this model needs, of the program's stack, and runs the first
/// one, on the hart that runs this. `None`: there is no room.
pub fn start(model: TlsModel, image: TlsImage, stack: &mut Stack) -> Option<Threads> {
    let threads = match model {
        TlsModel::Dynamic => dynamic::start(image, stack)?,
        _ => {
            let bytes = core::ptr::with_exposed_provenance(image.image.value() as usize);
            // SAFETY: the image lies in the module's read-only segment, and is as long as it says.
            let bytes =
                unsafe { core::slice::from_raw_parts(bytes, image.block.image_size as usize) };
            Threads::with_static_blocks(image.block, bytes, stack)?
        }
    };
    kernel_use_thread(0);
    Some(threads)
}

/// Gives each thread nothing but what every thread has, as [`start`] does.
pub fn start_without_block(stack: &mut Stack) -> Option<Threads> {
    let threads =
        Threads::with_static_blocks(TlsBlock { size: 0, image_size: 0, align: 1 }, &[], stack)?;
    kernel_use_thread(0);
    Some(threads)
}

/// Runs another thread from here on: its thread-local variables are what code finds.
pub extern "C" fn kernel_use_thread(which: usize) {
    let state = state();
    if let Some(pointer) = state.pointers.get(which) {
        state.current.store(which, Ordering::Relaxed);
        target::set_thread_pointer(pointer.load(Ordering::Relaxed));
    }
}
