//! What is compared: real code of every origin that a module may have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use loader_core::TlsModel;
use object::read::archive::ArchiveFile;

use super::layout::{self, hash};
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::parallel;
use crate::process;
use crate::runtime;
use crate::setup::{Tools, root};
use crate::toolchain;
use crate::visibility;

mod debugged;
mod sqlite;
mod unnamed;

/// Longest that a compiler may take.
const LIMIT: Duration = Duration::from_secs(120);
/// Members that are taken of an archive that has more.
const MEMBERS: usize = 100;
/// Of so many modules, the fast part of the corpus has one in place.
const IN_PLACE: u64 = 5;
/// The folders of `qemu-tests/cases` whose sources are objects as compilers write them.
const FOLDERS: &[&str] =
    &["basics", "cxx", "data", "encodings", "far", "init", "layout", "life", "symbols"];

/// Objects that are linked together.
#[derive(Debug)]
pub struct Module {
    /// The machine.
    pub arch: Arch,
    /// What it is, and how it was compiled.
    pub name: String,
    /// Whether its thread-local code is made local-exec.
    pub model: TlsModel,
    /// The objects.
    pub files: Vec<NamedBytes>,
}

/// How much of the corpus is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What `cargo xtask test` has time for: some members of large archives, and no SQLite.
    Fast,
    /// All of it.
    Whole,
}

