//! Running one program: load, initialise, call, finalise, unload.

use alloc::ffi::CString;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::alloc::Layout;

use loader_core::{Cycles, Keep, NAME_MAX, TargetAddress, TlsModel};
use qemu_protocol::{
    Ended, File, Harts, ManagerKind, ModuleReport, ObjectReport, Options, Outcome, Program,
    ProgramReport, Surroundings, Task,
};
use target_common::{ARGUMENTS, CallEnd};

use crate::cell::{self, Cell, Stack};
use crate::containment;
use crate::exports::Seen;
use crate::load::{self, Loaded, Wanted};
use crate::manager::{self, Book, Manager};
use crate::memory;
use crate::modules::{self, Modules};
use crate::order::{self, Step};
use crate::{harts, kernel, readme, target, tasks, threads};

/// The name of the C runtime's module.
const RUNTIME: &str = "runtime";
/// The entry that stands for the README's example, which loads the program's two objects itself.
const EXAMPLE: &str = "README.md";

/// What one load and run came to.
struct Run {
    outcome: Outcome,
    load_ns: u64,
    objects: Vec<ObjectReport>,
    loaded: [Vec<Book>; 2],
    runtime: Option<ProgramReport>,
    modules: Vec<ModuleReport>,
}

/// Runs a program as often as it asks for, on the C runtime; the reports say how the last run
/// went, or the first one that was refused or left memory behind.
pub fn run(
    runtime: &[File<'static>],
    program: &Program<'static>,
) -> (Option<ProgramReport>, ProgramReport) {
    let Surroundings { away, far, long_text, .. } = program.surroundings;
    let chosen: Vec<_> = match &program.runtime {
        None => runtime.to_vec(),
        Some(numbers) => {
            numbers.iter().filter_map(|&at| runtime.get(at as usize).copied()).collect()
        }
    };
    let runtime = &chosen;
    if program.task != Task::Call {
        return (None, tasks::run(program));
    }
    let near = manager::manager(ManagerKind::Arenas);
    let own = manager::manager(program.surroundings.manager);
    let seen = if program.options.user { Seen::Gate } else { Seen::Whole { far } };
    modules::with(seen, |modules| {
        if away != 0 {
            return memory::with_away(away, long_text, |own| {
                let arenas = Arenas { near, own };
                Runner { modules, arenas, runtime, program }.run()
            });
        }
        if far != 0 {
            memory::map_away(far);
        }
        let arenas = Arenas { near, own };
        Runner { modules, arenas, runtime, program }.run()
    })
}

/// Where a program's modules are placed.
#[derive(Clone, Copy)]
struct Arenas {
    /// The usual ones, beside the image: for the C runtime.
    near: &'static Manager,
    /// The program's own: the same, another manager's, or away from the image.
    own: &'static Manager,
}

impl Arenas {
    fn are_apart(&self) -> bool {
        !core::ptr::eq(self.near, self.own)
    }

    fn usage(&self) -> [Vec<Book>; 2] {
        [self.near.books(), self.own.books()]
    }

    /// What the program's own are called in a report where they are apart.
    const fn title(&self) -> &'static str {
        match self.own {
            Manager::Arenas(_) => "away ",
            Manager::Fixed(..) => "fixed ",
            Manager::Mpu(_) => "MPU ",
            Manager::Shared(_) => "",
        }
    }
}

/// What runs a program.
struct Runner<'p> {
    modules: &'p Modules,
    arenas: Arenas,
    runtime: &'p [File<'static>],
    program: &'p Program<'static>,
}

/// What the modules of one run are called, and the namespaces that they are in: two harts may run
/// one program at the same time, each with a C runtime of its own.
struct Names {
    /// Behind the names of modules.
    suffix: &'static str,
    /// Where the C runtime and the modules beside the main one export to.
    shared: Option<&'static str>,
    /// What sees that.
    grants: &'static [&'static str],
    /// Where the main module exports to: nobody sees it, so that it may define what others do.
    program: &'static str,
}

const ALONE: Names = Names { suffix: "", shared: None, grants: &[], program: "program" };
const FIRST: Names = Names { shared: Some("first hart"), grants: &["first hart"], ..ALONE };
const BESIDE: Names = Names {
    suffix: " on the second hart",
    shared: Some("second hart"),
    grants: &["second hart"],
    program: "program of the second hart",
};

