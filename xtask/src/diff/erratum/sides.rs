//! The same code at the same addresses, as our loader and as linkers make it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use loader_core::{Error, Object, PlanOptions};
use object::LittleEndian as LE;
use object::elf::{
    SHF_ALLOC, SHF_EXECINSTR, SHN_UNDEF, STB_LOCAL, STT_TLS, SectionHeader64, Sym64,
};
use object::read::elf::{SectionHeader, Sym};
use tempfile::TempDir;

use super::super::linker::Kind;
use super::super::relocations::File;
use super::patches::loads_by_adrp;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::link::thread_locals::ThreadLocals;
use crate::link::{self, Decision, Failure, Placement};
use crate::process;
use crate::setup::Tools;
use crate::visibility;

/// Longest that one link may take.
const LIMIT: Duration = Duration::from_secs(120);
/// Bytes that are set aside for all that is not code.
pub const DATA_SIZE: u64 = 0x4_0000;
/// Where in it imports are, whatever they are; a page for itself.
const IMPORTS: u64 = 0x3_f000;
/// Where in it constants and the GOT are.
const CONSTANTS: u64 = 0x2_0000;

/// Objects, and the sections of code in them.
#[derive(Debug)]
pub struct Code {
    pub files: Vec<NamedBytes>,
    pub texts: Vec<Text>,
    /// The names that nothing in them defines.
    undefined: BTreeSet<String>,
    /// Where linkers find the objects, by their numbers.
    folder: TempDir,
}

/// A section of code.
#[derive(Debug)]
pub struct Text {
    pub object: usize,
    pub index: u32,
    pub name: String,
    pub size: u64,
    pub align: u64,
    /// Where it is in the file.
    offset: u64,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Setting {
    pub name: String,
    /// The sections' addresses.
    pub addresses: Vec<u64>,
    /// Where data begins.
    pub data: u64,
}

/// Pieces of memory, with their addresses.
#[derive(Debug, Default)]
pub struct Memory(Vec<(u64, Vec<u8>)>);

/// A linker that mends.
#[derive(Debug)]
pub struct Linker {
    pub kind: Kind,
    program: PathBuf,
}

impl Memory {
    /// One piece.
    #[cfg(test)]
    pub fn of(address: u64, bytes: Vec<u8>) -> Self {
        Self(vec![(address, bytes)])
    }

    /// The word at an address.
    pub fn word(&self, address: u64) -> Option<u32> {
        self.words(address, 4)?.next()
    }

    /// The words in the `size` bytes at an address.
    pub fn words(&self, address: u64, size: u64) -> Option<impl Iterator<Item = u32>> {
        let bytes = self.0.iter().find_map(|(start, bytes)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(offset..offset + usize::try_from(size).ok()?)
        })?;
        Some(bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)))
    }
}

impl Text {
    /// Its bytes, as they are in the file.
    pub fn bytes<'c>(&self, code: &'c Code) -> &'c [u8] {
        let (start, end) = (self.offset as usize, (self.offset + self.size) as usize);
        code.files[self.object].bytes.get(start..end).unwrap_or_default()
    }
}

impl Setting {
    /// Which section of which object an address is in, and where there.
    pub fn describe(&self, code: &Code, address: u64) -> String {
        let mut texts = code.texts.iter().zip(&self.addresses);
        let found = texts.find(|(text, start)| (**start..**start + text.size).contains(&address));
        found.map_or_else(String::new, |(text, start)| {
            let object = &code.files[text.object].name;
            format!("{object}: {}+{:#x}", text.name, address - start)
        })
    }
}

