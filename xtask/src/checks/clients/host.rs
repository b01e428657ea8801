//! A program in C, and the same in C++, that loads modules into itself: `loader-capi/tests`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{files, library, must};
use crate::arch::Arch;
use crate::checks::{Context, Tally};
use crate::setup::{Tools, root};

/// A way to compile the program.
struct Way {
    name: &'static str,
    compiler: fn(&Tools) -> Result<PathBuf>,
    /// What the modules in C are compiled with.
    modules: fn(&Tools) -> Result<PathBuf>,
    flags: &'static [&'static str],
}

const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Werror", "-g"];

const C: &[&str] = &["-std=c11", "-O2"];
const CXX: &[&str] = &["-x", "c++", "-std=c++17", "-O2"];
const SANITIZED: &[&str] =
    &["-std=c11", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover"];

const WAYS: &[Way] = &[
    Way { name: "gcc", compiler: gcc, modules: gcc, flags: C },
    Way { name: "gcc with sanitizers", compiler: gcc, modules: gcc, flags: SANITIZED },
    Way { name: "clang", compiler: Tools::clang, modules: Tools::clang, flags: C },
    Way { name: "g++", compiler: gxx, modules: gcc, flags: CXX },
    Way { name: "clang++", compiler: Tools::clangxx, modules: Tools::clang, flags: CXX },
];

fn gcc(tools: &Tools) -> Result<PathBuf> {
    tools.gcc(Arch::X86_64)
}

fn gxx(tools: &Tools) -> Result<PathBuf> {
    tools.gxx(Arch::X86_64)
}

/// Compiles and runs it in every way.
pub(super) fn run(context: &Context, tally: &mut Tally) -> Result<()> {
    let tools = &context.tools;
    let library = library::host()?;
    let folder = tempfile::tempdir()?;
    for way in WAYS {
        let objects = folder.path().join(way.name.replace(' ', "-"));
        std::fs::create_dir(&objects)?;
        let done = compile_objects(tools, way, &objects)
            .and_then(|()| compile(tools, way, &library, &objects.join("program")))
            .and_then(|program| must(Command::new(program).arg(&objects)));
        tally.count(format!("the C API in this process, by {}", way.name), done);
    }
    Ok(())
}

/// The modules: those in C by the same compiler, those in assembly for the machine that they name.
fn compile_objects(tools: &Tools, way: &Way, to: &Path) -> Result<()> {
    let folder = root().join("loader-capi/tests/objects");
    let object = |source: &Path| {
        let stem = source.file_stem().unwrap_or_default();
        to.join(stem).with_added_extension("o")
    };
    for source in files(&folder, "c")? {
        let mut command = Command::new((way.modules)(tools)?);
        command.args(["-O1", "-fPIC", "-ffunction-sections", "-c"]).arg(&source);
        must(command.arg("-o").arg(object(&source)))?;
    }
    for source in files(&folder, "s")? {
        let name = source.file_stem().and_then(|stem| Path::new(stem).extension());
        let arch = Arch::ALL.into_iter().find(|arch| name.is_some_and(|name| name == arch.name()));
        let Some(arch) = arch else { bail!("{} names no machine", source.display()) };
        let mut command = arch.clang(&tools.clang()?);
        must(command.arg("-c").arg(&source).arg("-o").arg(object(&source)))?;
    }
    Ok(())
}

fn compile(tools: &Tools, way: &Way, library: &Path, program: &Path) -> Result<PathBuf> {
    let folder = root().join("loader-capi/tests");
    let mut command = Command::new((way.compiler)(tools)?);
    command.args(way.flags).args(WARNINGS).arg("-I").arg(root().join("loader-capi/include"));
    command.args(files(&folder, "c")?);
    if way.flags.contains(&"-x") {
        command.args(["-x", "none"]);
    }
    command.arg(library).arg("-o").arg(program);
    must(&mut command).with_context(|| format!("by {}", way.name))?;
    Ok(program.to_owned())
}
