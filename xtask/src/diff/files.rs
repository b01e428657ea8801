//! `cargo xtask link` through files: what it writes of a small program, beside what ld.lld makes of
//! the same objects, unchanged, at the same addresses; and that the executable boots.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use object::LittleEndian as LE;
use object::elf::{SHF_ALLOC, SHT_NOBITS, STT_FILE, STT_SECTION};
use object::read::elf::{SectionHeader, Sym};
use serde_json::Value;
use tempfile::TempDir;

use super::relocations::File;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::checks::Tally;
use crate::link::place::{Define, Place};
use crate::link::{self, Format, Request};
use crate::process;
use crate::progress;
use crate::qemu;
use crate::runtime;
use crate::setup::{Tools, root};

/// Longest that a tool or a boot may take.
const LIMIT: Duration = Duration::from_secs(120);
/// What the program prints when all is where it belongs.
const PRINTED: &str = "linked, and where it belongs";
/// How far constants, data, and the section that is placed apart lie behind the code.
const CONSTANTS: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;
const APART: u64 = 0x8000;
/// The same of what is placed by itself in the archive.
const MEMBER: u64 = 0x9000;

/// A program for a machine, compiled.
struct Sample {
    arch: Arch,
    folder: TempDir,
    /// Where its code begins.
    base: u64,
    /// Where its console is.
    console: u64,
}

/// Links and boots on all machines.
///
/// # Errors
/// A tool is missing, or the program cannot be compiled.
pub fn check(tools: &Tools, tally: &mut Tally) -> Result<()> {
    let step = progress::counted("linking to files", Arch::ALL.len());
    for arch in Arch::ALL {
        let sample = Sample::compile(tools, arch)?;
        tally.count(format!("{arch} link: files as ld.lld has them"), sample.compare(tools));
        tally.count(format!("{arch} link: an executable that boots"), sample.boot(tools));
        step.advance();
    }
    step.finish();
    Ok(())
}

impl Sample {
    fn compile(tools: &Tools, arch: Arch) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let sources = root().join("xtask/src/diff/corpus");
        let object = |name: &str| -> Result<PathBuf> {
            let path = folder.path().join(format!("{name}.o"));
            let mut command = arch.clang(&tools.clang()?);
            command.arg("-c").arg(sources.join(format!("{name}-{arch}.S"))).arg("-o").arg(&path);
            process::run(&mut command, LIMIT)?.checked("clang")?;
            Ok(path)
        };
        object("boot")?;
        let bytes = fs::read(object("finish")?).context("clang wrote no object")?;
        let archive = runtime::in_memory(&[NamedBytes { name: "finish.o".into(), bytes }])?;
        fs::write(folder.path().join("libfinish.a"), archive)?;
        // Where QEMU's machines have memory, and their consoles.
        let (base, console) = match arch {
            Arch::Aarch64 => (0x4010_0000, 0x0900_0000),
            Arch::Riscv64 => (0x8020_0000, 0x1000_0000),
            Arch::X86_64 => (0x0010_0000, 0x3f8),
        };
        Ok(Self { arch, folder, base, console })
    }

    /// Links as the verb does, and reads back the map.
    fn link(&self, format: Format) -> Result<(PathBuf, Value)> {
        let Self { folder, base, console, .. } = self;
        let places = [
            format!("text={base:#x}"),
            format!("rodata={:#x}", base + CONSTANTS),
            format!("data={:#x}", base + DATA),
            format!("boot.o:.text.hot={:#x}", base + APART),
            format!("libfinish.a(finish.o):.text={:#x}", base + MEMBER),
        ];
        let request = Request {
            files: ["boot.o", "libfinish.a"].map(|name| folder.path().join(name)).into(),
            places: places.iter().map(|place| Place::parse(place)).collect::<Result<_>>()?,
            defines: vec![Define { name: "console".into(), address: *console }],
            entry: Some("start".into()),
            ..Request::default()
        };
        let out = folder.path().join(format!("{format:?}"));
        let map = out.join("map.json");
        link::write(&mut request.link()?, &out, format, &map)?;
        let read = serde_json::from_slice(&fs::read(&map)?)?;
        Ok((out, read))
    }

    /// The same by ld.lld: the objects as they are, by a script, without the labels that the assembler made
    /// for itself.
    fn link_by_lld(&self, tools: &Tools) -> Result<Vec<u8>> {
        let Self { folder, base, console, .. } = self;
        let places = [
            (".text", "boot.o(.text)", 0),
            (".hot", "*(.text.hot)", APART),
            (".member", "*(.text)", MEMBER),
            (".constants", "*(.note.Xen) *(.rodata)", CONSTANTS),
            (".data", "*(.data)", DATA),
        ];
        let mut script = format!("console = {console:#x};\nSECTIONS {{\n");
        for (name, what, offset) in places {
            script += &format!("  {name} {:#x} : {{ {what} }}\n", base + offset);
        }
        script += "  .bss : { *(.bss) }\n}\n";
        fs::write(folder.path().join("script"), script)?;
        let mut command = Command::new(tools.lld()?);
        command.current_dir(folder.path()).args(["-static", "-nostdlib", "--entry=start"]);
        command.args(["--no-relax", "--discard-locals", "--script=script"]);
        command.args(["boot.o", "libfinish.a"]);
        process::run(command.args(["-o", "linked"]), LIMIT)?.checked("ld.lld")?;
        fs::read(folder.path().join("linked")).context("ld.lld wrote nothing")
    }

    fn compare(&self, tools: &Tools) -> Result<()> {
        let (out, map) = self.link(Format::Raw)?;
        let linked = self.link_by_lld(tools)?;
        let theirs = File::parse(&linked)?;
        ensure!(map["arch"] == self.arch.name() && hex(&map["entry"])? == self.base);
        let mut memory = Vec::new();
        for section in theirs.sections.iter() {
            if section.sh_flags(LE).0 & SHF_ALLOC.0 != 0 {
                let bytes = match section.sh_type(LE) {
                    SHT_NOBITS => vec![0; usize::try_from(section.sh_size(LE))?],
                    _ => section.data(LE, theirs.bytes)?.to_vec(),
                };
                memory.push((section.sh_addr(LE), bytes));
            }
        }
        let mut compared = 0;
        for section in items(&map["objects"])?.iter().map(|object| items(&object["sections"])) {
            for section in section? {
                let name = section["name"].as_str().context("a section without a name")?;
                let ours = bytes_of(&map, &out, section)?;
                let address = hex(&section["address"])?;
                let their_bytes = memory.iter().find_map(|(start, bytes)| {
                    let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
                    bytes.get(offset..offset + ours.len())
                });
                ensure!(their_bytes == Some(&ours), "{name} at {address:#x} is another one");
                compared += ours.len();
            }
        }
        let all: usize = memory.iter().map(|(_, bytes)| bytes.len()).sum();
        // ld.lld fills what lies between.
        ensure!(compared <= all && all < compared + 64, "{compared} bytes of {all} are compared");
        same_symbols(&map, &theirs)
    }

    fn boot(&self, tools: &Tools) -> Result<()> {
        let (out, map) = self.link(Format::Elf)?;
        let file = map["segments"][0]["file"].as_str().context("no file")?;
        let boot = qemu::boot_file(tools, self.arch, &out.join(file), None, LIMIT)?;
        let printed = String::from_utf8_lossy(&boot.preamble);
        let ended = matches!(boot.stop, qemu::Stop::Died(_));
        ensure!(ended && printed.contains(PRINTED), "{}: {printed}", boot.stop);
        Ok(())
    }
}

