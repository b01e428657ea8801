//! A session line by line.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use loader_core::PlanOptions;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::call::Call;
use super::ended::Ended;
use super::program::{self, Arguments};
use super::session::Session;
use crate::archive::Archive;
use crate::program::{Inputs, Program};
use crate::runtime;
use crate::selection::by_agent;
use crate::setup::{Tools, build_dir};
use crate::verb::qemu::runtime_archives;

/// What there is to say.
const HELP: &str = "\
load FILE...      load objects and archives as one module, and call its initialisers
call CALL         call a function: f(1, -2, 0x10, \"text\"); the word `call` may be left out
symbols [MODULE]  show the symbols of a module, or of all
map [MODULE]      show the sections of a module, or of all
unload MODULE     call a module's finalisers, and unload it
quit              leave";

/// Reads commands and carries them out, until there are no more; whether all went well, or somebody at
/// a terminal has seen which did not.
///
/// # Errors
/// The terminal fails, or the target is lost.
pub fn interact(tools: &Tools, session: &mut Session) -> Result<bool> {
    let mut shell = Shell::new(tools, session);
    let mut editor = DefaultEditor::new().context("there is no terminal")?;
    let history = build_dir().join("remote-history");
    let _ = editor.load_history(&history); // there is none the first time
    let is_seen = std::io::stdin().is_terminal();
    let prompt = if is_seen { "> " } else { "" };
    let mut is_good = true;
    loop {
        let line = match editor.readline(prompt) {
            Ok(line) => line,
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => break,
            Err(error) => return Err(error).context("cannot read a line"),
        };
        let _ = editor.add_history_entry(&line);
        if line.trim() == "quit" {
            break;
        }
        if let Err(error) = shell.obey(line.trim()) {
            if shell.session.link().is_lost() {
                let _ = editor.save_history(&history);
                return Err(error.context("the target is lost"));
            }
            println!("error: {error:#}");
            is_good &= is_seen;
        }
    }
    let _ = editor.save_history(&history); // another time it may be possible
    Ok(is_good)
}

/// What commands work on.
pub struct Shell<'s> {
    tools: &'s Tools,
    session: &'s mut Session,
    /// The archives of the C runtime, once something has asked for it.
    runtime: Option<Vec<Archive>>,
}

impl<'s> Shell<'s> {
    /// What is on a target.
    pub fn new(tools: &'s Tools, session: &'s mut Session) -> Self {
        Self { tools, session, runtime: None }
    }

    /// Carries out one command.
    ///
    /// # Errors
    /// It is none, or cannot be carried out; what it has called has not come back as it should; the
    /// target is lost.
    pub fn obey(&mut self, line: &str) -> Result<()> {
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (command, &*words) {
            ("", []) => Ok(()),
            ("help", []) => {
                println!("{HELP}");
                Ok(())
            }
            ("load", [_, ..]) => self.load(&words),
            ("call", [_, ..]) => self.call(rest),
            ("symbols", [] | [_]) => self.symbols(words.first().copied()),
            ("map", [] | [_]) => self.map(words.first().copied()),
            ("unload", [name]) => self.unload(name),
            _ if line.contains('(') => self.call(line),
            _ => bail!("`{line}` is no command; `help` shows what there is"),
        }
    }

    fn load(&mut self, files: &[&str]) -> Result<()> {
        let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let inputs = Inputs::read(&paths, Some(self.session.arch()))?;
        let name = paths.first().map(|path| program::module_name(path)).unwrap_or_default();
        if self.runtime.is_none() && self.lacks_runtime(&inputs) {
            self.runtime = Some(runtime_archives(self.tools, inputs.arch)?);
        }
        let runtime = self.runtime.as_deref().unwrap_or_default();
        let mut program =
            Program::link(self.tools, inputs, "main", runtime, runtime::ROOTS, by_agent)?;
        // Members of the runtime are loaded once each, as they have a state.
        let runtimes = self.session.loaded().iter().filter(|module| module.is_runtime);
        let members: HashSet<&str> =
            runtimes.flat_map(|module| &module.objects).map(String::as_str).collect();
        program.runtime.retain(|member| !members.contains(member.name.as_str()));
        let before = self.session.loaded().len();
        let arguments = Arguments::new(self.session, &[&name])?;
        let started = start(self.session, &program, &name, &arguments);
        if started.is_err() && !self.session.link().is_lost() {
            // All or nothing: what was loaded for it goes as well, as if it had never been started.
            while self.session.loaded().len() > before {
                self.session.discard(self.session.loaded().len() - 1)?;
            }
        }
        for module in self.session.loaded().iter().skip(before) {
            println!("loaded {}", module.name);
        }
        started.and(arguments.release(self.session))
    }

    /// Whether objects ask for anything that nothing loaded exports.
    fn lacks_runtime(&self, inputs: &Inputs) -> bool {
        let missing = inputs.missing();
        let is_there = |name: &Vec<u8>| {
            str::from_utf8(name).is_ok_and(|name| self.session.address(name).is_some())
        };
        !inputs.archives.is_empty() || !missing.iter().all(is_there)
    }

    fn call(&self, call: &str) -> Result<()> {
        let call: Call = call.parse()?;
        let ended = self.session.call(&call)?;
        // What programs print may wait in a buffer.
        if let (Ended::Returned(_), Some(finish)) = (&ended, self.session.address("fflush")) {
            self.session.call_address(finish, [0; 6])?;
        }
        match ended {
            Ended::Returned(_) | Ended::Exited(_) => println!("{ended}"),
            Ended::Aborted | Ended::Fault(_) => bail!("{ended}"),
        }
        Ok(())
    }

    fn symbols(&self, name: Option<&str>) -> Result<()> {
        for module in self.session.loaded().iter().filter(|m| name.is_none_or(|n| n == m.name)) {
            println!("{}:", module.name);
            for (address, symbol) in self.session.symbols(module) {
                println!("  {address:#012x} {symbol}");
            }
        }
        self.check_name(name)
    }

    fn map(&self, name: Option<&str>) -> Result<()> {
        for module in self.session.loaded().iter().filter(|m| name.is_none_or(|n| n == m.name)) {
            println!("{}:", module.name);
            for section in module.sections.iter().filter(|section| section.size != 0) {
                let super::SectionPlace { object, name, segment, address, size } = section;
                println!("  {address:#012x} {size:#8x} {segment:<6} {name} of {object}");
            }
        }
        self.check_name(name)
    }

    fn unload(&mut self, name: &str) -> Result<()> {
        for ended in self.session.unload(name)? {
            ensure!(matches!(ended, Ended::Returned(_)), "a finaliser has ended: {ended}");
        }
        println!("unloaded {name}");
        Ok(())
    }

    fn check_name(&self, name: Option<&str>) -> Result<()> {
        let is_known = |name| self.session.loaded().iter().any(|module| module.name == name);
        match name {
            Some(name) => {
                ensure!(is_known(name), "no module is called {name}");
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Loads a program, and calls its initialisers.
fn start(
    session: &mut Session,
    program: &Program,
    name: &str,
    arguments: &Arguments,
) -> Result<()> {
    let before = session.loaded().len();
    program::load(session, program, name, None, PlanOptions::default())?;
    let ended = program::start(session, before, arguments)?;
    ensure!(matches!(ended, Ended::Returned(_)), "an initialiser has ended: {ended}");
    Ok(())
}
