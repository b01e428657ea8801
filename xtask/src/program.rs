//! Putting a program together: the user's files, what they need of their archives, and what they
//! need of Rust's core library. What they need of C comes from the runtime, as a module apart.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use loader_core::ArchiveMember;

use crate::arch::Arch;
use crate::archive::{Archive, Linker, NamedBytes, Symbols};
use crate::modules;
use crate::selection::{self, Kernel, by_agent};
use crate::setup::Tools;
use crate::toolchain;

/// Files as the user gave them, read and told apart.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// What machine they are all for.
    pub arch: Arch,
    /// The objects, in the order given.
    pub objects: Vec<NamedBytes>,
    /// The archives, in the order given.
    pub archives: Vec<NamedBytes>,
}

/// A program and the part of the C runtime that it needs, ready to be handed to the image.
#[derive(Debug)]
pub struct Program {
    /// The objects of the program's main module, those of Rust's core library included.
    pub files: Vec<NamedBytes>,
    /// Archives, of which the image takes what is needed.
    pub archives: Vec<NamedBytes>,
    /// The other modules, by name, in an order in which they can be loaded.
    pub modules: Vec<(String, NamedBytes)>,
    /// The members of the runtime's archives.
    pub runtime: Vec<NamedBytes>,
}

/// Members of archives, each once.
#[derive(Debug, Default)]
pub struct Members {
    all: Vec<NamedBytes>,
    /// Where those of a name are: members of two archives may have one.
    by_name: HashMap<String, Vec<usize>>,
}

impl Members {
    /// Adds a member, if it is not there; where it is.
    pub fn add(&mut self, member: NamedBytes) -> u32 {
        let same_name = self.by_name.entry(member.name.clone()).or_default();
        let known = same_name.iter().find(|&&at| self.all[at] == member).copied();
        let at = known.unwrap_or_else(|| {
            same_name.push(self.all.len());
            self.all.push(member);
            self.all.len() - 1
        });
        at as u32
    }

    /// All of them.
    pub fn all(&self) -> &[NamedBytes] {
        &self.all
    }
}

/// What several programs of one boot need of the C runtime: each member once, and which are whose.
#[derive(Debug)]
pub struct SharedRuntime {
    members: Members,
    of_programs: Vec<Vec<u32>>,
}

impl SharedRuntime {
    /// Takes from programs what they have of the runtime.
    pub fn take<'p>(programs: impl IntoIterator<Item = &'p mut Program>) -> Self {
        let mut members = Members::default();
        let of_program = |program: &'p mut Program| {
            let own = std::mem::take(&mut program.runtime);
            own.into_iter().map(|member| members.add(member)).collect()
        };
        let of_programs = programs.into_iter().map(of_program).collect();
        Self { members, of_programs }
    }

    /// All members.
    pub fn members(&self) -> &[NamedBytes] {
        self.members.all()
    }

    /// Which of the members a program has, by where it was among them all.
    pub fn of_program(&self, at: usize) -> Vec<u32> {
        self.of_programs.get(at).cloned().unwrap_or_default()
    }
}

impl Inputs {
    /// Reads `files`, which must all be for one machine: for `arch`, where that is given.
    ///
    /// # Errors
    /// A file cannot be read, is neither object nor archive, or is for another machine.
    pub fn read(files: &[PathBuf], arch: Option<Arch>) -> Result<Self> {
        let mut known = arch.map(|arch| (arch, "--arch".to_owned()));
        let (mut objects, mut archives) = (Vec::new(), Vec::new());
        for path in files {
            let shown = path.display();
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
            let is_archive = Archive::is_archive(&bytes);
            let found = if is_archive {
                let name = name_of(path);
                let archive = loader_core::Archive::parse(&name, &bytes)
                    .map_err(|error| anyhow!("{shown} cannot be used: {error}"))?;
                let first = archive.members().find(ArchiveMember::is_elf);
                let first = first.map(|member| Arch::of_object(member.bytes)).transpose();
                archives.push(NamedBytes { name, bytes });
                first.with_context(|| format!("in {shown}"))?
            } else {
                let arch =
                    Arch::of_object(&bytes).with_context(|| format!("{shown} is refused"))?;
                objects.push(NamedBytes { name: name_of(path), bytes });
                Some(arch)
            };
            match (&known, found) {
                (Some((arch, by)), Some(found)) if *arch != found => {
                    bail!("{shown} is for {found}, but {by} says {arch}");
                }
                (None, Some(found)) => known = Some((found, shown.to_string())),
                _ => {}
            }
        }
        let Some((arch, _)) = known else { bail!("these archives hold no object") };
        Ok(Self { arch, objects, archives })
    }

