//! Archives: the core's members against those of `ar` and of the crate `object`, and its choice among
//! them against that of GNU ld and ld.lld.
//!
//! Two sorts of links are compared: of the C libraries that are there, for functions that need much
//! of them, and of small archives made up by chance, with every sort of symbol. GNU ld's choice must
//! be the same in the same order. ld.lld searches all archives as one group and in another order:
//! where a C library is one group, it must choose the same members.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use loader_core::{Archive, LinkInput, Name, Object, Scratch, Selection};
use object::read::archive::ArchiveFile;

use super::corpus::gcc_file;
use super::linker::{Kind, gnu_program};
use crate::arch::Arch;
use crate::checks::Tally;
use crate::process;
use crate::progress;
use crate::setup::Tools;

mod made;

/// Longest that a tool may take.
const LIMIT: Duration = Duration::from_secs(120);
/// What the C libraries are asked for.
const ROOTS: &[&str] =
    &["printf", "qsort", "getaddrinfo", "strtold", "pthread_create", "__udivti3"];

/// A link: archives in a folder, by what inputs they are.
pub struct Link<'a> {
    folder: &'a Path,
    /// Objects and archives, in the order of the command line.
    inputs: Vec<Input>,
    roots: Vec<&'a str>,
}

/// One thing on the command line: files of the folder.
#[derive(Clone, Debug)]
pub enum Input {
    Archive(String),
    Group(Vec<String>),
    Object(String),
    Whole(String),
}

/// The step of `cargo xtask test`.
///
/// # Errors
/// A tool is missing.
pub fn check(tools: &Tools) -> Result<Tally> {
    let mut tally = Tally::default();
    for arch in Arch::ALL {
        let step = progress::step(format!("{arch}: archives"));
        let libraries = Libraries::copy(tools, arch)?;
        for name in &libraries.names {
            step.say(name);
            let result = same_members(&libraries.ar, libraries.folder.path(), name);
            tally.count(format!("{arch}: the members of {name}"), result);
        }
        for (name, link, by_lld) in libraries.links() {
            step.say(&name);
            let result = link.same_choice(&libraries.ld, arch, Kind::Bfd);
            tally.count(format!("{arch}, GNU ld: {name}"), result);
            if by_lld {
                let result = link.same_choice(&tools.lld()?, arch, Kind::Lld);
                tally.count(format!("{arch}, ld.lld: {name}"), result);
            }
        }
        step.finish();
    }
    made::check(tools, &mut tally)?;
    Ok(tally)
}

/// The C libraries for one machine, copied, and tools for them.
struct Libraries {
    folder: tempfile::TempDir,
    names: Vec<String>,
    ar: PathBuf,
    ld: PathBuf,
}

impl Libraries {
    fn copy(tools: &Tools, arch: Arch) -> Result<Self> {
        let gcc = tools.gcc(arch)?;
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let (ar, ld) = (gnu_program(&gcc, "ar")?, gnu_program(&gcc, "ld")?);
        let mut libraries = Self { folder, names: Vec::new(), ar, ld };
        let libgcc = tools.libgcc(arch)?;
        for (name, path) in [("libgcc.a", Some(libgcc)), ("libc.a", gcc_file(&gcc, "libc.a"))] {
            let Some(path) = path else { continue }; // a compiler without a C library
            let copied = fs::copy(&path, libraries.folder.path().join(name));
            copied.with_context(|| format!("cannot copy {}", path.display()))?;
            libraries.names.push(name.into());
        }
        libraries.write_again()?;
        Ok(libraries)
    }

    /// Writes libgcc's members again, in BSD's format.
    fn write_again(&mut self) -> Result<()> {
        let bytes = fs::read(self.folder.path().join("libgcc.a"))?;
        let file = fs::File::create(self.folder.path().join("bsd.a"))?;
        let mut writer = ar::Builder::new(file);
        for member in Archive::parse("libgcc.a", &bytes).map_err(said)?.members() {
            let header =
                ar::Header::new(member.name.as_bytes().to_vec(), member.bytes.len() as u64);
            writer.append(&header, member.bytes)?;
        }
        self.names.push("bsd.a".into());
        Ok(())
    }

