//! A whole program on a target, run as the system image runs it.

use std::path::Path;

use anyhow::Result;
use loader_core::PlanOptions;

use super::ended::Ended;
use super::session::Session;
use super::wanted::Wanted;
use crate::program::Program;

/// What leaves a program that has returned from its entry, and what is called last.
const FINISH: &str = "__runtime_finish";

/// What the module of a file is called, unless it says so itself.
pub fn module_name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Loads a program's modules, the C runtime first, without calling anything.
///
/// # Errors
/// A module is refused, or the target is lost.
pub fn load(
    session: &mut Session,
    program: &Program,
    name: &str,
    entry: Option<&str>,
    options: PlanOptions<'_>,
) -> Result<()> {
    if !program.runtime.is_empty() {
        let is_free = |name: &String| session.loaded().iter().all(|module| module.name != *name);
        let names = ["runtime".to_owned()].into_iter().chain((2..).map(|n| format!("runtime{n}")));
        let name = names.into_iter().find(is_free).unwrap_or_default();
        let files = &program.runtime;
        let wanted = Wanted { name: &name, files, is_runtime: true, options, ..Wanted::default() };
        session.load(&wanted)?;
    }
    for (name, file) in &program.modules {
        let files = std::slice::from_ref(file);
        let wanted = Wanted { name, keeps_name: true, files, options, ..Wanted::default() };
        session.load(&wanted)?;
    }
    if !program.files.is_empty() || !program.archives.is_empty() {
        let Program { files, archives, .. } = program;
        let is_program = entry.is_some();
        let wanted = Wanted {
            name,
            files,
            archives,
            entry,
            has_threads: true,
            is_program,
            options,
            ..Wanted::default()
        };
        session.load(&wanted)?;
    }
    Ok(())
}

/// Loads a program, calls initialisers, its entry as `int ENTRY(int argc, char **argv)` and
/// finalisers, and unloads it.
///
/// # Errors
/// A module is refused, or the target is lost.
pub fn run(
    session: &mut Session,
    program: &Program,
    entry: &str,
    argv: &[&str],
    options: PlanOptions<'_>,
) -> Result<Ended> {
    let name = argv.first().copied().unwrap_or("program");
    load(session, program, name, Some(entry), options)?;
    let arguments = Arguments::new(session, argv)?;
    let mut ended = start(session, 0, &arguments)?;
    let entry = session.loaded().last().and_then(|module| module.entry);
    if let (Ended::Returned(_), Some(entry)) = (&ended, entry) {
        ended = session.call_address(entry.value(), arguments.registers())?;
    }
    finish(session, &ended, &arguments)?;
    arguments.release(session)?;
    Ok(ended)
}

/// Calls the initialisers of the modules from one on, until one does not return.
///
/// # Errors
/// The target is lost.
pub fn start(session: &Session, from: usize, arguments: &Arguments) -> Result<Ended> {
    let modules = session.loaded().iter().skip(from);
    for function in modules.flat_map(|module| &module.initialisers) {
        let ended = session.call_address(function.value(), arguments.registers())?;
        if !matches!(ended, Ended::Returned(_)) {
            return Ok(ended);
        }
    }
    Ok(Ended::Returned(0))
}

/// Calls what a C start-up file calls when a program has ended so, and unloads all modules.
///
/// # Errors
/// The target is lost.
pub fn finish(session: &mut Session, ended: &Ended, arguments: &Arguments) -> Result<()> {
    let finish = session.address(FINISH);
    if let (Ended::Returned(_), Some(finish)) = (ended, finish) {
        session.call_address(finish, arguments.registers())?; // what `exit` does
    }
    if matches!(ended, Ended::Returned(_) | Ended::Exited(_)) {
        let finalisers = session.loaded().iter().rev().flat_map(|module| &module.finalisers);
        // And last the output that they left in buffers.
        for finaliser in finalisers.map(|address| address.value()).chain(finish) {
            session.call_address(finaliser, arguments.registers())?;
        }
    }
    while let Some(last) = session.loaded().len().checked_sub(1) {
        session.discard(last)?;
    }
    Ok(())
}

/// `argc` and `argv` on the target.
#[derive(Debug)]
pub struct Arguments {
    count: u64,
    address: u64,
    size: u64,
}

impl Arguments {
    /// Puts them there.
    ///
    /// # Errors
    /// There is no room, or the target is lost.
    pub fn new(session: &Session, argv: &[&str]) -> Result<Self> {
        let words = (argv.len() + 1) * 8;
        let size = words + argv.iter().map(|argument| argument.len() + 1).sum::<usize>();
        let address = session.link().reserve(size as u64, 16)?;
        let (mut bytes, mut strings) = (Vec::new(), Vec::new());
        for argument in argv {
            bytes.extend((address + (words + strings.len()) as u64).to_le_bytes());
            strings.extend_from_slice(argument.as_bytes());
            strings.push(0);
        }
        bytes.extend([0; 8]);
        bytes.append(&mut strings);
        session.link().fill(address, &bytes)?;
        Ok(Self { count: argv.len() as u64, address, size: size as u64 })
    }

    /// What a function is called with that takes them.
    pub const fn registers(&self) -> [u64; 6] {
        [self.count, self.address, 0, 0, 0, 0]
    }

    /// Takes them back.
    ///
    /// # Errors
    /// The target is lost.
    pub fn release(self, session: &Session) -> Result<()> {
        session.link().release(self.address, self.size)
    }
}