    /// Whether they ask for anything but each other and what the target itself has.
    pub fn need_runtime(&self) -> bool {
        !self.archives.is_empty() || self.missing().iter().any(|name| !by_agent(name))
    }

    /// The symbols that the objects need and none of them defines.
    pub fn missing(&self) -> Vec<Vec<u8>> {
        let symbols = self.objects.iter().map(|file| Symbols::of(&file.bytes));
        let (mut defined, mut undefined) = (HashSet::new(), Vec::new());
        for symbols in symbols {
            defined.extend(symbols.defined);
            undefined.extend(symbols.undefined);
        }
        undefined.retain(|name| !defined.contains(name));
        undefined
    }
}

impl Program {
    /// Puts `inputs` together for what runs on `kernel`; `entry` is the function that will be called.
    ///
    /// What nothing here provides is left for the image to refuse: only it knows all that it
    /// exports.
    ///
    /// # Errors
    /// An archive of Rust's core library cannot be read.
    pub fn link(
        tools: &Tools,
        inputs: Inputs,
        entry: &str,
        runtime: &[Archive],
        roots: &[&str],
        kernel: Kernel,
    ) -> Result<Self> {
        let Inputs { arch, objects, archives } = inputs;
        let (mut files, modules) = split(objects, entry);
        let mut elsewhere = HashSet::new();
        for (_, file) in &modules {
            elsewhere.extend(Symbols::of(&file.bytes).defined);
        }
        let outside = |name: &[u8]| kernel(name) || elsewhere.contains(name);
        let choose = |files: &[NamedBytes], provided: &dyn Fn(&[u8]) -> bool| {
            selection::linker(&lent(files), &lent(&archives), entry, provided)
        };
        let mut linker = choose(&files, &outside);
        let in_runtime =
            |name: &[u8]| outside(name) || runtime.iter().any(|archive| archive.defines(name));
        if linker.missing().any(|name| is_rust(name) && !in_runtime(name)) {
            for dir in toolchain::library_dirs(tools, arch) {
                files.extend(from_core_library(&mut linker, &dir, in_runtime)?);
            }
        }
        // Each module by itself: what one defines, another may still need of the runtime.
        let mut apart = vec![linker];
        for (_, file) in &modules {
            let mut module = Linker::default();
            module.add(&file.bytes);
            apart.push(module);
        }
        let is_served = |linker: &Linker| {
            linker.missing().any(|name| runtime.iter().any(|archive| archive.defines(name)))
        };
        // A program that brings its own C library gets no other.
        if !archives.is_empty() && !apart.iter().any(is_served) {
            return Ok(Self { files, archives, modules, runtime: Vec::new() });
        }
        let mut members = runtime_for(&apart, runtime, roots, kernel);
        if !archives.is_empty() {
            // What the runtime has, the image does not take from the archives.
            let members_define = members.iter().flat_map(|m| Symbols::of(&m.bytes).defined);
            let defined: HashSet<Vec<u8>> = members_define.collect();
            apart.push(choose(&files, &|name| outside(name) || defined.contains(name)));
            members = runtime_for(&apart, runtime, roots, kernel);
        }
        Ok(Self { files, archives, modules, runtime: members })
    }
}

/// Files as what only reads them takes them.
fn lent(files: &[NamedBytes]) -> Vec<selection::File<'_>> {
    files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect()
}

/// The objects of the main module, and the modules that come with names of their own.
fn split(objects: Vec<NamedBytes>, entry: &str) -> (Vec<NamedBytes>, Vec<(String, NamedBytes)>) {
    let files: Vec<_> = objects.iter().map(|file| (&*file.name, &*file.bytes)).collect();
    let split = modules::split(&files, entry);
    let modules = split.modules.iter().map(|&(at, name)| (name.to_owned(), objects[at].clone()));
    let modules = modules.collect();
    (split.main.iter().map(|&at| objects[at].clone()).collect(), modules)
}

/// The members of the runtime's archives that each of `programs` needs, and `roots`, which the
/// kernel calls. What one program defines, another may still need.
pub fn runtime_for(
    programs: &[Linker],
    archives: &[Archive],
    roots: &[&str],
    kernel: Kernel,
) -> Vec<NamedBytes> {
    wanted_of_runtime(programs, roots).pull(archives, kernel)
}

