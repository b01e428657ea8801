//! The archive that cargo makes of a Rust module: what is taken of it, and what for.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use object::read::archive::ArchiveFile;

use super::build::{self, Module};
use super::judge;
use crate::arch::Arch;
use crate::archive::{NamedBytes, Symbols};
use crate::new_module::Language;
use crate::program::{Inputs, Program};
use crate::runtime;
use crate::selection::by_image;
use crate::setup::Tools;
use crate::verb::qemu;

/// Where the module's source prints how often it has greeted, and what does so with numbers that x86-64's
/// bare target calls functions for.
const INTEGER: &str = "kernel::write(itoa::Buffer::new().format(count));";
const FLOATING: &str = "let count = f64::from(count) * core::hint::black_box(1.0);
    kernel::write(&format!(\"{count:.0}\"));";

/// Of the archive alone, the module itself is taken, and of the compiler's helpers what the C runtime that
/// is loaded has not.
pub(super) fn check(tools: &Tools, module: &Module, arch: Arch) -> Result<()> {
    let program = program(tools, module, arch, false)?;
    let report = judge::run(tools, Language::Rust, arch, &program)?;
    let taken = &report.modules.last().context("no module is reported")?.taken;
    ensure!(
        taken.first().is_some_and(|first| first.symbol == "main" && first.needed_by.is_empty()),
        "the first that is taken is {:?}",
        taken.first()
    );
    let is_helper = |object: &str| object.contains("(compiler_builtins-");
    let other = taken.iter().skip(1).find(|taken| !is_helper(&taken.object));
    ensure!(other.is_none(), "{other:?} is taken, too");
    let runtime = program.runtime.iter().flat_map(|member| Symbols::of(&member.bytes).defined);
    let runtime: HashSet<Vec<u8>> = runtime.collect();
    let archive = program.archives.first().context("the archive is gone")?;
    for object in taken {
        let defined = member(archive, &object.object)?.defined;
        let twice = defined.iter().find(|name| runtime.contains(*name));
        let twice = twice.map(|name| String::from_utf8_lossy(name));
        ensure!(twice.is_none(), "{} has {twice:?}, which the C runtime has", object.object);
    }
    Ok(())
}

/// What the object needs and the C runtime has not comes from the archive beside it.
pub(super) fn helpers(tools: &Tools, module: &Module) -> Result<()> {
    let arch = Arch::X86_64;
    let source = module.folder.join("src/lib.rs");
    let text = std::fs::read_to_string(&source)?;
    ensure!(text.contains(INTEGER), "the source has no line to be replaced");
    std::fs::write(&source, text.replace(INTEGER, FLOATING))?;
    build::cargo(tools, module, arch)?;
    let (alone, both) = (object(module, arch)?, program(tools, module, arch, true)?);
    let inputs = Inputs { arch, objects: vec![alone], archives: Vec::new() };
    let archives = qemu::runtime_archives(tools, arch)?;
    let alone = Program::link(tools, inputs, "main", &archives, runtime::ROOTS, by_image)?;
    match judge::run(tools, Language::Rust, arch, &alone) {
        Err(error) if error.to_string().contains("refused in resolve") => {}
        other => bail!("the object alone needs no helpers: {other:?}"),
    }
    let report = judge::run(tools, Language::Rust, arch, &both)?;
    let taken = &report.modules.last().context("no module is reported")?.taken;
    ensure!(taken.iter().any(|taken| taken.symbol == "__muldf3"), "taken is {taken:?}");
    Ok(())
}

/// A program of the archive, with the object before it or without.
fn program(tools: &Tools, module: &Module, arch: Arch, with_object: bool) -> Result<Program> {
    let archives = qemu::runtime_archives(tools, arch)?;
    let name = format!("lib{}.a", module.project.name.as_crate());
    let path: PathBuf = ["target", arch.rust_target(), "release", &name].iter().collect();
    let bytes = std::fs::read(module.folder.join(&path))
        .with_context(|| format!("there is no {}", path.display()))?;
    let objects = with_object.then(|| object(module, arch)).transpose()?;
    let inputs = Inputs {
        arch,
        objects: objects.into_iter().collect(),
        archives: vec![NamedBytes { name, bytes }],
    };
    Program::link(tools, inputs, "main", &archives, runtime::ROOTS, by_image)
}

fn object(module: &Module, arch: Arch) -> Result<NamedBytes> {
    Ok(NamedBytes { name: module.project.object(arch), bytes: module.object(arch)? })
}

/// The symbols of the member that reports call `archive(member)`.
fn member(archive: &NamedBytes, name: &str) -> Result<Symbols> {
    let file = ArchiveFile::parse(archive.bytes.as_slice())?;
    for member in file.members() {
        let member = member?;
        let shown = format!("{}({})", archive.name, String::from_utf8_lossy(member.name()));
        if shown == name {
            return Ok(Symbols::of(member.data(archive.bytes.as_slice())?));
        }
    }
    bail!("{name} is no member")
}