/// The modules for a machine.
///
/// # Errors
/// A compiler is missing, or a source does not compile.
pub fn modules(tools: &Tools, arch: Arch, extent: Extent) -> Result<Vec<Module>> {
    let mut modules = compiled(tools, arch)?;
    modules.push(assembled(tools, arch, &[arch.name(), "values"], "")?);
    modules.push(assembled(tools, arch, &[&format!("weak-{arch}")], layout::HIGH)?);
    if arch == Arch::X86_64 {
        modules.push(assembled(tools, arch, &[arch.name(), "values"], layout::HIGH)?);
        modules.push(assembled(tools, arch, &["x86_64-gnu", "values"], "")?);
        modules.extend(unnamed::modules()?);
    }
    if arch == Arch::Riscv64 {
        for name in ["relax-riscv64", "relax-long-riscv64"] {
            modules.push(assembled(tools, arch, &[name], "")?);
        }
    }
    modules.extend(debugged::modules(tools, arch)?);
    modules.extend(thread_locals(tools, arch, TlsModel::Static)?);
    modules.extend(thread_locals(tools, arch, TlsModel::Dynamic)?);
    let demo = runtime::lua::demo(tools, arch)?.objects;
    let name = format!("lua ({} objects)", demo.len());
    modules.extend(demo.iter().map(|file| Module::of("lua", arch, file.clone())));
    modules.push(Module::new(arch, name, demo));
    let mut archives = runtime::build(tools, arch)?;
    archives.extend(toolchain::archives_in(&toolchain::library_dir(tools, arch)?));
    let gcc = tools.gcc(arch)?;
    for name in ["libc.a", "libm.a"] {
        archives.extend(gcc_file(&gcc, name));
    }
    if extent == Extent::Whole {
        archives.push(tools.libgcc(arch)?);
        modules.extend(sqlite::modules(tools, arch)?);
    }
    for path in archives {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Rust's archives have a hash in their names, which changes from version to version.
        let name = name.split_once('-').map_or(name.as_ref(), |(name, _)| name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut all = members(name, &bytes)?;
        if extent == Extent::Fast && all.len() > MEMBERS {
            // Some that stay the same from run to run.
            all.sort_by_key(|module| hash(module.name.as_bytes()));
            all.truncate(MEMBERS);
        }
        modules.extend(all);
    }
    add_twins(&mut modules, extent);
    Ok(modules)
}

/// Adds the twins of each module: to be relaxed, and to stay in its files; of these, the fast part
/// has some.
pub fn add_twins(modules: &mut Vec<Module>, extent: Extent) {
    let relaxed: Vec<_> = modules.iter().filter_map(Module::relaxed).collect();
    let taken = |module: &&Module| {
        extent == Extent::Whole || hash(module.name.as_bytes()).is_multiple_of(IN_PLACE)
    };
    let in_place: Vec<_> =
        modules.iter().filter(taken).filter_map(Module::in_place).chain(relaxed).collect();
    modules.extend(in_place);
}

impl Module {
    /// The same, as much of it as can in its files; `None` where thread-local code is not made
    /// local-exec, which has no more to stay.
    fn in_place(&self) -> Option<Self> {
        let name = format!("{}{}", self.name, layout::IN_PLACE);
        let Self { arch, model, ref files, .. } = *self;
        (model == TlsModel::Static).then(|| Self { arch, name, model, files: files.clone() })
    }

    /// The same, to be relaxed; `None` for code that is not, or not compared so.
    fn relaxed(&self) -> Option<Self> {
        let name = format!("{}{}", self.name, layout::RELAXED);
        let Self { arch, model, ref files, .. } = *self;
        let can_be = arch == Arch::Riscv64 && model == TlsModel::Static;
        can_be.then(|| Self { arch, name, model, files: files.clone() })
    }

    /// These objects as a module. What others hide that are not in it is not hidden from it.
    pub fn new(arch: Arch, name: String, mut files: Vec<NamedBytes>) -> Self {
        visibility::open(&mut files);
        Self { arch, name, model: TlsModel::Static, files }
    }

    fn of(origin: &str, arch: Arch, file: NamedBytes) -> Self {
        Self::new(arch, format!("{origin}({})", file.name), vec![file])
    }
}

/// A file of gcc's C library, where it has one that is an archive.
pub fn gcc_file(gcc: &Path, name: &str) -> Option<PathBuf> {
    let mut command = Command::new(gcc);
    let done = process::run(command.arg(format!("-print-file-name={name}")), LIMIT).ok()?;
    let path = PathBuf::from(done.stdout_text().trim());
    // Where it has none, it prints the name alone. On x86-64, libm.a is a script.
    let is_archive = |path: &PathBuf| fs::read(path).is_ok_and(|b| b.starts_with(b"!<arch>\n"));
    Some(path).filter(|path| path.is_absolute() && is_archive(path))
}

/// The objects in an archive, each a module.
///
/// # Errors
/// The archive is damaged, or a member is an object for another machine than the three.
pub fn members(origin: &str, bytes: &[u8]) -> Result<Vec<Module>> {
    let cannot_read = || format!("cannot read {origin}");
    let archive = ArchiveFile::parse(bytes).with_context(cannot_read)?;
    let mut modules = Vec::new();
    for member in archive.members() {
        let member = member.with_context(cannot_read)?;
        let data = member.data(bytes).with_context(cannot_read)?;
        if !data.starts_with(&object::elf::ELFMAG) {
            continue;
        }
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let arch = Arch::of_object(data).with_context(|| format!("{origin}({name})"))?;
        modules.push(Module::of(origin, arch, NamedBytes { name, bytes: data.to_vec() }));
    }
    Ok(modules)
}

/// An object as a module, of the same name for all objects.
///
/// # Errors
/// It is none for any of the three machines.
pub fn object(file: &NamedBytes) -> Result<Module> {
    let arch = Arch::of_object(&file.bytes).with_context(|| file.name.clone())?;
    Ok(Module::new(arch, "the objects".into(), vec![file.clone()]))
}

/// A source and the further sources that belong to its module.
struct Sources {
    name: String,
    paths: Vec<PathBuf>,
    /// Whether gcc alone takes them.
    gcc_only: bool,
}

/// The sources of the QEMU cases, compiled in more ways than are run.
fn compiled(tools: &Tools, arch: Arch) -> Result<Vec<Module>> {
    let mut jobs = Vec::new();
    for sources in sources(arch)? {
        let cxx = sources.paths.iter().any(|path| is(path, "cc"));
        for (program, flags) in ways(tools, arch, &sources, cxx)? {
            jobs.push((sources.name.clone(), sources.paths.clone(), program, flags));
        }
    }
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let modules = parallel::map(&jobs, |(name, paths, program, flags)| {
        let compiler = program.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name} [{compiler} {}]", flags.join(" "));
        let mut files = Vec::new();
        for path in paths {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let object = scratch.path().join(format!("{:016x}-{stem}.o", hash(name.as_bytes())));
            let mut command = match compiler.starts_with("clang") {
                true => arch.clang(program),
                false => Command::new(program),
            };
            command.args(flags).arg("-c").arg(path).arg("-o").arg(&object);
            process::run(&mut command, LIMIT)?.checked(&name)?;
            let bytes = fs::read(&object).context("the compiler wrote no object")?;
            files.push(NamedBytes { name: format!("{stem}.o"), bytes });
        }
        Ok(Module::new(arch, name, files))
    });
    modules.into_iter().collect()
}