/// A linker that wants of the runtime what `programs` miss, and `roots`. The runtime is a module of its
/// own, loaded first: what programs define is not for it.
pub fn wanted_of_runtime(programs: &[Linker], roots: &[&str]) -> Linker {
    let mut linker = Linker::default();
    for root in roots {
        linker.want(root.as_bytes().to_vec());
    }
    for program in programs {
        program.missing().for_each(|name| linker.want(name.to_vec()));
    }
    linker
}

/// The members of one build of Rust's core library that are needed, if it is the build that the
/// program was compiled against: names hold hashes, so no other has what is asked for.
fn from_core_library(
    linker: &mut Linker,
    dir: &Path,
    in_runtime: impl Fn(&[u8]) -> bool,
) -> Result<Vec<NamedBytes>> {
    let paths = toolchain::archives_in(dir);
    let libraries: Vec<Archive> =
        paths.iter().map(|path| Archive::open(path)).collect::<Result<_>>()?;
    let defines = |name: &[u8]| libraries.iter().any(|library| library.defines(name));
    if !linker.missing().any(|name| is_rust(name) && defines(name)) {
        return Ok(Vec::new());
    }
    // The library's own helpers come first: they pass floating-point numbers as it does, which
    // is not as C does on bare x86-64.
    let elsewhere = |name: &[u8]| in_runtime(name) && !(name.starts_with(b"__") && defines(name));
    let members = linker.pull(&libraries, elsewhere).into_iter();
    Ok(members.map(|member| NamedBytes { name: without_hashes(&member.name), ..member }).collect())
}

/// `libcore-HASH.rlib(core-HASH.core.HASH-cgu.0.rcgu.o)` as people would say it.
fn without_hashes(name: &str) -> String {
    let Some((library, member)) = name.split_once('(') else { return name.to_owned() };
    let library = library.split_once('-').map_or(library, |(library, _)| library);
    let member = member.rsplit_once('-').map_or(member, |(_, member)| member);
    format!("{library}({member}")
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Whether a symbol is one of Rust's own, by either of its manglings, or of its allocator.
fn is_rust(name: &[u8]) -> bool {
    [&b"_R"[..], b"_ZN4core", b"_ZN5alloc", b"__rust", b"rust_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || is_legacy_hash(name)
}

/// Whether a name ends as rustc's older mangling does: `17h`, sixteen hexadecimal digits, `E`.
fn is_legacy_hash(name: &[u8]) -> bool {
    let Some((hash, [b'E'])) = name.split_at_checked(name.len().saturating_sub(1)) else {
        return false;
    };
    let Some((mark, digits)) =
        hash.len().checked_sub(19).and_then(|at| hash.get(at..)?.split_at_checked(3))
    else {
        return false;
    };
    mark == b"17h" && digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_are_known() {
        let names: [&[u8]; 4] = [
            b"_RNvCs123_4core9panicking5panic",
            b"_ZN4core9panicking5panic17h0123456789abcdefE",
            b"_ZN60_$LT$u8$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
            b"__rust_alloc",
        ];
        assert!(names.iter().all(|name| is_rust(name)));
        let others: [&[u8]; 5] = [b"", b"E", b"memcpy", b"_ZN3foo3barEv", b"_ZN3foo17hEv"];
        assert!(!others.iter().any(|name| is_rust(name)));
    }

    #[test]
    fn hashes_are_left_out_of_names() {
        let name = "libcore-1e028c497e00fdd6.rlib(core-1e028c497e00fdd6.core.8277-cgu.0.rcgu.o)";
        assert_eq!(without_hashes(name), "libcore(cgu.0.rcgu.o)");
        assert_eq!(without_hashes("a.o"), "a.o");
    }

    #[test]
    fn files_for_two_machines_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, arch: Arch| {
            let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
            bytes.resize(64, 0);
            bytes[18..20].copy_from_slice(&arch.elf_machine().to_le_bytes());
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (a, b) = (file("a.o", Arch::Aarch64), file("b.o", Arch::X86_64));
        assert_eq!(Inputs::read(std::slice::from_ref(&a), None).unwrap().arch, Arch::Aarch64);
        let error = Inputs::read(&[a.clone(), b], None).unwrap_err().to_string();
        assert!(
            error.contains("b.o is for x86_64") && error.contains("a.o says aarch64"),
            "{error}"
        );
        let error = Inputs::read(&[a], Some(Arch::Riscv64)).unwrap_err().to_string();
        assert!(error.contains("--arch says riscv64"), "{error}");
    }
}