    /// Links, their names, and whether ld.lld must choose the same.
    fn links(&self) -> Vec<(String, Link<'_>, bool)> {
        let link = |inputs, roots: &[&'static str]| Link {
            folder: self.folder.path(),
            inputs,
            roots: roots.to_vec(),
        };
        let libgcc = || "libgcc.a".to_owned();
        let whole = link(vec![Input::Whole(libgcc())], &[]);
        let mut links = vec![("all of libgcc".to_owned(), whole, true)];
        if self.names.iter().any(|name| name == "libc.a") {
            let libc = || "libc.a".to_owned();
            for root in ROOTS {
                let once = vec![Input::Archive(libc()), Input::Archive(libgcc())];
                links.push((format!("{root}, in order"), link(once, &[root]), false));
                let group = vec![Input::Group(vec![libc(), libgcc()])];
                // ld.lld would go back to the C library for what both archives define.
                let by_lld = !root.starts_with("__");
                links.push((format!("{root}, of a group"), link(group, &[root]), by_lld));
            }
            let again = [libgcc(), libc(), libgcc(), libc()].map(Input::Archive).to_vec();
            links.push(("all, in order".to_owned(), link(again, ROOTS), false));
        }
        links
    }
}

/// Compares the members of an archive with what `ar` and the crate `object` say.
fn same_members(ar: &Path, folder: &Path, name: &str) -> Result<()> {
    let bytes = fs::read(folder.join(name))?;
    let archive = Archive::parse(name, &bytes).map_err(said)?;
    let file = ArchiveFile::parse(bytes.as_slice())?;
    let mut others = file.members();
    let mut names = String::new();
    for member in archive.members() {
        let other = others.next().context("the core has more members")??;
        let same =
            other.name() == member.name.as_bytes() && other.data(bytes.as_slice())? == member.bytes;
        ensure!(same, "{} is not what `object` makes of it", member.object_name());
        writeln!(names, "{}", member.name)?;
    }
    ensure!(others.next().is_none(), "the core has fewer members");
    let mut command = Command::new(ar);
    let listed = process::run(command.arg("t").arg(folder.join(name)), LIMIT)?.checked("ar")?;
    let listed = listed.stdout_text();
    // GNU's shows 15 characters of a name of 16, which in BSD's format has no slash behind it.
    let same = |(theirs, ours): &(&str, &str)| {
        theirs == ours || ours.len() == 16 && ours.get(..15) == Some(theirs)
    };
    let differs = listed.lines().zip(names.lines()).find(|pair| !same(pair));
    let as_many = listed.lines().count() == names.lines().count();
    ensure!(as_many && differs.is_none(), "`ar t` lists other members: {differs:?}");
    ensure!(!names.is_empty(), "it is empty");
    Ok(())
}

