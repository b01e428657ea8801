//! Running one program: load, initialise, call, finalise, unload.

use alloc::ffi::CString;
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{Keep, TargetAddress, TlsModel};
use qemu_protocol::{
    Ended, File, ModuleReport, ObjectReport, Outcome, Program, ProgramReport, Surroundings,
};
use target_common::{CallEnd, Region};

use crate::load::{self, Loaded, Wanted};
use crate::memory::{self, Manager};
use crate::modules::{self, Modules};
use crate::{kernel, target, threads};

/// Bytes of stack that a program gets.
const STACK: usize = 1 << 20;
/// The name of the C runtime's module.
const RUNTIME: &str = "runtime";

/// What one load and run came to.
struct Run {
    outcome: Outcome,
    load_ns: u64,
    objects: Vec<ObjectReport>,
    loaded: [[u64; 3]; 2],
    runtime: Option<ProgramReport>,
    modules: Vec<ModuleReport>,
}

/// Runs a program as often as it asks for, on the C runtime; the reports say how the last run
/// went, or the first one that was refused or left memory behind.
pub fn run(
    manager: &'static Manager,
    runtime: &[File<'static>],
    program: &Program<'static>,
) -> (Option<ProgramReport>, ProgramReport) {
    let Surroundings { away, far, long_text, .. } = program.surroundings;
    modules::with(far, |modules| {
        if away != 0 {
            return memory::with_away(away, long_text, |manager_away| {
                let arenas = Arenas { near: manager, own: manager_away };
                Runner { modules, arenas, runtime, program }.run()
            });
        }
        if far != 0 {
            memory::map_away(far);
        }
        let arenas = Arenas { near: manager, own: manager };
        Runner { modules, arenas, runtime, program }.run()
    })
}

/// Where a program's modules are placed.
#[derive(Clone, Copy)]
struct Arenas {
    /// Beside the image: for the C runtime.
    near: &'static Manager,
    /// The program's own: the same, or away from it.
    own: &'static Manager,
}

impl Arenas {
    fn are_apart(&self) -> bool {
        !core::ptr::eq(self.near, self.own)
    }

    fn usage(&self) -> [[u64; 3]; 2] {
        [memory::usage(self.near), memory::usage(self.own)]
    }
}

/// What runs a program.
struct Runner<'p> {
    modules: &'p Modules,
    arenas: Arenas,
    runtime: &'p [File<'static>],
    program: &'p Program<'static>,
}

