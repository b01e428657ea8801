//! Which sections nothing uses, as our loader, `ld.lld --gc-sections -z nostart-stop-gc` and GNU ld
//! `--gc-sections` see it.
//!
//! ld.lld must leave out the same. GNU ld follows from an unwind table what the functions need that
//! are kept, so that of objects with exception tables it may leave out more than the other two.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use loader_core::{Keep, Object, Plan, PlanOptions, Scratch, TlsModel};
use object::LittleEndian as LE;
use object::elf::{SHF_ALLOC, STB_LOCAL, STT_FUNC};
use object::read::elf::{SectionHeader, Sym};

use super::corpus::{self, Module};
use super::layout::hash;
use super::linker::{Kind, Linker};
use super::relocations::File;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::checks::Tally;
use crate::parallel;
use crate::process;
use crate::runtime;
use crate::setup::{Tools, root};
use crate::toolchain;

/// Longest that a compiler may take.
const LIMIT: Duration = Duration::from_secs(120);
/// How many sections must be left out in all, or the comparison says nothing.
const LEAST: usize = 500;
/// How many of the functions of an object without `main` are kept.
const KEPT: usize = 20;

/// The names of sections, and how many of each name, by object.
type Sections = BTreeMap<(usize, String), usize>;

/// Compares everything, on all machines.
///
/// # Errors
/// A tool is missing, or a source does not compile.
pub fn check(tools: &Tools) -> Result<Tally> {
    let mut tally = Tally::default();
    for arch in Arch::ALL {
        let linkers: Result<Vec<_>> =
            Kind::ALL.into_iter().map(|kind| Linker::find(tools, kind, arch)).collect();
        let linkers = linkers?;
        let modules = modules(tools, arch)?;
        let mut unused = 0;
        let compared = parallel::map(&modules, |module| {
            linkers.iter().map(|linker| compare(linker, module)).collect::<Vec<_>>()
        });
        for (module, results) in modules.iter().zip(compared) {
            for (linker, result) in linkers.iter().zip(results) {
                unused += result.as_ref().unwrap_or(&0);
                tally.count(format!("{arch}, {}: {}", linker.kind.name(), module.name), result);
            }
        }
        if unused < LEAST {
            tally.fail(format!("{arch}: enough is left out"), format!("{unused} sections"));
        }
    }
    Ok(tally)
}

/// C and C++ by both compilers, Lua, and what Rust's own library is made of.
fn modules(tools: &Tools, arch: Arch) -> Result<Vec<Module>> {
    let folder = root().join("xtask/src/diff/corpus");
    let (gcc, gxx) = (tools.gcc(arch)?, tools.gxx(arch)?);
    let (clang, clangxx) = (tools.clang()?, tools.clangxx()?);
    let mut modules = Vec::new();
    for (source, compilers) in [("unused.c", [gcc, clang]), ("unused.cc", [gxx, clangxx])] {
        for compiler in compilers {
            for flags in ["-O2 -fPIC", "-O0 -fno-pic -fasynchronous-unwind-tables"] {
                let called = compiler.file_name().unwrap_or_default().to_string_lossy();
                let name = format!("{source} [{called} {flags}]");
                let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
                let object = scratch.path().join("object");
                let mut command = match called.starts_with("clang") {
                    true => arch.clang(&compiler),
                    false => Command::new(&compiler),
                };
                command.args(flags.split(' ')).args(["-ffunction-sections", "-fdata-sections"]);
                command.arg("-c").arg(folder.join(source)).arg("-o").arg(&object);
                process::run(&mut command, LIMIT)?.checked(&name)?;
                let bytes = fs::read(&object).context("the compiler wrote no object")?;
                let file = NamedBytes { name: "object.o".into(), bytes };
                modules.push(Module::new(arch, name, vec![file]));
            }
        }
    }
    let lua = runtime::lua::demo(tools, arch)?.objects;
    modules.push(Module::new(arch, "Lua".into(), lua));
    for path in toolchain::archives_in(&toolchain::library_dir(tools, arch)?) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.split_once('-').map_or(name.as_ref(), |(name, _)| name);
        if ["libcore", "liballoc"].contains(&name) {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {name}"))?;
            modules.extend(corpus::members(name, &bytes)?);
        }
    }
    Ok(modules)
}