impl Link<'_> {
    /// Compares the choice with a linker's: with GNU ld's in its order.
    fn same_choice(&self, linker: &Path, arch: Arch, kind: Kind) -> Result<usize> {
        let (mut ours, mut theirs) = (self.chosen()?, self.trace(linker, arch)?);
        if kind == Kind::Lld {
            ours.sort();
            theirs.sort();
        }
        if let Some(at) =
            (0..ours.len().max(theirs.len())).find(|&at| ours.get(at) != theirs.get(at))
        {
            bail!(
                "choice {at} of {} is {:?}, and of the linker's {} it is {:?}; {:?}, for {:?}",
                ours.len(),
                ours.get(at),
                theirs.len(),
                theirs.get(at),
                self.inputs,
                self.roots
            );
        }
        Ok(ours.len())
    }

    /// What the core chooses.
    fn chosen(&self) -> Result<Vec<String>> {
        let read = |name: &String| -> Result<(String, Vec<u8>)> {
            Ok((name.clone(), fs::read(self.folder.join(name))?))
        };
        let files: Vec<Vec<(String, Vec<u8>)>> = self
            .inputs
            .iter()
            .map(|input| match input {
                Input::Archive(name) | Input::Object(name) | Input::Whole(name) => {
                    Ok(vec![read(name)?])
                }
                Input::Group(names) => names.iter().map(read).collect(),
            })
            .collect::<Result<_>>()?;
        let mut archives = Vec::new();
        for (input, files) in self.inputs.iter().zip(&files) {
            let files = files.iter().filter(|_| !matches!(input, Input::Object(_)));
            let parsed = files.map(|(name, bytes)| Archive::parse(name, bytes).map_err(said));
            archives.push(parsed.collect::<Result<Vec<_>>>()?);
        }
        let mut inputs = Vec::new();
        for ((input, files), archives) in self.inputs.iter().zip(&files).zip(&archives) {
            inputs.push(match (input, archives.as_slice(), files.as_slice()) {
                (Input::Group(_), group, _) => LinkInput::Group(group),
                (Input::Archive(_), [archive], _) => LinkInput::Archive(archive),
                (Input::Whole(_), [archive], _) => LinkInput::Whole(archive),
                (_, _, [(name, bytes)]) => {
                    LinkInput::Object(Object::parse(name, bytes).map_err(said)?)
                }
                _ => bail!("one input is one file"),
            });
        }
        let mut scratch = vec![Scratch::ZERO; Selection::scratch_len(&inputs).map_err(said)?];
        let roots: Vec<_> = self.roots.iter().map(|root| Name::from(*root)).collect();
        let selection = Selection::new(&inputs, &roots, &|_| false, &mut scratch).map_err(said)?;
        Ok(selection.objects().map(|chosen| chosen.object.name().to_string()).collect())
    }

    /// What a linker says that it takes.
    fn trace(&self, linker: &Path, arch: Arch) -> Result<Vec<String>> {
        let mut command = Command::new(linker);
        command.current_dir(self.folder).args(["-m", emulation(arch), "--trace", "--trace"]);
        command.args(["-static", "--entry=0", "--allow-multiple-definition", "-o", "linked"]);
        command.args(["--unresolved-symbols=ignore-all", "--noinhibit-exec"]);
        command.args(self.roots.iter().map(|root| format!("--undefined={root}")));
        for input in &self.inputs {
            match input {
                Input::Archive(name) | Input::Object(name) => command.arg(name),
                Input::Group(names) => command.arg("--start-group").args(names).arg("--end-group"),
                Input::Whole(name) => command.args(["--whole-archive", name, "--no-whole-archive"]),
            };
        }
        // What comes of the link does not matter here, and may be refused.
        let text = process::run(&mut command, LIMIT)?.stdout_text();
        Ok(text.lines().filter_map(traced).collect())
    }
}

/// `(lib.a)member.o`, as GNU ld says it, or `lib.a(member.o)`, as ld.lld does, or an object.
fn traced(line: &str) -> Option<String> {
    if let Some((archive, member)) = line.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        return Some(format!("{archive}({member})"));
    }
    (line.ends_with(')') || line.ends_with(".o")).then(|| line.to_owned())
}

const fn emulation(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "aarch64linux",
        Arch::Riscv64 => "elf64lriscv",
        Arch::X86_64 => "elf_x86_64",
    }
}

/// An error of the core, which borrows from the file.
fn said(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_naming_a_member_are_read() {
        let lines = ["/usr/bin/ld: mode elf", "lib.a", "(lib.a)a.o", "lib.a(b.o)", "c.o"];
        let read: Vec<_> = lines.into_iter().filter_map(traced).collect();
        assert_eq!(read, ["lib.a(a.o)", "lib.a(b.o)", "c.o"]);
    }
}