impl Code {
    /// Finds the code in objects that have no section twice.
    ///
    /// # Errors
    /// An object is damaged, or cannot be written where linkers find it.
    pub fn new(mut files: Vec<NamedBytes>) -> Result<Self> {
        visibility::open(&mut files);
        let (mut texts, mut undefined, mut defined) = (Vec::new(), BTreeSet::new(), Vec::new());
        for (object, file) in files.iter().enumerate() {
            let parsed = File::parse(&file.bytes)?;
            for (index, section) in parsed.sections.enumerate() {
                let flags = section.sh_flags(LE).0;
                let (size, index) = (section.sh_size(LE), u32::try_from(index.0)?);
                if flags & SHF_ALLOC.0 != 0 && flags & SHF_EXECINSTR.0 != 0 && size != 0 {
                    texts.push(Text {
                        object,
                        index,
                        name: parsed.section_name(index),
                        size,
                        align: section.sh_addralign(LE).max(1),
                        offset: section.sh_offset(LE),
                    });
                }
            }
            for symbol in parsed.symbols.iter().filter(|symbol| symbol.st_bind() != STB_LOCAL) {
                let name = parsed.symbols.symbol_name(LE, symbol)?;
                let name = String::from_utf8_lossy(name).into_owned();
                if symbol.st_shndx(LE) == SHN_UNDEF {
                    undefined.insert(name);
                } else {
                    defined.push(name);
                }
            }
        }
        undefined.retain(|name| !defined.contains(name));
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        for (object, file) in files.iter().enumerate() {
            let path = folder.path().join(format!("{object}.o"));
            fs::write(path, &file.bytes).context("cannot write a temporary file")?;
        }
        Ok(Self { files, texts, undefined, folder })
    }
}

/// Those of `files` that have code like that of the erratum, no thread-local variables, and no name
/// that one before them defines.
///
/// # Errors
/// An object is damaged.
pub fn that_go_together(files: Vec<NamedBytes>) -> Result<Vec<NamedBytes>> {
    let mut defined = BTreeSet::new();
    let mut chosen = Vec::new();
    for file in files {
        let parsed = File::parse(&file.bytes)?;
        let mut code = parsed.sections.iter().filter(|s| s.sh_flags(LE).0 & SHF_EXECINSTR.0 != 0);
        let has_pair = |section: &SectionHeader64<LE>| {
            section.data(LE, parsed.bytes).is_ok_and(|bytes| !loads_by_adrp(bytes).is_empty())
        };
        let is_thread_local = |symbol: &Sym64<LE>| symbol.st_type() == STT_TLS;
        let globals = parsed.symbols.iter().filter(|symbol| symbol.st_bind() != STB_LOCAL);
        let own = globals.filter(|symbol| symbol.st_shndx(LE) != SHN_UNDEF);
        let own: Result<Vec<_>, _> =
            own.map(|symbol| parsed.symbols.symbol_name(LE, symbol).map(<[u8]>::to_vec)).collect();
        let own = own?;
        let goes = code.any(has_pair)
            && !parsed.symbols.iter().any(is_thread_local)
            && !own.iter().any(|name| defined.contains(name));
        if goes {
            defined.extend(own);
            chosen.push(file);
        }
    }
    Ok(chosen)
}

/// Our loader's side.
///
/// # Errors
/// It refuses the code.
pub fn ours(code: &Code, setting: &Setting, mend: bool) -> Result<Memory> {
    let objects: Vec<Object<'_>> = code.files.iter().map(parse).collect::<Result<_>>()?;
    let mut options = PlanOptions::default();
    options.erratum_843419 = mend;
    // The loader's stubs are behind the imports.
    let segments = [setting.data + DATA_SIZE, setting.data + CONSTANTS, setting.data];
    let texts = code.texts.iter().zip(&setting.addresses);
    let sections = texts.map(|(text, address)| (text.object, text.index, *address)).collect();
    let output = link::link(&objects, options, |plan| {
        let imports = plan.imports().map(|import| import.name.as_bytes().to_vec());
        Ok(Decision {
            placement: Placement { segments, sections },
            symbols: imports.map(|name| (name, setting.data + IMPORTS)).collect(),
            thread_locals: ThreadLocals::with_imports(Arch::Aarch64, plan),
        })
    });
    let output = output.map_err(|failure| match failure {
        Failure::Core(error) => refused(error),
        Failure::Other(error) => error,
    })?;
    let mut memory = Memory::default();
    for (text, address) in code.texts.iter().zip(&setting.addresses) {
        let mut sections = output.map.sections();
        let found = sections.find(|(at, found)| (*at, found.index) == (text.object, text.index));
        let (_, section) = found.context("the map has lost a section")?;
        ensure!(section.address.0 == *address, "{} is elsewhere in the map", text.name);
        memory.0.push((*address, output.bytes(section).context("not there")?.to_vec()));
    }
    Ok(memory)
}