impl Runner<'_> {
    fn run(&self) -> (Option<ProgramReport>, ProgramReport) {
        let before = self.arenas.usage();
        let mut last = self.run_once();
        for _ in 1..self.program.repeat {
            let leaked = self.arenas.usage() != before;
            if leaked || !matches!(last.outcome, Outcome::Ended(_)) {
                break;
            }
            last = self.run_once();
        }
        let near = memory::arena_report(self.arenas.near, before[0], last.loaded[0]);
        let mut arenas = near.to_vec();
        if self.arenas.are_apart() {
            let mut away = memory::arena_report(self.arenas.own, before[1], last.loaded[1]);
            away.iter_mut().for_each(|arena| arena.name.insert_str(0, "away "));
            arenas.extend(away);
        }
        let report = ProgramReport {
            program: self.program.name.into(),
            outcome: last.outcome,
            load_ns: last.load_ns,
            objects: last.objects,
            arenas,
            modules: last.modules,
        };
        (last.runtime, report)
    }

    fn run_once(&self) -> Run {
        let mut run = Run {
            outcome: Outcome::Ended(Ended::Aborted),
            load_ns: 0,
            objects: Vec::new(),
            loaded: self.arenas.usage(),
            runtime: None,
            modules: Vec::new(),
        };
        let mut loaded = Vec::new();
        let outcome = self.load_all(&mut loaded, &mut run).and_then(|()| self.call(&loaded, &mut run));
        // The last one first: what it needs was there before it.
        let mut gone = Ok(());
        for module in loaded.iter_mut().rev() {
            gone = gone.and_then(|()| load::unload(self.modules, module));
        }
        run.outcome = match (outcome, gone) {
            (Ok(ended), Ok(())) => Outcome::Ended(ended),
            (Err(refused), _) | (_, Err(refused)) => refused,
        };
        if matches!(run.outcome, Outcome::Ended(_)) {
            run.modules = loaded.into_iter().map(|module| module.report).collect();
        }
        run
    }

    /// Loads the runtime, if there is one, the modules that the program needs, and the program.
    fn load_all(&self, loaded: &mut Vec<Loaded>, run: &mut Run) -> Result<(), Outcome> {
        let Self { modules, arenas, runtime, program } = self;
        let shared_options = |model| load::options(model, program.options, Keep::Exported);
        let in_place = program.options.in_place;
        let shared = |name, files, manager, options| {
            Wanted { name, files, options, in_place, manager, entry: None }
        };
        if !runtime.is_empty() {
            let wanted = shared(RUNTIME, runtime, arenas.near, shared_options(TlsModel::Static));
            let mut module = load::load(modules, &wanted)?;
            module.report.links.clear(); // hundreds, and always the same
            run.runtime = Some(ProgramReport {
                program: RUNTIME.into(),
                outcome: Outcome::Ended(Ended::Returned(0)),
                load_ns: module.load_ns,
                objects: core::mem::take(&mut module.objects),
                arenas: module.report.arenas.clone(),
                modules: Vec::new(),
            });
            loaded.push(module);
        }
        for files in &program.modules {
            let wanted = shared(files.name, &files.files, arenas.own, shared_options(TlsModel::None));
            loaded.push(load::load(modules, &wanted)?);
        }
        let model = match program.surroundings.dynamic_thread_locals {
            true => TlsModel::Dynamic,
            false => TlsModel::Static,
        };
        let entry = [program.entry];
        let wanted = Wanted {
            name: program.name,
            files: &program.files,
            options: load::options(model, program.options, Keep::Named(&entry)),
            in_place,
            manager: arenas.own,
            entry: Some(program.entry),
        };
        let main = load::load(modules, &wanted)?;
        run.load_ns = main.load_ns;
        run.loaded = arenas.usage();
        run.objects = main.objects.clone();
        loaded.push(main);
        Ok(())
    }

    /// Calls initialisers, the entry and finalisers, as a C start-up file would.
    fn call(&self, loaded: &[Loaded], run: &mut Run) -> Result<Ended, Outcome> {
        let Some(main) = loaded.last() else { return Ok(Ended::Aborted) };
        let Some(entry) = main.entry else { return Ok(Ended::Aborted) };
        run.loaded = self.arenas.usage();
        let _threads = match main.thread_locals {
            Some(image) => {
                let model = match self.program.surroundings.dynamic_thread_locals {
                    true => TlsModel::Dynamic,
                    false => TlsModel::Static,
                };
                let no_room =
                    || load::refusal("threads", "no room for the threads' blocks".into());
                Some(threads::start(model, image).ok_or_else(no_room)?)
            }
            None => None,
        };
        kernel::start_program();
        let mut caller = Caller::new(&self.program.args);
        for initialiser in loaded.iter().flat_map(|module| &module.initialisers) {
            if let end @ CallEnd::Escaped(_) = caller.call(*initialiser) {
                return Ok(kernel::ended(end));
            }
        }
        let ended = kernel::ended(caller.call(entry));
        let finish = self.modules.reader().lookup("__runtime_finish").map(|found| found.address);
        if let (Ended::Returned(_), Some(finish)) = (ended, finish) {
            caller.call(finish); // what `exit` does, for a program that returned from its entry
        }
        if ended != Ended::Aborted {
            let finalisers = loaded.iter().rev().flat_map(|module| &module.finalisers);
            for finaliser in finalisers.copied().chain(finish) {
                caller.call(finaliser); // and last the output that they left in buffers
            }
        }
        Ok(ended)
    }
}

/// Calls functions of a program, all with its arguments and on its stack.
struct Caller {
    stack: Vec<u8>,
    /// Owns what `argv` points to.
    args: Vec<CString>,
    argv: Vec<*const u8>,
}

impl Caller {
    fn new(args: &[&str]) -> Self {
        let args: Vec<CString> =
            args.iter().map(|arg| CString::new(*arg).unwrap_or_default()).collect();
        let mut argv: Vec<*const u8> = args.iter().map(|arg| arg.as_ptr().cast()).collect();
        argv.push(core::ptr::null());
        Self { stack: vec![0; STACK], args, argv }
    }

    fn call(&mut self, function: TargetAddress) -> CallEnd {
        let stack = Region { start: self.stack.as_mut_ptr().expose_provenance(), size: STACK };
        let argc = self.args.len() as i32;
        // SAFETY: the function lies in a module that is loaded and sealed, and stays so for the
        // call; that it keeps to the C calling convention is what running a program means. The
        // stack is this caller's own and `argv` ends in a null pointer.
        unsafe { target::call_program(function.value() as usize, argc, self.argv.as_ptr(), stack) }
    }
}
