//! The loader: parse, plan, place, resolve and seal, again and again.

use loader_core::{
    Module, Name, Object, Plan, PlanOptions, Scratch, SegmentKind, TargetAddress, ThreadLocals,
    TlsBlock, TlsLocation, TlsModel, TlsVariable,
};

use crate::memory::{self, Manager};

/// What the object's file is called; nothing depends on it.
const NAME: &str = "object";
/// How far a thread's block is from the thread pointer: in reach of every form of access.
const THREAD_POINTER_OFFSET: i64 = 0x40;

/// An object that can be loaded as often as one likes, in memory that was taken before.
#[derive(Debug)]
pub struct Ours<'f> {
    file: &'f [u8],
    scratch: Vec<Scratch>,
    manager: Manager,
    imports: TargetAddress,
    sizes: [u64; 3],
    sections: u32,
}

impl<'f> Ours<'f> {
    /// Plans the object once, and takes the memory that it needs. All of its imports will lie at
    /// `imports`: looking them up is the client's, and is to cost nothing.
    ///
    /// # Errors
    /// The loader's words, where it refuses the object.
    pub fn new(file: &'f [u8], imports: u64) -> Result<Self, String> {
        let objects = [Object::parse(NAME, file).map_err(|error| error.to_string())?];
        let mut scratch = vec![Scratch::ZERO; options().scratch_len(&objects)];
        let plan = Plan::with_options(&objects, &mut scratch, options());
        let plan = plan.map_err(|error| error.to_string())?;
        let segments = SegmentKind::ALL.map(|kind| plan.segment(kind));
        let manager = memory::manager(segments.map(|segment| (segment.size, segment.align)))?;
        let sizes = segments.map(|segment| segment.size);
        let sections = objects[0].section_count();
        let imports = TargetAddress::new(imports);
        Ok(Self { file, scratch, manager, imports, sizes, sections })
    }

    /// Loads the object and unloads it; says what time it was before the first phase and behind each
    /// of the five.
    ///
    /// # Errors
    /// The loader's words, where it refuses the object.
    pub fn load<T>(&mut self, now: impl FnMut() -> T) -> Result<[T; 6], String> {
        self.load_and(now, |module| module.unload())
    }

    /// The same; what becomes of the module is for `end` to say.
    pub(crate) fn load_and<T>(
        &mut self,
        mut now: impl FnMut() -> T,
        end: impl FnOnce(Module<'_, '_, &Manager>),
    ) -> Result<[T; 6], String> {
        let imports = self.imports;
        let resolver = |_: Name<'_>| Some(imports);
        let refused = |error: loader_core::Error<'_>| error.to_string();
        let start = now();
        let objects = [Object::parse(NAME, self.file).map_err(refused)?];
        let parsed = now();
        let plan = Plan::with_options(&objects, &mut self.scratch, options()).map_err(refused)?;
        let planned = now();
        let image = plan.place(&self.manager).map_err(refused)?;
        let placed = now();
        let image = image.resolve_with(&resolver, &Threads).map_err(refused)?;
        let resolved = now();
        let module = image.seal().map_err(refused)?;
        let sealed = now();
        end(module);
        Ok([start, parsed, planned, placed, resolved, sealed])
    }

    /// Working memory that the loader is lent, in bytes.
    pub fn scratch_bytes(&self) -> usize {
        size_of_val(self.scratch.as_slice())
    }

    /// Bytes of text, read-only data and data.
    pub const fn segments(&self) -> [u64; 3] {
        self.sizes
    }

    /// Sections of the file.
    pub const fn sections(&self) -> u32 {
        self.sections
    }
}

fn options() -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    options.thread_locals = TlsModel::Static;
    options
}

/// Thread-local storage in which everything has its place already.
struct Threads;

impl ThreadLocals for Threads {
    fn block(&self, _: TlsBlock) -> Option<TlsLocation> {
        Some(TlsLocation { module: 1, thread_pointer_offset: Some(THREAD_POINTER_OFFSET) })
    }

    fn variable(&self, _: Name<'_>) -> Option<TlsVariable> {
        let location = TlsLocation { module: 0, thread_pointer_offset: Some(0) };
        Some(TlsVariable { location, offset: 0x10 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IMPORTS, Kind};
    use loader_core::Machine;

    #[test]
    fn the_clock_is_read_around_each_phase() {
        let file = Kind::Calls.generate(Machine::X86_64, 10).unwrap();
        let mut ours = Ours::new(&file, IMPORTS).unwrap();
        let mut time = 0;
        let read = ours.load(|| {
            time += 1;
            time
        });
        assert_eq!(read, Ok([1, 2, 3, 4, 5, 6]));
        assert!(ours.scratch_bytes() > 0 && ours.segments()[0] > 50);
    }

    #[test]
    fn memory_comes_back() {
        let file = Kind::Symbols.generate(Machine::Aarch64, 100).unwrap();
        let mut ours = Ours::new(&file, IMPORTS).unwrap();
        // A module that stays has the memory: there is none for a second one.
        ours.load_and(|| (), |module| std::mem::forget(module)).unwrap();
        let mut refused = false;
        for _ in 0..64 {
            refused |= ours.load_and(|| (), |module| std::mem::forget(module)).is_err();
        }
        assert!(refused);
        let mut ours = Ours::new(&file, IMPORTS).unwrap();
        for _ in 0..64 {
            ours.load(|| ()).unwrap();
        }
    }

    #[test]
    fn what_the_loader_says_is_passed_on() {
        assert!(Ours::new(b"no object", IMPORTS).unwrap_err().contains("ELF"));
        // No branch where a relocation says that there is one.
        let mut file = Kind::Calls.generate(Machine::Aarch64, 1).unwrap();
        let bl = file.windows(4).position(|word| word == [0, 0, 0, 0x94]).unwrap();
        file[bl..bl + 4].fill(0);
        let mut ours = Ours::new(&file, IMPORTS).unwrap();
        assert!(ours.load(|| ()).unwrap_err().contains("R_AARCH64_CALL26"));
    }
}
