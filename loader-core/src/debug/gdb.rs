//! GDB's JIT interface ("JIT Compilation Interface" in its manual): a list of images, and a function
//! that GDB breaks in when the list has changed.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::SeqCst};

use spin::Mutex;

use super::DebugImages;
use crate::address::TargetAddress;
use crate::memory::{MemoryManager, Segment};

/// Nothing has changed.
const NO_ACTION: u32 = 0;
/// An image is new.
const REGISTER: u32 = 1;
/// An image goes.
const UNREGISTER: u32 = 2;

/// GDB's `struct jit_code_entry`, in the data segment of [`DebugImages`].
#[derive(Debug)]
#[repr(C)]
pub(super) struct JitEntry {
    next: AtomicPtr<JitEntry>,
    previous: AtomicPtr<JitEntry>,
    /// `symfile_addr`
    address: AtomicU64,
    /// `symfile_size`
    size: AtomicU64,
}

impl JitEntry {
    /// Writes the `at`-th entry, of the image of `size` bytes at `image`, and not yet in a list.
    pub(super) fn describe(entries: &mut Segment, at: usize, image: TargetAddress, size: u64) {
        let (entries, _) = entries.bytes_mut().as_chunks_mut::<{ size_of::<Self>() }>();
        let Some(entry) = entries.get_mut(at) else { return };
        entry.fill(0);
        let (_, described) = entry.split_at_mut(size_of::<[usize; 2]>());
        let (words, _) = described.as_chunks_mut::<8>();
        for (to, word) in words.iter_mut().zip([image.value(), size]) {
            *to = word.to_ne_bytes();
        }
    }
}

/// GDB's `struct jit_descriptor`, of which a client has one, as a static with a name that GDB knows:
/// for modules that run where the loader does.
///
/// ```
/// use loader_core::GdbJit;
///
/// #[unsafe(no_mangle)]
/// static __jit_debug_descriptor: GdbJit = GdbJit::new();
///
/// /// GDB sets a breakpoint here, and looks at the descriptor when it is hit.
/// #[unsafe(no_mangle)]
/// #[inline(never)]
/// extern "C" fn __jit_debug_register_code() {
///     std::hint::black_box(());
/// }
/// # use loader_core::*;
/// # static ARENAS: [StaticArena<8192>; 3] = [const { StaticArena::new() }; 3];
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let [text, read_only, data] = [0, 1, 2].map(|at| ARENAS[at].take().unwrap());
/// # let manager = ArenaMemoryManager::new(text, read_only, data, 16, UnprotectedPlatform);
/// # let objects = [Object::parse("answer.o", include_bytes!("../../doc/answer.o"))?];
/// # let mut scratch = [Scratch::ZERO; 32];
/// # let resolver = |_: Name<'_>| Some(TargetAddress::new(0x40_0000));
/// let mut options = PlanOptions::default();
/// options.debug = DebugSections::Plain;
/// let plan = Plan::with_options(&objects, &mut scratch, options)?;
/// let debug_size = plan.debug_size(0);
/// let module = plan.place(&manager)?.resolve(&resolver)?.seal()?;
///
/// // Nothing is compressed here, so nobody needs to uncompress.
/// let images = module.debug_images(&manager, &())?;
/// assert_eq!(images.bytes().len() as u64, debug_size);
/// let shown = __jit_debug_descriptor.register(images, __jit_debug_register_code);
///
/// // The module runs, and goes.
/// drop(shown);
/// module.unload();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct GdbJit {
    version: u32,
    action: AtomicU32,
    relevant: AtomicPtr<JitEntry>,
    first: AtomicPtr<JitEntry>,
    // GDB knows no more than the four above.
    changing: Mutex<()>,
}

/// Images that GDB knows of. Dropping it tells GDB that they go, and gives their memory back.
#[derive(Debug)]
pub struct RegisteredImages<M: MemoryManager> {
    images: DebugImages<M>,
    jit: &'static GdbJit,
    changed: extern "C" fn(),
}

