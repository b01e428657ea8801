//! What is done with a program's modules where the program is not simply run: they live in a registry
//! for long, fail at every step, are replaced while others use them, and are taken down.
//!
//! | file | what it does |
//! | --- | --- |
//! | `pool` | the program's modules, each a kind of which there can be many instances |
//! | `bench` | loads, calls and unloads an instance, and checks each step |
//! | `notes` | what finalisers leave behind |
//! | `state` | what must be as it was before |
//! | `countdown` | a memory manager that fails when it is told to |
//! | `failures`, `order`, `reload`, `soak`, `teardown` | the tasks |
//! | `measure` | what a load takes, phase by phase |
//! | `model` | what the modules of a soak should return |
//! | `lookups` | finding what the other hart loads and unloads: whole, or not at all |

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use loader_core::{RegistryError, RegistryMemory};
use qemu_protocol::{
    Ended, Harts, Outcome, Program, ProgramReport, Soak, SoakReport, Surroundings, Task,
};

use crate::exports::{self, Seen};
use crate::manager::{self, Manager};
use crate::modules::{self, Modules};
use crate::{harts, load, target};
use bench::Bench;
use countdown::Countdown;
use pool::Pool;
use state::Whole;

mod bench;
mod countdown;
mod failures;
mod lookups;
mod measure;
mod model;
mod notes;
mod order;
mod pool;
mod reload;
mod soak;
mod state;
mod teardown;

pub use notes::kernel_test_note;

/// Why a task ends early.
#[derive(Debug)]
pub enum Trouble {
    /// The registry refused something that it should not have.
    Refused(RegistryError<'static>),
    /// Something else is not as it should be.
    Wrong(String),
}

/// What comes of a step of a task.
pub type Done<T> = Result<T, Trouble>;

impl From<RegistryError<'static>> for Trouble {
    fn from(error: RegistryError<'static>) -> Self {
        Self::Refused(error)
    }
}

impl From<String> for Trouble {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::Wrong(message) => f.write_str(message),
        }
    }
}

/// Fails where two values are not the same.
pub fn same<T: PartialEq + fmt::Debug>(what: &str, found: T, expected: T) -> Done<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, and should be {expected:?}").into())
}

/// Fails with `message` where something does not hold.
pub fn check(holds: bool, message: impl FnOnce() -> String) -> Done<()> {
    if holds { Ok(()) } else { Err(message().into()) }
}

/// Does what is to be done with the program's modules.
pub fn run(program: &Program<'static>) -> ProgramReport {
    if program.task == Task::Measure {
        return measure::run(program);
    }
    let manager = manager::manager(program.surroundings.manager);
    let before = manager.books();
    let started = target::now_ns();
    let done = Pool::new(program).map_err(|trouble| format!("{trouble}"));
    let done = done.and_then(|pool| match program.surroundings.harts {
        Harts::Second => harts::on_second(|| perform(manager, &pool, program)),
        Harts::Both | Harts::First => perform(manager, &pool, program),
    });
    let load_ns = target::now_ns() - started;
    let (outcome, soaks) = match done {
        Ok(soaks) => (Outcome::Ended(Ended::Returned(0)), soaks),
        Err(message) => (load::refusal("task", message), Vec::new()),
    };
    ProgramReport {
        program: program.name.into(),
        outcome,
        load_ns,
        objects: Vec::new(),
        arenas: manager.report(&before, &before),
        modules: Vec::new(),
        soaks,
        measured: None,
    }
}

fn perform(
    manager: &'static Manager,
    pool: &Pool,
    program: &Program<'static>,
) -> Result<Vec<SoakReport>, String> {
    let alone = |task: fn(&Bench<'_, &'static Countdown>) -> Done<()>| {
        in_small_registry(manager, pool, task).map(|()| Vec::new())
    };
    let Surroundings { far, harts, .. } = program.surroundings;
    match program.task {
        Task::Call | Task::Measure => Ok(Vec::new()),
        Task::Failures => alone(failures::run),
        Task::Order => alone(order::run),
        Task::Reload => alone(reload::run),
        Task::Soak(asked) => modules::with(Seen::Whole { far }, |modules| {
            let before = Whole::of(manager, modules);
            let reports = match harts {
                Harts::Both => on_both(manager, modules, pool, asked)?,
                Harts::First | Harts::Second => vec![soak(manager, modules, pool, asked, false)?],
            };
            let after = same("after the soak", Whole::of(manager, modules), before);
            after.map_err(|trouble| format!("{trouble}"))?;
            Ok(reports)
        }),
        Task::Teardown => alone(teardown::run),
    }
}

/// A soak on each hart at the same time.
fn on_both(
    manager: &'static Manager,
    modules: &Modules,
    pool: &Pool,
    asked: Soak,
) -> Result<Vec<SoakReport>, String> {
    let run = || soak(manager, modules, pool, asked, true);
    let (first, second) = harts::join(run, run);
    Ok(vec![first?, second?])
}

fn soak(
    manager: &'static Manager,
    modules: &Modules,
    pool: &Pool,
    asked: Soak,
    beside: bool,
) -> Result<SoakReport, String> {
    let bench = Bench::new(modules, manager, pool);
    let report = soak::run(&bench, manager, asked, beside).map_err(|trouble| {
        format!("on hart {}, with seed {:#x}: {trouble}", target::hart(), asked.seed)
    })?;
    let line = format!("{} modules were loaded, called and unloaded\n", report.loads);
    target::write_console(line.as_bytes());
    Ok(report)
}

/// Performs a task in a registry of its own, small enough to be looked at as a whole at every step,
/// with a manager that can be told to fail.
fn in_small_registry(
    manager: &'static Manager,
    pool: &Pool,
    task: impl FnOnce(&Bench<'_, &'static Countdown>) -> Done<()>,
) -> Result<(), String> {
    static MEMORY: RegistryMemory<'static, &'static Countdown, 12, 256> = RegistryMemory::new();
    let registry = MEMORY
        .registry(exports::table(Seen::Whole { far: 0 }))
        .map_err(|error| format!("{error}"))?;
    let countdown = Countdown::over(manager);
    let before = Whole::of(manager, &registry);
    let done = task(&Bench::new(&registry, countdown, pool))
        .and_then(|()| same("after the task", Whole::of(manager, &registry), before));
    countdown.stop();
    done.map_err(|trouble| format!("{trouble}"))
}