/// A section's bytes, out of the file that the map names.
fn bytes_of(map: &Value, out: &Path, section: &Value) -> Result<Vec<u8>> {
    let int = |value: &Value| -> Result<usize> {
        Ok(usize::try_from(value.as_u64().context("no number")?)?)
    };
    let segment = &map["segments"][int(&section["segment"])?];
    let bytes = fs::read(out.join(segment["file"].as_str().context("no file")?))?;
    let start = int(&section["offset"])?;
    let end = start + int(&section["size"])?;
    let address = hex(&segment["address"])? + start as u64;
    ensure!(hex(&section["address"])? == address, "the map has two addresses for a section");
    Ok(bytes.get(start..end).context("a section outside its file")?.to_vec())
}

/// Whether both have the same symbols at the same addresses, each as often.
fn same_symbols(map: &Value, theirs: &File<'_>) -> Result<()> {
    let mut ours: BTreeMap<(Vec<u8>, u64), i32> = BTreeMap::new();
    for object in items(&map["objects"])? {
        for symbol in items(&object["symbols"])? {
            let name = symbol["name"].as_str().context("a symbol without a name")?;
            let address = hex(&symbol["address"])?;
            *ours.entry((name.as_bytes().to_vec(), address)).or_default() += 1;
        }
    }
    ensure!(ours.len() > 5, "next to no symbols");
    for symbol in theirs.symbols.iter() {
        let special = [STT_FILE, STT_SECTION].contains(&symbol.st_type());
        let name = theirs.symbols.symbol_name(LE, symbol)?;
        // Labels in what is not loaded have addresses there as well; `console` is in no section.
        let home = usize::from(symbol.st_shndx(LE).0);
        let home = theirs.sections.iter().nth(home);
        let loaded = home.is_some_and(|section| section.sh_flags(LE).0 & SHF_ALLOC.0 != 0);
        if !special && !name.is_empty() && loaded {
            *ours.entry((name.to_vec(), symbol.st_value(LE))).or_default() -= 1;
        }
    }
    for ((name, address), count) in ours {
        let name = String::from_utf8_lossy(&name);
        ensure!(count == 0, "{name} at {address:#x}: {count:+} times beside ld.lld's");
    }
    Ok(())
}

fn items(value: &Value) -> Result<&[Value]> {
    value.as_array().map(Vec::as_slice).with_context(|| format!("{value} is no list"))
}

fn hex(value: &Value) -> Result<u64> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    let digits = digits.with_context(|| format!("{value} is not hexadecimal"))?;
    Ok(u64::from_str_radix(digits, 16)?)
}