impl GdbJit {
    /// A descriptor of no image.
    pub const fn new() -> Self {
        Self {
            version: 1,
            action: AtomicU32::new(NO_ACTION),
            relevant: AtomicPtr::new(ptr::null_mut()),
            first: AtomicPtr::new(ptr::null_mut()),
            changing: Mutex::new(()),
        }
    }

    /// Puts the images on the list, one by one, and calls `changed`, the client's
    /// `__jit_debug_register_code`, for each.
    ///
    /// Others who register wait meanwhile; where GDB is attached, until it has read the image.
    pub fn register<M: MemoryManager>(
        &'static self,
        images: DebugImages<M>,
        changed: extern "C" fn(),
    ) -> RegisteredImages<M> {
        for entry in images.entries() {
            let _changing = self.changing.lock();
            let first = self.first.load(SeqCst);
            if let Some(first) = NonNull::new(first) {
                // SAFETY: it is on the list, whose lock is held.
                unsafe { follow(first) }.previous.store(entry.as_ptr(), SeqCst);
            }
            // SAFETY: it is one of the images', which are here.
            unsafe { follow(entry) }.next.store(first, SeqCst);
            self.first.store(entry.as_ptr(), SeqCst);
            self.tell(REGISTER, entry, changed);
        }
        RegisteredImages { images, jit: self, changed }
    }

    /// Takes an entry off the list, and tells GDB.
    fn unregister(&self, entry: NonNull<JitEntry>, changed: extern "C" fn()) {
        let _changing = self.changing.lock();
        // SAFETY: it is on the list, whose lock is held; its images go once it is not.
        let gone = unsafe { follow(entry) };
        let (next, previous) = (gone.next.load(SeqCst), gone.previous.load(SeqCst));
        match NonNull::new(previous) {
            // SAFETY: it is on the list, whose lock is held.
            Some(previous) => unsafe { follow(previous) }.next.store(next, SeqCst),
            None => self.first.store(next, SeqCst),
        }
        if let Some(next) = NonNull::new(next) {
            // SAFETY: it is on the list, whose lock is held.
            unsafe { follow(next) }.previous.store(previous, SeqCst);
        }
        self.tell(UNREGISTER, entry, changed);
    }

    /// Has GDB look at an entry; under the lock.
    fn tell(&self, action: u32, entry: NonNull<JitEntry>, changed: extern "C" fn()) {
        self.relevant.store(entry.as_ptr(), SeqCst);
        self.action.store(action, SeqCst);
        changed();
        self.action.store(NO_ACTION, SeqCst);
        self.relevant.store(ptr::null_mut(), SeqCst);
    }
}

impl Default for GdbJit {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: MemoryManager> DebugImages<M> {
    /// The images, one by one, in the order of the objects that have some.
    pub fn images(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes();
        self.entries().map_while(move |entry| {
            // SAFETY: it is one of the images', which are here.
            let size = usize::try_from(unsafe { follow(entry) }.size.load(SeqCst)).ok()?;
            let (image, behind) = rest.split_at_checked(size)?;
            rest = behind;
            Some(image)
        })
    }

    fn entries(&self) -> impl Iterator<Item = NonNull<JitEntry>> + '_ {
        let entries = self.entries.as_ref();
        (0..self.count).filter_map(move |at| entries?.element::<JitEntry>(at))
    }
}

/// The entry at an address.
///
/// # Safety
/// The address is that of an element of a `DebugImages`' data segment, which `JitEntry::describe` has
/// written. The images live as long as the reference, which is so under the list's lock for what is on
/// the list: `RegisteredImages` takes its entries off before the segment goes.
unsafe fn follow<'e>(entry: NonNull<JitEntry>) -> &'e JitEntry {
    // SAFETY: the caller's contract. All fields are atomics, and nobody makes a `&mut` of these bytes
    // once the images are made.
    unsafe { entry.as_ref() }
}

impl<M: MemoryManager> RegisteredImages<M> {
    /// The images.
    pub fn images(&self) -> &DebugImages<M> {
        &self.images
    }
}

impl<M: MemoryManager> Drop for RegisteredImages<M> {
    fn drop(&mut self) {
        for entry in self.images.entries() {
            self.jit.unregister(entry, self.changed);
        }
    }
}