impl Names {
    /// What a module is called: a registry takes no long names, and some programs have one.
    fn called(&self, name: &str) -> String {
        let most = NAME_MAX - self.suffix.len();
        [&name[..name.floor_char_boundary(most)], self.suffix].concat()
    }
}

impl Runner<'_> {
    fn run(&self) -> (Option<ProgramReport>, ProgramReport) {
        let before = self.arenas.usage();
        let last = match self.program.surroundings.harts {
            Harts::Both => {
                // While both run, what is in use says nothing.
                let first = || self.run_again(&FIRST, || false);
                let (first, second) = harts::join(first, || self.run_again(&BESIDE, || false));
                let is_well = first.outcome == Outcome::Ended(Ended::Returned(0));
                if is_well { second } else { first }
            }
            Harts::First | Harts::Second => {
                self.run_again(&ALONE, || self.arenas.usage() != before)
            }
        };
        let [[near, own], [near_loaded, own_loaded]] = [&before, &last.loaded];
        let mut arenas = self.arenas.near.report(near, near_loaded);
        if self.arenas.are_apart() {
            let mut apart = self.arenas.own.report(own, own_loaded);
            apart.iter_mut().for_each(|arena| arena.name.insert_str(0, self.arenas.title()));
            arenas.extend(apart);
        }
        let report = ProgramReport {
            program: self.program.name.into(),
            outcome: last.outcome,
            load_ns: last.load_ns,
            objects: last.objects,
            arenas,
            modules: last.modules,
            soaks: Vec::new(),
            measured: None,
        };
        (last.runtime, report)
    }

    /// Runs the program as often as it asks for, or until it has `leaked`, or does not end as it
    /// did.
    fn run_again(&self, names: &Names, leaked: impl Fn() -> bool) -> Run {
        let mut last = self.run_once(names);
        for _ in 1..self.program.repeat {
            if leaked() || matches!(last.outcome, Outcome::Refused { .. }) {
                break;
            }
            let next = self.run_once(names);
            let differs = !alike(&next.outcome, &last.outcome);
            last = next;
            if differs {
                break;
            }
        }
        last
    }

    fn run_once(&self, names: &Names) -> Run {
        let mut run = Run {
            outcome: Outcome::Ended(Ended::Aborted),
            load_ns: 0,
            objects: Vec::new(),
            loaded: self.arenas.usage(),
            runtime: None,
            modules: Vec::new(),
        };
        kernel::start_program();
        // For as long as anything is loaded.
        let _cell = match self.cell() {
            Ok(cell) => cell,
            Err(refused) => {
                run.outcome = refused;
                return run;
            }
        };
        if self.program.entry == EXAMPLE {
            run.outcome = self.run_example().map_or_else(|refused| refused, Outcome::Ended);
            return run;
        }
        let mut loaded = Vec::new();
        let outcome = self.load_all(names, &mut loaded, &mut run);
        let outcome = outcome.and_then(|()| match self.program.surroundings.harts {
            Harts::Both | Harts::First => self.call(&loaded),
            Harts::Second => harts::on_second(|| {
                kernel::start_program();
                self.call(&loaded)
            }),
        });
        if self.program.surroundings.limit_ms != 0 && !second_hart_comes_to_rest() {
            // It runs what is about to go.
            crate::fail("the program has ended, and the second hart runs on in it");
        }
        // The last one first: what it needs was there before it.
        let mut gone = Ok(());
        for module in loaded.iter_mut().rev() {
            gone = gone.and_then(|()| load::unload(self.modules, module));
        }
        if let (Err(Outcome::Refused { message, .. }), true) = (&gone, self.program.options.user) {
            crate::fail(format_args!("a module is not taken back from user mode: {message}"));
        }
        run.outcome = match (outcome, gone) {
            (Ok(ended), Ok(())) => Outcome::Ended(ended),
            (Err(refused), _) | (_, Err(refused)) => refused,
        };
        if !matches!(run.outcome, Outcome::Refused { .. }) {
            run.modules = loaded.into_iter().map(|module| module.report).collect();
        }
        run
    }

    /// The cell that the program runs in, if it runs in one.
    fn cell(&self) -> Result<Option<Cell>, Outcome> {
        let Surroundings { away, harts, dynamic_thread_locals, .. } = self.program.surroundings;
        let Options { user, in_place, .. } = self.program.options;
        let is_plain = away == 0 && harts == Harts::First && !dynamic_thread_locals;
        if user && (!is_plain || in_place) {
            let why =
                "a program in user mode runs on the first hart, beside the image and not in place";
            return Err(load::refusal("surroundings", why.into()));
        }
        Ok(user.then(Cell::new))
    }

    /// Runs the README's example: a module, and another one that it needs.
    fn run_example(&self) -> Result<Ended, Outcome> {
        let [blink, gpio] = &*self.program.files else { return Ok(Ended::Aborted) };
        let ran = readme::run(self.modules, self.arenas.own, gpio.bytes, blink.bytes);
        let returned = ran.map_err(|error| load::refusal("registry", error.to_string()))?;
        Ok(returned.map_or(Ended::Aborted, Ended::Returned))
    }

    /// Loads the runtime, if there is one, the modules that the program needs, and the program.
    fn load_all(
        &self,
        names: &Names,
        loaded: &mut Vec<Loaded>,
        run: &mut Run,
    ) -> Result<(), Outcome> {
        let Self { modules, arenas, runtime, program } = self;
        let called = |name| names.called(name);
        if !runtime.is_empty() {
            let name = called(RUNTIME);
            let wanted = self.wanted(names, &name, runtime, arenas.near, TlsModel::Static);
            let mut module = load::load(modules, &wanted)?;
            module.report.links.clear(); // hundreds, and always the same
            run.runtime = Some(ProgramReport {
                program: RUNTIME.into(),
                outcome: Outcome::Ended(Ended::Returned(0)),
                load_ns: module.load_ns,
                objects: core::mem::take(&mut module.objects),
                arenas: module.report.arenas.clone(),
                modules: Vec::new(),
                soaks: Vec::new(),
                measured: None,
            });
            loaded.push(module);
        }
        for step in self.steps(names)? {
            let name = called(step.name);
            let wanted = self.wanted(names, &name, &step.files, arenas.own, TlsModel::None);
            loaded.push(load::load(modules, &Wanted { parts: &step.parts, ..wanted })?);
        }
        let (name, entry) = (called(program.name), [program.entry]);
        let main = load::load(
            modules,
            &Wanted {
                files: &program.files,
                archives: &program.archives,
                options: load::options(self.thread_locals(), program.options, Keep::Named(&entry)),
                namespace: Some(names.program),
                entry: Some(program.entry),
                ..self.wanted(names, &name, &program.files, arenas.own, TlsModel::None)
            },
        )?;
        run.load_ns = main.load_ns;
        run.loaded = arenas.usage();
        run.objects = main.objects.clone();
        loaded.push(main);
        Ok(())
    }

    /// The modules that the program needs, in their order.
    fn steps(&self, names: &Names) -> Result<Vec<Step<'_>>, Outcome> {
        let reader = self.modules.reader();
        let present = |name: &str| {
            let module = reader.module(&names.called(name))?;
            Some(module.version)
        };
        let all: Vec<_> = self.program.modules.iter().collect();
        let cycles = match self.program.options.group_cycles {
            true => Cycles::Group,
            false => Cycles::Refuse,
        };
        order::steps(&all, &present, cycles)
    }

    /// A module that others may use.
    fn wanted<'w>(
        &self,
        names: &Names,
        name: &'w str,
        files: &'w [File<'static>],
        manager: &'static Manager,
        model: TlsModel,
    ) -> Wanted<'w> {
        Wanted {
            name,
            keeps_name: names.suffix.is_empty(),
            files,
            parts: &[],
            archives: &[],
            options: load::options(model, self.program.options, Keep::Exported),
            in_place: self.program.options.in_place,
            manager,
            namespace: names.shared,
            grants: names.grants,
            entry: None,
            limit_ms: self.program.surroundings.limit_ms,
        }
    }

    const fn thread_locals(&self) -> TlsModel {
        match self.program.surroundings.dynamic_thread_locals {
            true => TlsModel::Dynamic,
            false => TlsModel::Static,
        }
    }

    /// Calls initialisers, the entry and finalisers, as a C start-up file would.
    fn call(&self, loaded: &[Loaded]) -> Result<Ended, Outcome> {
        let Some(main) = loaded.last() else { return Ok(Ended::Aborted) };
        let Some(entry) = main.entry else { return Ok(Ended::Aborted) };
        let no_room = || load::refusal("threads", "no room for the threads' blocks".into());
        let mut stack = Stack::new();
        let threads =
            main.thread_locals.map(|image| threads::start(self.thread_locals(), image, &mut stack));
        let _threads = threads.map(|threads| threads.ok_or_else(no_room)).transpose()?;
        let limit_ms = self.program.surroundings.limit_ms;
        let no_room = || load::refusal("arguments", "no room for the arguments".into());
        let mut caller = Caller::new(&self.program.args, stack, limit_ms).ok_or_else(no_room)?;
        for initialiser in loaded.iter().flat_map(|module| &module.initialisers) {
            if let end @ CallEnd::Escaped(_) = caller.call(*initialiser)? {
                return Ok(kernel::ended(end));
            }
        }
        let ended = kernel::ended(caller.call(entry)?);
        let finish = loaded.first().and_then(|runtime| self.symbol(runtime, "__runtime_finish"));
        if let (Ended::Returned(_), Some(finish)) = (ended, finish) {
            caller.call(finish)?; // what `exit` does, for a program that returned from its entry
        }
        if ended != Ended::Aborted {
            let finalisers = loaded.iter().rev().flat_map(|module| &module.finalisers);
            for finaliser in finalisers.copied().chain(finish) {
                caller.call(finaliser)?; // and last the output that they left in buffers
            }
        }
        Ok(ended)
    }

    /// The address of what a module exports.
    fn symbol(&self, module: &Loaded, name: &str) -> Option<TargetAddress> {
        let reader = self.modules.reader();
        Some(reader.get(module.id)?.symbols?.get(name.into())?.address)
    }
}