/// What compilers do not write, from assembly, to be loaded where `place` says.
fn assembled(tools: &Tools, arch: Arch, sources: &[&str], place: &str) -> Result<Module> {
    let folder = root().join("xtask/src/diff/corpus");
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut files = Vec::new();
    for name in sources {
        let object = scratch.path().join(name);
        let mut command = arch.clang(&tools.clang()?);
        command.arg("-c").arg(folder.join(format!("{name}.S"))).arg("-o").arg(&object);
        process::run(&mut command, LIMIT)?.checked("clang")?;
        let bytes = fs::read(&object).context("clang wrote no object")?;
        files.push(NamedBytes { name: format!("{name}.o"), bytes });
    }
    Ok(Module::new(arch, format!("{} in assembly{place}", sources.join(" and ")), files))
}

/// Thread-local variables in all models and dialects that compilers have, and in assembly.
fn thread_locals(tools: &Tools, arch: Arch, model: TlsModel) -> Result<Vec<Module>> {
    let folder = root().join("xtask/src/diff/corpus");
    let (c, assembly) = (folder.join("tls.c"), folder.join(format!("tls-{}.S", arch.name())));
    let (gcc, clang) = (tools.gcc(arch)?, tools.clang()?);
    let dialects: &[(&Path, &str)] = match arch {
        Arch::Aarch64 => {
            &[(&gcc, "-mtls-dialect=desc"), (&gcc, "-mtls-dialect=trad"), (&clang, "")]
        }
        Arch::Riscv64 => {
            &[(&gcc, ""), (&clang, "-mtls-dialect=trad"), (&clang, "-mtls-dialect=desc")]
        }
        Arch::X86_64 => &[
            (&gcc, "-mtls-dialect=gnu"),
            (&gcc, "-mtls-dialect=gnu2"),
            (&clang, "-fno-plt"),
            (&clang, "-mtls-dialect=gnu2"),
        ],
    };
    let at_first_use = model == TlsModel::Dynamic;
    let models = ["global-dynamic", "local-dynamic", "initial-exec", "local-exec"];
    let mut jobs = vec![(clang.as_path(), assembly, String::new())];
    for (compiler, dialect) in dialects {
        let pic = |model| if model == "local-exec" { "-fno-pic" } else { "-fPIC" };
        for model in models {
            let mut flags = format!("-O2 {} -ftls-model={model} {dialect}", pic(model));
            if at_first_use && model == "local-dynamic" {
                flags += " -DOWN_ONLY";
            }
            jobs.push((compiler, c.clone(), flags));
        }
    }
    if arch == Arch::Aarch64 {
        // GNU's assembler and linker alone know these.
        for name in ["tls-aarch64-gnu.S", "tls-aarch64-large.S"] {
            jobs.push((&gcc, folder.join(name), String::new()));
        }
        jobs.push((&clang, folder.join("tls-aarch64-unknown.S"), String::new()));
        for bits in [24, 32, 48] {
            jobs.push((&clang, c.clone(), format!("-O1 -fno-pic -mtls-size={bits}")));
        }
    }
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let modules = jobs.iter().enumerate().map(|(number, (program, source, flags))| {
        let compiler = program.file_name().unwrap_or_default().to_string_lossy();
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        // GNU ld 2.40 refuses the large model's descriptors in code that lies higher.
        let place = if stem == "tls-aarch64-large" { layout::LOW } else { "" };
        let blocks = if at_first_use { ", blocks at first use" } else { "" };
        let name = format!("{stem} [{compiler} {flags}]{blocks}{place}");
        let object = scratch.path().join(number.to_string());
        let mut command = match compiler.starts_with("clang") {
            true => arch.clang(program),
            false => Command::new(program),
        };
        command.args(flags.split_whitespace()).arg("-c").arg(source).arg("-o").arg(&object);
        process::run(&mut command, LIMIT)?.checked(&name)?;
        let bytes = fs::read(&object).context("the compiler wrote no object")?;
        Ok(Module { arch, name, model, files: vec![NamedBytes { name: "tls.o".into(), bytes }] })
    });
    modules.collect()
}

