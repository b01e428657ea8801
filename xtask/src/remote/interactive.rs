//! A session line by line.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use loader_core::PlanOptions;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::call::Call;
use super::program::{self, Arguments};
use super::session::{Ended, Session};
use crate::archive::Archive;
use crate::program::{Inputs, Program};
use crate::runtime;
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

/// Reads commands and carries them out, until there are no more.
///
/// # Errors
/// The terminal fails, or the target is lost.
pub fn interact(tools: &Tools, session: &mut Session) -> Result<()> {
    let mut shell = Shell { tools, session, runtime: None, members: HashSet::new() };
    let mut editor = DefaultEditor::new().context("there is no terminal")?;
    let history = build_dir().join("remote-history");
    let _ = editor.load_history(&history); // there is none the first time
    let prompt = if std::io::stdin().is_terminal() { "> " } else { "" };
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
            println!("error: {error:#}");
        }
    }
    let _ = editor.save_history(&history); // another time it may be possible
    Ok(())
}

/// What commands work on.
struct Shell<'s> {
    tools: &'s Tools,
    session: &'s mut Session,
    /// The archives of the C runtime, once something has asked for it.
    runtime: Option<Vec<Archive>>,
    /// The members of the runtime's archives that are loaded: each once, as they have a state.
    members: HashSet<String>,
}

impl Shell<'_> {
    fn obey(&mut self, line: &str) -> Result<()> {
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
        let name = paths.first().and_then(|path| path.file_stem()).unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        if self.runtime.is_none() && self.lacks_runtime(&inputs) {
            self.runtime = Some(runtime_archives(self.tools, inputs.arch)?);
        }
        let runtime = self.runtime.as_deref().unwrap_or_default();
        let mut program = Program::link(self.tools, inputs, "main", runtime, runtime::ROOTS)?;
        program.runtime.retain(|member| !self.members.contains(&member.name));
        let before = self.session.loaded().len();
        program::load(self.session, &program, &name, None, PlanOptions::default())?;
        self.members.extend(program.runtime.into_iter().map(|member| member.name));
        let arguments = Arguments::new(self.session, &[&name])?;
        let ended = program::start(self.session, before, &arguments)?;
        for module in self.session.loaded().iter().skip(before) {
            println!("loaded {}", module.name);
        }
        ensure!(matches!(ended, Ended::Returned(_)), "an initialiser has ended: {ended}");
        arguments.release(self.session)
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
        println!("{ended}");
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
            if !matches!(ended, Ended::Returned(_)) {
                println!("a finaliser has ended: {ended}");
            }
        }
        if name.starts_with("runtime") {
            self.members.clear();
        }
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
