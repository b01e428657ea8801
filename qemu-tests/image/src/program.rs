//! Running one program: load, initialise, call, finalise, unload.

use alloc::ffi::CString;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{Binding, Keep, Name, Resolver, TargetAddress, TlsModel};
use qemu_protocol::{Ended, File, ObjectReport, Outcome, Program, ProgramReport, Surroundings};
use target_common::{CallEnd, Region};

use crate::exports::Kernel;
use crate::load::{self, Exports, Loaded, object_reports};
use crate::memory::{self, Manager};
use crate::{fault, kernel, target, threads};

/// Bytes of stack that a program gets.
const STACK: usize = 1 << 20;

/// What one load and run came to.
struct Run {
    outcome: Outcome,
    load_ns: u64,
    objects: Vec<ObjectReport>,
    loaded: [[u64; 3]; 2],
    runtime: Option<ProgramReport>,
}

/// Runs a program as often as it asks for, on the C runtime; the reports say how the last run
/// went, or the first one that was refused or left memory behind.
pub fn run(
    manager: &Manager,
    runtime: &[File<'_>],
    program: &Program<'_>,
) -> (Option<ProgramReport>, ProgramReport) {
    let Surroundings { away, far, long_text, .. } = program.surroundings;
    if away != 0 {
        return memory::with_away(away, long_text, |manager_away| {
            run_in(Arenas { near: manager, own: manager_away }, runtime, program)
        });
    }
    if far != 0 {
        memory::map_away(far);
    }
    run_in(Arenas { near: manager, own: manager }, runtime, program)
}

/// Where a program's modules are placed.
#[derive(Clone, Copy)]
struct Arenas<'m> {
    /// Beside the image: for the C runtime.
    near: &'m Manager,
    /// The program's own: the same, or away from it.
    own: &'m Manager,
}

impl Arenas<'_> {
    fn are_apart(&self) -> bool {
        !core::ptr::eq(self.near, self.own)
    }

    fn usage(&self) -> [[u64; 3]; 2] {
        [memory::usage(self.near), memory::usage(self.own)]
    }
}

fn run_in(
    arenas: Arenas<'_>,
    runtime: &[File<'_>],
    program: &Program<'_>,
) -> (Option<ProgramReport>, ProgramReport) {
    let before = arenas.usage();
    let mut last = run_once(arenas, runtime, program);
    for _ in 1..program.repeat {
        let leaked = arenas.usage() != before;
        if leaked || !matches!(last.outcome, Outcome::Ended(_)) {
            break;
        }
        last = run_once(arenas, runtime, program);
    }
    let mut reports = memory::arena_report(arenas.near, before[0], last.loaded[0]).to_vec();
    if arenas.are_apart() {
        let mut away = memory::arena_report(arenas.own, before[1], last.loaded[1]);
        away.iter_mut().for_each(|arena| arena.name.insert_str(0, "away "));
        reports.extend(away);
    }
    let report = ProgramReport {
        program: program.name.into(),
        outcome: last.outcome,
        load_ns: last.load_ns,
        objects: last.objects,
        arenas: reports,
    };
    (last.runtime, report)
}

fn run_once(arenas: Arenas<'_>, runtime: &[File<'_>], program: &Program<'_>) -> Run {
    let mut run = Run {
        outcome: Outcome::Ended(Ended::Aborted),
        load_ns: 0,
        objects: Vec::new(),
        loaded: arenas.usage(),
        runtime: None,
    };
    run.outcome =
        with_runtime(arenas, runtime, program, &mut run).unwrap_or_else(|refused| refused);
    run
}

