//! Measures a load: time by phase, scratch, and the arenas while the module is there.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use loader_core::{
    Error, MemoryError, MemoryManager, Module, Name, Object, Plan, PlanOptions, Scratch, Segment,
    SegmentRequest, TargetAddress,
};
use qemu_protocol::{Ended, LoadReport, Outcome, PhaseReport, Program, ProgramReport};

use crate::manager::{self, Book, Manager};
use crate::{kernel, load, target};

/// Loads the program's files as often as it asks for, calls nothing in them, and reports the last load.
pub fn run(program: &Program<'static>) -> ProgramReport {
    let manager = manager::manager(program.surroundings.manager);
    let before = manager.books();
    let mut done = Err("it is to be loaded no time at all".into());
    for _ in 0..program.repeat {
        done = measure(manager, program);
    }
    let (outcome, measured, loaded) = match done {
        Ok((report, loaded)) => (Outcome::Ended(Ended::Returned(0)), Some(report), loaded),
        Err(message) => (load::refusal("task", message), None, before.clone()),
    };
    let phases = measured.iter().flat_map(|report| &report.phases);
    ProgramReport {
        program: program.name.into(),
        outcome,
        load_ns: phases.map(|phase| phase.ns).sum(),
        objects: Vec::new(),
        arenas: manager.report(&before, &loaded),
        modules: Vec::new(),
        soaks: Vec::new(),
        measured,
    }
}

/// One load, and what is in use of the arenas once it is done: nothing is given back before.
fn measure(
    manager: &'static Manager,
    program: &Program<'static>,
) -> Result<(LoadReport, Vec<Book>), String> {
    let watch = Watch::new(manager);
    let parse = || load::parse(&program.files);
    let objects = watch.time("parse", parse).map_err(|refused| format!("{refused:?}"))?;
    let records = PlanOptions::default().scratch_len(&objects);
    let mut scratch = vec![Scratch::ZERO; records];
    let module = from_plan(&watch, &objects, &mut scratch).map_err(|error| format!("{error}"))?;
    let loaded = manager.books();
    let relocations = (0..objects.len()).map(|object| module.plan().relocations(object).count());
    let relocations = relocations.sum::<usize>() as u64;
    module.unload();
    let count = |of: fn(&Object<'static>) -> usize| objects.iter().map(of).sum::<usize>() as u64;
    let report = LoadReport {
        phases: watch.phases.take(),
        sections: count(|object| object.sections().count()),
        symbols: count(|object| object.symbols().count()),
        relocations,
        scratch_records: records as u64,
        scratch_bytes: size_of_val(&scratch[..]) as u64,
    };
    Ok((report, loaded))
}

fn from_plan<'o, 's, 'w>(
    watch: &'w Watch,
    objects: &'s [Object<'o>],
    scratch: &'s mut [Scratch],
) -> Result<Module<'o, 's, &'w Watch>, Error<'o>> {
    let plan = watch.time("plan", || Plan::new(objects, scratch))?;
    let image = watch.time("place", || plan.place(watch))?;
    // Whatever is asked for is near, so that nothing but the loader takes time.
    let near = TargetAddress::new(kernel::kernel_test_far as *const () as u64);
    let resolver = |_: Name<'_>| Some(near);
    let image = watch.time("resolve", || image.resolve(&resolver))?;
    watch.time("seal", || image.seal())
}

/// Times phases, and within them the manager that modules are placed by.
struct Watch {
    manager: &'static Manager,
    in_manager: Cell<u64>,
    phases: Cell<Vec<PhaseReport>>,
}

impl Watch {
    const fn new(manager: &'static Manager) -> Self {
        Self { manager, in_manager: Cell::new(0), phases: Cell::new(Vec::new()) }
    }

    fn time<R>(&self, name: &str, phase: impl FnOnce() -> R) -> R {
        self.in_manager.set(0);
        let start = target::now_ns();
        let result = phase();
        let (ns, manager_ns) = (target::now_ns() - start, self.in_manager.get());
        let mut phases = self.phases.take();
        phases.push(PhaseReport { name: name.into(), ns, manager_ns });
        self.phases.set(phases);
        result
    }

    fn in_manager<R>(&self, call: impl FnOnce() -> R) -> R {
        let start = target::now_ns();
        let result = call();
        self.in_manager.set(self.in_manager.get() + target::now_ns() - start);
        result
    }
}

impl MemoryManager for Watch {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        self.in_manager(|| self.manager.allocate(request))
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        self.in_manager(|| self.manager.seal(segment))
    }

    fn free(&self, segment: Segment) {
        self.in_manager(|| self.manager.free(segment));
    }
}
