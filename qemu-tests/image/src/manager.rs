//! The managers that modules are placed by: the core's own, each over memory of its own.

use alloc::vec;
use alloc::vec::Vec;
use core::ptr::NonNull;

use loader_core::{
    Arena, ArenaMemoryManager, FixedMemoryManager, FixedPlace, MemoryError, MemoryManager,
    MpuMemoryManager, Segment, SegmentKind, SegmentRequest, TargetAddress,
};
use qemu_protocol::{ArenaUse, Fragmentation, ManagerKind, Unit};
use spin::Once;
use target_common::Region;

use crate::memory::Pages;
use crate::target;

/// How many regions the memory protection unit has that [`Manager::Mpu`] stands for: eight, as
/// small ones do.
const MPU_REGIONS: usize = 8;

/// One of the core's memory managers.
#[derive(Debug)]
pub enum Manager {
    /// An arena for each kind of segment.
    Arenas(ArenaMemoryManager<Pages>),
    /// One place for each kind, and their sizes.
    Fixed(FixedMemoryManager<Pages>, [usize; 3]),
    /// Regions of an MPU, of a page or more.
    Mpu(MpuMemoryManager<Pages>),
    /// One arena for all kinds.
    Shared(ArenaMemoryManager<Pages>),
}

/// What is in use of one thing that a manager hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Book {
    name: &'static str,
    unit: Unit,
    size: u64,
    used: u64,
    /// Whether what is free is in one piece.
    in_one_piece: bool,
}

impl Book {
    /// What is handed out.
    pub const fn used(&self) -> u64 {
        self.used
    }
}

/// The manager of this kind, for both harts.
pub fn manager(kind: ManagerKind) -> &'static Manager {
    static ARENAS: Once<Manager> = Once::new();
    static FIXED: Once<Manager> = Once::new();
    static MPU: Once<Manager> = Once::new();
    static SHARED: Once<Manager> = Once::new();
    let parts = Parts::of_the_script();
    // The linker script reserves the regions for modules alone, the target maps them readable and
    // writable, no two parts share a byte, and each is given away once, here.
    match kind {
        ManagerKind::Arenas => ARENAS.call_once(|| {
            // SAFETY: as said above.
            unsafe { Manager::over(parts.arenas) }
        }),
        ManagerKind::Fixed => FIXED.call_once(|| {
            // SAFETY: as said above.
            unsafe { Manager::fixed(parts.fixed) }
        }),
        ManagerKind::Mpu => MPU.call_once(|| {
            // SAFETY: as said above.
            unsafe { Manager::mpu(parts.mpu) }
        }),
        ManagerKind::Shared => SHARED.call_once(|| {
            // SAFETY: as said above.
            unsafe { Manager::shared(parts.shared) }
        }),
    }
}

/// How the regions that the linker script reserves are divided.
struct Parts {
    arenas: [Region; 3],
    fixed: [Region; 3],
    mpu: [Region; 3],
    shared: Region,
}

impl Parts {
    /// Two thirds are for the usual arenas. Half of the rest is for the MPU; then come the fixed
    /// places, and behind that of the data the shared arena.
    fn of_the_script() -> Self {
        let regions = target::regions();
        let all = [regions.text, regions.rodata, regions.data];
        let arenas = all.map(|region| split(region, region.size / 3 * 2));
        let mpu = arenas.map(|(_, rest)| split(rest, rest.size / 2));
        let [text, rodata, data] = mpu.map(|(_, rest)| rest);
        let (data, shared) = split(data, data.size / 2);
        Self {
            arenas: arenas.map(|(arena, _)| arena),
            fixed: [text, rodata, data],
            mpu: mpu.map(|(arena, _)| arena),
            shared,
        }
    }
}

impl Manager {
    /// A manager of three arenas.
    ///
    /// # Safety
    /// The regions are readable and writable, not at address 0, and in use by nobody else for as
    /// long as the manager is.
    pub unsafe fn over(regions: [Region; 3]) -> Self {
        // SAFETY: the caller's contract.
        let [text, rodata, data] = regions.map(|region| unsafe { arena(region) });
        Self::Arenas(ArenaMemoryManager::new(text, rodata, data, target::PAGE, Pages))
    }

    /// # Safety
    /// As for [`over`](Self::over).
    unsafe fn fixed(regions: [Region; 3]) -> Self {
        let places = regions.map(|region| {
            // SAFETY: the caller's contract.
            FixedPlace::new(unsafe { arena(region) }, TargetAddress::new(region.start as u64))
        });
        let manager = FixedMemoryManager::new(places, target::PAGE, Pages);
        Self::Fixed(manager, regions.map(|region| region.size))
    }

