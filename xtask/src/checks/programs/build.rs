//! Compiling the programs: for each machine in all ways, and for this one to have what to compare with.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::recipe::{Recipe, Way};
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::parallel;
use crate::process;
use crate::program::Inputs;
use crate::progress;
use crate::runtime::archives::{self, kept};
use crate::runtime::compile::machine_flags;
use crate::runtime::picolibc;
use crate::setup::{Tools, build_dir};

/// Longest that one command may take, on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(1200);

/// What came of compiling, by the name of the program.
pub struct Built {
    objects: HashMap<(&'static str, Arch, &'static str), Vec<Result<NamedBytes>>>,
    expected: HashMap<&'static str, Result<Vec<u8>>>,
}

impl Built {
    /// The objects of a program and its library; they are handed out once.
    ///
    /// # Errors
    /// One of its sources does not compile, or the library cannot be read.
    pub fn inputs(&mut self, recipe: &Recipe, arch: Arch, way: &Way) -> Result<Inputs> {
        let objects = self.objects.remove(&(recipe.name, arch, way.name));
        let objects = objects.context("it was not compiled")?;
        let objects = objects.into_iter().collect::<Result<_>>()?;
        let library = recipe.library.as_ref().and_then(|library| library.there.get(&arch));
        let archives = library.map(|path| read(path)).transpose()?.into_iter().collect();
        Ok(Inputs { arch, objects, archives })
    }

    /// What a program prints on this machine.
    pub fn expected(&self, recipe: &Recipe) -> &Result<Vec<u8>> {
        &self.expected[recipe.name]
    }
}

/// One thing to do.
enum Work<'r> {
    /// Building and running a program for this machine.
    Here(&'r Recipe),
    /// Compiling one source for another one.
    There(&'r Recipe, Arch, &'r Way, &'r Path),
}

/// What came of it.
enum Made {
    Output(Result<Vec<u8>>),
    Object(Result<NamedBytes>),
}

/// Compiles all that is not there yet, on all processors.
///
/// # Errors
/// A compiler is missing. What does not compile is told of by [`Built`].
pub fn all(tools: &Tools, recipes: &[Recipe]) -> Result<Built> {
    let mut work = Vec::new();
    for recipe in recipes {
        work.push(Work::Here(recipe));
        // Sources outside, as the first one takes longest.
        for source in &recipe.sources {
            for arch in Arch::ALL {
                let there = |way| Work::There(recipe, arch, way, source.as_path());
                work.extend(recipe.ways.iter().map(there));
            }
        }
    }
    let step = progress::counted("compiling programs", work.len());
    let made = parallel::map(&work, |work| {
        let made = match work {
            Work::Here(recipe) => Made::Output(here(tools, recipe)),
            Work::There(recipe, arch, way, source) => {
                Made::Object(there(tools, recipe, *arch, way, source))
            }
        };
        step.advance();
        made
    });
    step.finish();
    let mut built = Built { objects: HashMap::new(), expected: HashMap::new() };
    for (work, made) in work.into_iter().zip(made) {
        match (work, made) {
            (Work::Here(recipe), Made::Output(output)) => {
                built.expected.insert(recipe.name, output);
            }
            (Work::There(recipe, arch, way, _), Made::Object(object)) => {
                built.objects.entry((recipe.name, arch, way.name)).or_default().push(object);
            }
            _ => return Err(anyhow!("one thing was done for another")),
        }
    }
    Ok(built)
}

/// What a program prints when this machine's compiler has built it.
fn here(tools: &Tools, recipe: &Recipe) -> Result<Vec<u8>> {
    let compiler = tools.host_cc()?;
    let mut command = Command::new(&compiler);
    command.args(["-O0", "-w"]).args(&recipe.flags).args(&recipe.sources);
    if recipe.sources.iter().any(|source| is_cxx(source)) {
        command.arg("-lstdc++");
    }
    let mut inputs = inputs(&compiler, &command, &recipe.own)?;
    if let Some(library) = &recipe.library {
        inputs = inputs.contents(&library.here)?;
        command.arg(&library.here);
    }
    command.arg("-lm");
    let made = kept(&folder("here"), "output", &inputs, || {
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let program = scratch.path().join(recipe.name);
        process::run(command.arg("-o").arg(&program), LIMIT)?.checked("the C compiler")?;
        // The machines know no time zones.
        let mut run = Command::new(&program);
        Ok(process::run(run.env("TZ", "UTC0"), LIMIT)?.checked(recipe.name)?.stdout)
    })?;
    Ok(read(&made.path)?.bytes)
}

/// The object of one source.
fn there(
    tools: &Tools,
    recipe: &Recipe,
    arch: Arch,
    way: &Way,
    source: &Path,
) -> Result<NamedBytes> {
    let compiler = match (way.clang, is_cxx(source)) {
        (false, false) => tools.gcc(arch)?,
        (false, true) => tools.gxx(arch)?,
        (true, false) => tools.clang()?,
        (true, true) => tools.clangxx()?,
    };
    let mut command = Command::new(&compiler);
    match (way.clang, is_cxx(source)) {
        (true, false) => {
            command.args(machine_flags(arch)).args(picolibc::header_flags(arch)?);
        }
        (false, false) => {
            command.args(picolibc::gcc_header_flags(tools, arch)?);
        }
        // The headers of C++ are gcc's, which stand beside those of Linux.
        (true, true) => {
            command.arg(format!("--target={arch}-linux-gnu"));
        }
        (false, true) => {}
    }
    command.args(way.flags).arg("-w").args(&recipe.flags).arg("-c").arg(source);
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}.o");
    // What others wrote includes nothing of ours.
    let own = if recipe.is_of_others(source) { &[][..] } else { &recipe.own };
    let inputs = inputs(&compiler, &command, own)?.contents(&picolibc::configuration())?;
    let made = kept(&folder(arch.name()), &name, &inputs, || {
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let object = scratch.path().join(&name);
        let done = process::run(command.arg("-o").arg(&object), LIMIT)?;
        done.checked("the compiler").with_context(|| format!("in {}", source.display()))?;
        fs::read(&object).context("the compiler wrote no object")
    })?;
    read(&made.path)
}

/// All that decides what comes of a command, where the files of `own` are ours: packages never change,
/// and have their version in their path.
fn inputs(compiler: &Path, command: &Command, own: &[PathBuf]) -> Result<archives::Inputs> {
    let words: Vec<String> =
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let inputs = archives::Inputs::new().installed(compiler)?.words(&words);
    own.iter().try_fold(inputs, |inputs, path| inputs.contents(path))
}

fn read(path: &Path) -> Result<NamedBytes> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(NamedBytes { name, bytes })
}

fn folder(machine: &str) -> PathBuf {
    build_dir().join(machine).join("programs")
}

fn is_cxx(source: &Path) -> bool {
    source.extension().is_some_and(|extension| extension == "cc")
}