/// Compares what our loader leaves out of a module with what a linker does; returns how much that is.
fn compare(linker: &Linker, module: &Module) -> Result<usize> {
    let parsed: Result<Vec<_>> = module.files.iter().map(|file| File::parse(&file.bytes)).collect();
    let parsed = parsed?;
    let kept = kept(&parsed)?;
    let ours = ours(module, &kept)?;
    let theirs = theirs(linker, module, &parsed, &kept)?;
    let has_tables = parsed.iter().any(|file| {
        (0..file.sections.len() as u32)
            .any(|index| file.section_name(index).starts_with(".gcc_except_table"))
    });
    let mut differences = Vec::new();
    let none = 0;
    for key in ours.keys().chain(theirs.keys()) {
        let [our, their] = [&ours, &theirs].map(|side| *side.get(key).unwrap_or(&none));
        // GNU ld does not speak of what is empty.
        let may_differ =
            linker.kind == Kind::Bfd && (may_be_empty(&parsed, key) || (has_tables && our < their));
        if our != their && !may_differ {
            differences.push(format!("{} {}: {our}, not {their}", key.0, key.1));
        }
    }
    differences.dedup();
    ensure!(differences.is_empty(), "left out are\n{}", differences.join("\n"));
    Ok(ours.values().sum())
}

/// Whether some of the sections of a name are empty.
fn may_be_empty(parsed: &[File<'_>], (object, name): &(usize, String)) -> bool {
    let file = &parsed[*object];
    let mut sections = file.sections.iter().zip(0..);
    sections.any(|(section, index)| section.sh_size(LE) == 0 && file.section_name(index) == *name)
}

/// `main`, or some functions that stay the same from run to run.
fn kept(parsed: &[File<'_>]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in parsed {
        for symbol in file.symbols.iter() {
            let is_function = symbol.st_type() == STT_FUNC && symbol.st_bind() != STB_LOCAL;
            if is_function && !symbol.is_undefined(LE) {
                let name = file.symbols.symbol_name(LE, symbol)?;
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }
    if names.iter().any(|name| name == "main") {
        return Ok(vec!["main".into()]);
    }
    names.sort_by_key(|name| hash(name.as_bytes()));
    names.truncate(KEPT);
    Ok(names)
}

fn ours(module: &Module, kept: &[String]) -> Result<Sections> {
    let parsed: Result<Vec<_>, _> =
        module.files.iter().map(|file| Object::parse(&file.name, &file.bytes)).collect();
    let objects = match parsed {
        Ok(objects) => objects,
        Err(error) => bail!("{error}"),
    };
    let names: Vec<&str> = kept.iter().map(String::as_str).collect();
    let mut options = PlanOptions::default();
    options.thread_locals = TlsModel::Static;
    options.keep = Keep::Named(&names);
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let plan = match Plan::with_options(&objects, &mut scratch, options) {
        Ok(plan) => plan,
        Err(error) => bail!("{error}"),
    };
    let mut sections = Sections::new();
    for unused in plan.unused_sections() {
        *sections.entry((unused.object, unused.section.name().to_string())).or_default() += 1;
    }
    Ok(sections)
}

/// The allocated sections that a linker says it leaves out.
fn theirs(
    linker: &Linker,
    module: &Module,
    parsed: &[File<'_>],
    kept: &[String],
) -> Result<Sections> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut objects = Vec::new();
    for (number, file) in module.files.iter().enumerate() {
        let name = format!("{number}.o");
        fs::write(folder.path().join(&name), &file.bytes).context("cannot write a file")?;
        objects.push(name);
    }
    let said = linker.said_of_unused(folder.path(), &objects, kept)?;
    let mut sections = Sections::new();
    for line in said.lines() {
        let Some((_, rest)) = line.split_once("removing unused section ") else { continue };
        // ld.lld: `0.o:(.text)`; GNU ld: `'.text' in file '0.o'`.
        let found = match rest.strip_prefix('\'') {
            Some(rest) => rest.split_once("' in file '").map(|(section, file)| (file, section)),
            None => rest.split_once(":("),
        };
        let (file, section) = found.with_context(|| format!("what is {line}"))?;
        let number = file.split_once(".o").and_then(|(number, _)| number.parse::<usize>().ok());
        let number = number.with_context(|| format!("which file is {line}"))?;
        // GNU ld names a section's group as well: `.text.f[f]`.
        let section = section.trim_end_matches(')').split('[').next().unwrap_or_default();
        let file = parsed.get(number).context("an object that is none")?;
        let mut all = file.sections.iter().zip(0..);
        // Debugging information goes with its group, and was never to be loaded; COMMON symbols
        // are not in a section of the object.
        let allocated = all.any(|(header, index)| {
            header.sh_flags(LE).0 & SHF_ALLOC.0 != 0 && file.section_name(index) == section
        });
        if allocated {
            *sections.entry((number, section.to_owned())).or_default() += 1;
        }
    }
    Ok(sections)
}