/// The compilers, and the flags to call each with, for the sources of this name.
fn ways(
    tools: &Tools,
    arch: Arch,
    sources: &Sources,
    cxx: bool,
) -> Result<Vec<(PathBuf, Vec<String>)>> {
    let (gcc, clang) =
        if cxx { (tools.gxx(arch)?, tools.clangxx()?) } else { (tools.gcc(arch)?, tools.clang()?) };
    let sets: &[&str] = match arch {
        Arch::Aarch64 => &[
            "-O2 -fPIC -ffunction-sections -fdata-sections",
            "-O0 -g -fno-pic -fcommon -fasynchronous-unwind-tables",
            "-Os -fpic -mbranch-protection=standard",
            "-O3 -fno-pic -mcmodel=large",
        ],
        Arch::Riscv64 => &[
            "-O2 -fPIC -ffunction-sections -fdata-sections",
            "-O0 -g -fno-pic -mcmodel=medlow -fcommon -fasynchronous-unwind-tables",
            "-O2 -fno-pic -mcmodel=medany -falign-functions=32 -falign-loops=16",
            "-Os -fpie -mno-relax",
        ],
        Arch::X86_64 => &[
            "-O2 -fPIC -fno-plt -ffunction-sections -fdata-sections",
            "-O0 -g -fno-pic -fcommon -fasynchronous-unwind-tables",
            "-O2 -fPIC -mcmodel=large",
            "-Os -fno-pic",
        ],
    };
    let mut ways = Vec::new();
    for set in sets {
        // One compiler for each set, or the test would take twice its time.
        let first = hash(format!("{} {set}", sources.name).as_bytes()) & (1 << 16) != 0;
        let compiler = if first || sources.gcc_only { &gcc } else { &clang };
        let flags = set.split_whitespace().chain(cxx.then_some("-std=c++17"));
        ways.push((compiler.clone(), flags.map(str::to_owned).collect()));
    }
    Ok(ways)
}

/// The sources for a machine, each with those that its `with:` directive names.
fn sources(arch: Arch) -> Result<Vec<Sources>> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        let path = root().join("qemu-tests/cases").join(folder);
        let entries = fs::read_dir(&path).with_context(|| format!("no {}", path.display()))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry?.path());
        }
        paths.retain(|path| ["c", "cc", "S"].iter().any(|suffix| is(path, suffix)));
        paths.sort();
        let mut companions = Vec::new();
        let mut found = Vec::new();
        for main in paths {
            let text = fs::read_to_string(&main)?;
            let with = values(&text, "with:").map(|name| path.join(name));
            let with: Vec<PathBuf> = with.collect();
            companions.extend(with.iter().cloned());
            let archs: Vec<&str> = values(&text, "arch:").collect();
            if archs.is_empty() || archs.iter().any(|name| name.starts_with(arch.name())) {
                let stem = main.file_stem().unwrap_or_default().to_string_lossy();
                let name = format!("{folder}/{stem}");
                let gcc_only = values(&text, "compilers:").eq(["gcc"]);
                found.push(Sources { name, paths: [vec![main], with].concat(), gcc_only });
            }
        }
        found.retain(|sources| !sources.paths.first().is_some_and(|p| companions.contains(p)));
        all.extend(found);
    }
    Ok(all)
}

/// The words behind a directive, up to a comment.
fn values<'t>(text: &'t str, directive: &'t str) -> impl Iterator<Item = &'t str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let lines = lines.filter_map(move |line| line.trim().strip_prefix(directive));
    lines.flat_map(|line| line.split(';').next().unwrap_or_default().split_whitespace())
}

fn is(path: &Path, suffix: &str) -> bool {
    path.extension().is_some_and(|extension| extension == suffix)
}