    /// # Safety
    /// As for [`over`](Self::over).
    unsafe fn mpu(regions: [Region; 3]) -> Self {
        // SAFETY: the caller's contract.
        let [text, rodata, data] = regions.map(|region| unsafe { arena(region) });
        let limit = Some(MPU_REGIONS);
        Self::Mpu(MpuMemoryManager::new(text, rodata, data, target::PAGE, limit, Pages))
    }

    /// # Safety
    /// As for [`over`](Self::over).
    unsafe fn shared(region: Region) -> Self {
        // SAFETY: the caller's contract.
        let arena = unsafe { arena(region) };
        Self::Shared(ArenaMemoryManager::shared(arena, target::PAGE, Pages))
    }

    /// What is in use now, in an order that stays the same.
    pub fn books(&self) -> Vec<Book> {
        match self {
            Self::Arenas(manager) => {
                let book = |kind: SegmentKind| arena_book(kind.name(), manager, kind);
                SegmentKind::ALL.map(book).into()
            }
            Self::Fixed(manager, sizes) => {
                let book = |(kind, &size): (SegmentKind, _)| Book {
                    name: kind.name(),
                    unit: Unit::Bytes,
                    size: size as u64,
                    used: if manager.is_used(kind) { size as u64 } else { 0 },
                    in_one_piece: true,
                };
                SegmentKind::ALL.into_iter().zip(sizes).map(book).collect()
            }
            Self::Mpu(manager) => {
                let bytes = SegmentKind::ALL.map(|kind| Book {
                    name: kind.name(),
                    unit: Unit::Bytes,
                    size: (manager.used(kind) + manager.free_bytes(kind)) as u64,
                    used: manager.used(kind) as u64,
                    in_one_piece: manager.is_whole(kind),
                });
                let regions = Book {
                    name: "region",
                    unit: Unit::Regions,
                    size: MPU_REGIONS as u64,
                    used: manager.regions() as u64,
                    in_one_piece: true,
                };
                bytes.into_iter().chain([regions]).collect()
            }
            Self::Shared(manager) => vec![arena_book("shared", manager, SegmentKind::Text)],
        }
    }

    /// In how many pieces each arena is, where there are any.
    pub fn fragmentation(&self) -> Vec<Fragmentation> {
        let (manager, names) = match self {
            Self::Arenas(manager) => (manager, &SegmentKind::ALL[..]),
            Self::Shared(manager) => (manager, &[SegmentKind::Text][..]),
            Self::Fixed(..) | Self::Mpu(_) => return Vec::new(),
        };
        let arena = |&kind: &SegmentKind| Fragmentation {
            arena: kind.name().into(),
            free: manager.free_bytes(kind) as u64,
            largest: manager.largest_free(kind) as u64,
        };
        names.iter().map(arena).collect()
    }

    /// The books across the life of a program, for its report: as they were, and as they are now.
    pub fn report(&self, before: &[Book], loaded: &[Book]) -> Vec<ArenaUse> {
        let now = self.books().into_iter();
        now.zip(before.iter().zip(loaded))
            .map(|(now, (before, loaded))| ArenaUse {
                name: now.name.into(),
                unit: now.unit,
                size: now.size,
                before: before.used,
                loaded: loaded.used,
                after: now.used,
                in_one_piece: now.in_one_piece,
            })
            .collect()
    }

    /// Enters what is in use now into a report as what is left afterwards.
    pub fn close(&self, report: &mut [ArenaUse]) {
        for (arena, now) in report.iter_mut().zip(self.books()) {
            (arena.after, arena.in_one_piece) = (now.used, now.in_one_piece);
        }
    }

    fn of_the_core(&self) -> &dyn MemoryManager {
        match self {
            Self::Arenas(manager) | Self::Shared(manager) => manager,
            Self::Fixed(manager, _) => manager,
            Self::Mpu(manager) => manager,
        }
    }
}

impl MemoryManager for Manager {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        self.of_the_core().allocate(request)
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        self.of_the_core().seal(segment)
    }

    fn free(&self, segment: Segment) {
        self.of_the_core().free(segment);
    }
}

fn arena_book(name: &'static str, manager: &ArenaMemoryManager<Pages>, kind: SegmentKind) -> Book {
    let (used, free) = (manager.used(kind), manager.free_bytes(kind));
    Book {
        name,
        unit: Unit::Bytes,
        size: (used + free) as u64,
        used: used as u64,
        in_one_piece: manager.largest_free(kind) == free,
    }
}

/// # Safety
/// As for [`Manager::over`].
unsafe fn arena(region: Region) -> Arena {
    let start = NonNull::new(region.start as *mut u8).unwrap_or(NonNull::dangling());
    // SAFETY: the caller's contract; the target's memory is never given back.
    unsafe { Arena::new(start, region.size) }
}

/// The first `size` bytes of a region, and the rest.
fn split(region: Region, size: usize) -> (Region, Region) {
    let middle = region.start + size;
    (Region { size, ..region }, Region::between(middle, region.end()))
}