fn parse(file: &NamedBytes) -> Result<Object<'_>> {
    Object::parse(&file.name, &file.bytes).map_err(refused)
}

fn refused(error: Error<'_>) -> anyhow::Error {
    anyhow!("our loader refuses it: {error}")
}

impl Linker {
    /// Finds a linker.
    ///
    /// # Errors
    /// It is missing.
    pub fn find(tools: &Tools, kind: Kind) -> Result<Self> {
        let program = match kind {
            Kind::Lld => tools.lld()?,
            Kind::Bfd => {
                let mut gcc = Command::new(tools.gcc(Arch::Aarch64)?);
                let done = process::run(gcc.arg("-print-prog-name=ld"), LIMIT)?.checked("gcc")?;
                PathBuf::from(done.stdout_text().trim())
            }
        };
        Ok(Self { kind, program })
    }

    /// A linker's side.
    ///
    /// # Errors
    /// It refuses the code.
    pub fn link(&self, code: &Code, setting: &Setting, mend: bool) -> Result<Memory> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        fs::write(folder.path().join("script"), script(code, setting))
            .context("cannot write a temporary file")?;
        let mut command = Command::new(&self.program);
        command.current_dir(folder.path()).env("LC_ALL", "C");
        command.args(["-static", "-nostdlib", "--no-relax", "--entry=0", "--script=script"]);
        if self.kind == Kind::Bfd {
            command.args(["--no-check-sections", "--no-warn-rwx-segments"]);
        }
        if mend {
            command.arg("--fix-cortex-a53-843419");
        }
        let objects = 0..code.files.len();
        command.args(objects.map(|object| code.folder.path().join(format!("{object}.o"))));
        process::run(command.args(["-o", "linked"]), LIMIT)?.checked(self.kind.name())?;
        let linked = fs::read(folder.path().join("linked")).context("it wrote nothing")?;
        let linked = File::parse(&linked)?;
        let mut memory = Memory::default();
        for section in linked.sections.iter() {
            if section.sh_flags(LE).0 & SHF_EXECINSTR.0 != 0 {
                let bytes = section.data(LE, linked.bytes)?.to_vec();
                memory.0.push((section.sh_addr(LE), bytes));
            }
        }
        Ok(memory)
    }
}

/// One output section for each section of code, at its address, and one for all the rest.
fn script(code: &Code, setting: &Setting) -> String {
    let mut script = String::from("PHDRS { all PT_NULL; }\nSECTIONS {\n");
    // Writing to a string cannot fail.
    for (at, (text, address)) in code.texts.iter().zip(&setting.addresses).enumerate() {
        let Text { object, name, .. } = text;
        let _ = writeln!(script, "  .t{at} {address:#x} : {{ */{object}.o({name}) }} :all");
    }
    let Setting { data, .. } = setting;
    let rest = "*(.data .data.* .bss .bss.* COMMON)";
    let _ = writeln!(script, "  .writable {data:#x} : {{ {rest} }} :all");
    let constants = data + CONSTANTS;
    let _ = writeln!(script, "  .constant {constants:#x} : {{ *(.rodata .rodata.* .got*) }} :all");
    script += "  /DISCARD/ : { *(.eh_frame .comment .note*) }\n}\n";
    for name in &code.undefined {
        let _ = writeln!(script, "{name} = {:#x};", data + IMPORTS);
    }
    script
}