/// Loads the runtime, if there is one, and the program on top of it.
fn with_runtime(
    arenas: Arenas<'_>,
    files: &[File<'_>],
    program: &Program<'_>,
    run: &mut Run,
) -> Result<Outcome, Outcome> {
    let kernel = Kernel::exports(program.surroundings.far);
    if files.is_empty() {
        return with_program(arenas, &kernel, None, program, run);
    }
    let manager = arenas.near;
    let before = memory::usage(manager);
    let start = target::now_ns();
    let objects = load::parse(files)?;
    let options = load::options(TlsModel::Static, program.options, Keep::Exported);
    let mut scratch = load::scratch(&objects, options);
    let runtime = load::load(&objects, &mut scratch, options, manager, &kernel)?;
    run.runtime = Some(ProgramReport {
        program: "runtime".into(),
        outcome: Outcome::Ended(Ended::Returned(0)),
        load_ns: target::now_ns() - start,
        objects: object_reports(&runtime),
        arenas: memory::arena_report(manager, before, memory::usage(manager)).into(),
    });
    let listed = fault::enter("runtime", &runtime);
    let exports = Exports::of(&runtime);
    let resolver = |name: Name<'_>| exports.resolve(name).or_else(|| kernel.resolve(name));
    let outcome = with_program(arenas, &resolver, Some(&runtime), program, run);
    drop(listed);
    runtime.unload();
    outcome
}

fn with_program(
    arenas: Arenas<'_>,
    resolver: &dyn Resolver,
    runtime: Option<&Loaded<'_, '_>>,
    program: &Program<'_>,
    run: &mut Run,
) -> Result<Outcome, Outcome> {
    let start = target::now_ns();
    let objects = load::parse(&program.files)?;
    let model = match program.surroundings.dynamic_thread_locals {
        true => TlsModel::Dynamic,
        false => TlsModel::Static,
    };
    let entry = [program.entry];
    let options = load::options(model, program.options, Keep::Named(&entry));
    let mut scratch = load::scratch(&objects, options);
    let module = load::load(&objects, &mut scratch, options, arenas.own, resolver)?;
    run.load_ns = target::now_ns() - start;
    run.loaded = arenas.usage();
    run.objects = object_reports(&module);
    let entry = entry_of(&module, program.entry)
        .ok_or_else(|| load::refusal("entry", format!("no object defines `{}`", program.entry)))?;
    let threads = match module.thread_locals() {
        Some(image) => {
            let no_room = || load::refusal("threads", "no room for the threads' blocks".into());
            Some(threads::start(model, image).ok_or_else(no_room)?)
        }
        None => None,
    };
    let listed = fault::enter(program.name, &module);
    let ended = call(runtime, &module, entry, &program.args);
    drop(listed);
    drop(threads);
    module.unload();
    Ok(Outcome::Ended(ended))
}

/// The program's entry: an export, or, as what starts a program is no other module, a symbol
/// that is hidden from those.
fn entry_of(module: &Loaded<'_, '_>, name: &str) -> Option<TargetAddress> {
    let hidden = || {
        module
            .symbols()
            .find(|s| s.symbol.binding() != Binding::Local && s.symbol.name() == Name::from(name))
            .map(|symbol| symbol.address)
    };
    module.symbol(name).or_else(hidden)
}

/// Calls initialisers, the entry and finalisers, as a C start-up file would.
fn call(
    runtime: Option<&Loaded<'_, '_>>,
    module: &Loaded<'_, '_>,
    entry: TargetAddress,
    args: &[&str],
) -> Ended {
    kernel::start_program();
    let mut caller = Caller::new(args);
    let initialisers = runtime.iter().flat_map(|r| r.initialisers()).chain(module.initialisers());
    for initialiser in initialisers {
        if let end @ CallEnd::Escaped(_) = caller.call(initialiser) {
            return kernel::ended(end);
        }
    }
    let ended = kernel::ended(caller.call(entry));
    let finish = runtime.and_then(|runtime| runtime.symbol("__runtime_finish"));
    if let (Ended::Returned(_), Some(finish)) = (ended, finish) {
        caller.call(finish); // what `exit` does, for a program that returned from its entry
    }
    if ended != Ended::Aborted {
        let finalisers =
            module.finalisers().chain(runtime.into_iter().flat_map(|r| r.finalisers()));
        for finaliser in finalisers.chain(finish) {
            caller.call(finaliser); // and last the output that they left in buffers
        }
    }
    ended
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