/// Waits for the second hart to have nothing to do, for a second.
fn second_hart_comes_to_rest() -> bool {
    const PATIENCE_NS: u64 = 1_000_000_000;
    let begun = target::now_ns();
    while !target::second_hart_is_idle() && target::now_ns() - begun < PATIENCE_NS {
        core::hint::spin_loop();
    }
    target::second_hart_is_idle()
}

/// Whether a program ended twice in the same way; where exactly its time was over does not matter.
fn alike(one: &Outcome, other: &Outcome) -> bool {
    let both_timed_out = matches!(one, Outcome::TimedOut { .. });
    one == other || (both_timed_out && matches!(other, Outcome::TimedOut { .. }))
}

/// Calls functions of a program, all with its arguments and on its stack.
struct Caller {
    /// By when they must have returned, all of them; none where there is no limit.
    deadline_ns: Option<u64>,
    /// `int argc, char **argv`, and no environment.
    arguments: [u64; ARGUMENTS],
    stack: Stack,
}

impl Caller {
    /// Puts the arguments above the stack. `None`: there is no room.
    fn new(args: &[&str], mut stack: Stack, limit_ms: u32) -> Option<Self> {
        let mut argv = Vec::new();
        for arg in args {
            let arg = CString::new(*arg).unwrap_or_default();
            let bytes = arg.as_bytes_with_nul();
            let place = stack.take(Layout::for_value(bytes))?;
            // SAFETY: as many bytes were just taken.
            unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
            argv.push(place.expose_provenance());
        }
        argv.push(0);
        let place = stack.take(Layout::for_value(&*argv))?.cast::<usize>();
        // SAFETY: as many words were just taken, aligned as words.
        unsafe { place.copy_from_nonoverlapping(argv.as_ptr(), argv.len()) };
        let arguments = [args.len() as u64, place.expose_provenance() as u64, 0, 0, 0, 0];
        let limit_ns = containment::nanoseconds(limit_ms);
        let deadline_ns = limit_ns.map(|limit| target::now_ns() + limit);
        Some(Self { deadline_ns, arguments, stack })
    }

    fn call(&mut self, function: TargetAddress) -> Result<CallEnd, Outcome> {
        let (entry, stack) = (function.value() as usize, self.stack.region());
        // SAFETY: the function lies in a module that is loaded and sealed, and stays so for the
        // call; that it keeps to the C calling convention is what running a program means. Each hart
        // runs one program at a time, whose stack this is.
        let call = || unsafe { cell::call(entry, &self.arguments, stack) };
        let left = self.deadline_ns.map(|deadline| deadline.saturating_sub(target::now_ns()));
        containment::contained(left, call)
    }
}
