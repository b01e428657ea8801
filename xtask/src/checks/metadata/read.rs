//! What the module says, to three readers: the core, goblin, and readelf where there is one.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use goblin::elf::Elf;
use goblin::elf::section_header::{SHT_NOTE, SHT_PROGBITS};
use loader_core::{Metadata, Object, interface_hash};

use crate::process;
use crate::setup::on_path;

const SECTION: &str = ".note.loader-core";
/// Longest that readelf may take.
const LIMIT: Duration = Duration::from_secs(60);
/// The texts and fields of the module's interfaces.
const LONGEST: &str = "128 bytes, which is the longest text that a hash in C has room for: one \
                       character more, and it does not compile any more at all.";
const PIN: &[(&str, u64, u64)] = &[("number", 0, 4), ("level", 4, 1), ("context", 8, 8)];
const WIDE: &str = "sixteen_fields_and_a_name_of_64_bytes_with_struct_before_";
const WIDEST: &str = "a_field_of_64_bytes_that_is_the_longest_that_a_hash_has_room_for";

/// Ensures that the object says what it should, and says it without a relocation.
pub(super) fn same(bytes: &[u8]) -> Result<()> {
    let objects = [Object::parse("blink.o", bytes).map_err(|error| anyhow::anyhow!("{error}"))?];
    let metadata = Metadata::of(&objects).map_err(|error| anyhow::anyhow!("{error}"))?;
    let (said, expected) = (said(&metadata), expected());
    ensure!(said == expected, "it says\n{}\nnot\n{}", said.join("\n"), expected.join("\n"));
    let notes = by_goblin(bytes)?;
    ensure!(notes == notes_expected(), "goblin reads {notes:x?}");
    for readelf in ["readelf", "llvm-readelf", "llvm-readelf-22"].iter().filter_map(|n| on_path(n))
    {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let mut command = Command::new(&readelf);
        let done = process::run(command.arg("-n").arg(file.path()), LIMIT)?.checked("readelf")?;
        let read = descriptors(&done.stdout_text());
        let mut ours: Vec<Vec<u8>> = notes.iter().map(|(_, bytes)| bytes.clone()).collect();
        ours.sort();
        ensure!(read == ours, "{} reads {read:x?}", readelf.display());
    }
    Ok(())
}

/// Everything, in words and in order.
fn said(metadata: &Metadata<'_, '_>) -> Vec<String> {
    let once = [("name", metadata.name()), ("licence", metadata.licence())];
    let once = once.into_iter().chain([("namespace", metadata.namespace())]);
    let mut said: Vec<String> = once.map(|(what, text)| format!("{what} {text:?}")).collect();
    said.push(format!("version {}", metadata.version()));
    said.extend(metadata.uses().map(|name| format!("uses {name}")));
    said.extend(metadata.dependencies().map(|d| format!("needs {} {}", d.name, d.versions)));
    said.extend(
        metadata.parameters().map(|p| format!("{} {} {:?}", p.symbol, p.kind, p.description)),
    );
    said.extend(metadata.interfaces().map(|i| format!("interface {} {:x}", i.symbol, i.hash)));
    said.sort();
    said
}

fn expected() -> Vec<String> {
    let texts = [
        "name Some(\"blink\")",
        "licence Some(\"MIT OR Apache-2.0\")",
        "namespace Some(\"drivers\")",
        "version 1.2.3",
        "uses hal",
        "uses bus",
        "needs gpio >=1.0.0, <2.0.0",
        "needs clock >=0.3.0",
        "needs log >=0.0.0",
        "RATE u32 \"blinks per second\"",
        "LOUD bool \"\"",
        "GREETING string \"what to say first: « hello »\"",
        "BYTE i8 \"a\"",
        "SHORT u16 \"bc\"",
        "LONG i64 \"def\"",
        "SIZE u64 \"ghij\"",
    ];
    let hashes = interfaces().map(|(symbol, hash)| format!("interface {symbol} {hash:x}"));
    let mut all: Vec<String> = texts.into_iter().map(str::to_owned).chain(hashes).collect();
    all.sort();
    all
}

/// The hashes, by the documented formula and layouts worked out by hand.
fn interfaces() -> [(&'static str, u64); 4] {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    let layout = |name: &str, size: u64, align: u64, fields: &[(&str, u64, u64)]| {
        let start = mix(mix(interface_hash(name), size), align);
        fields.iter().fold(start, |hash, &(name, offset, size)| {
            mix(mix(mix(hash, interface_hash(name)), offset), size)
        })
    };
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", WIDEST];
    let places = (0..8).map(|at| (at, 1));
    let places = places.chain((0..4).map(|at| (8 + 8 * at, 8)));
    let places = places.chain((0..4).map(|at| (40 + 2 * at, 2)));
    let wide: Vec<_> =
        names.into_iter().zip(places).map(|(name, (at, size))| (name, at, size)).collect();
    [
        ("gpio_set", layout("gpio_pin", 16, 8, PIN)),
        ("gpio_get", interface_hash("uint8_t gpio_get(uint32_t number)")),
        ("blink", interface_hash(LONGEST)),
        ("wide", layout(WIDE, 48, 8, &wide)),
    ]
}

/// The notes' types and descriptors, in order, as another reader of ELF files has them.
fn by_goblin(bytes: &[u8]) -> Result<Vec<(u32, Vec<u8>)>> {
    let elf = Elf::parse(bytes)?;
    let mut notes = Vec::new();
    for (index, header) in elf.section_headers.iter().enumerate() {
        if elf.shdr_strtab.get_at(header.sh_name) != Some(SECTION) {
            continue;
        }
        let kind = header.sh_type;
        ensure!(matches!(kind, SHT_NOTE | SHT_PROGBITS), "the section is of type {kind}");
        ensure!(header.sh_addralign == 4, "it is aligned to {}", header.sh_addralign);
        ensure!(header.sh_size.is_multiple_of(4), "it has {} bytes", header.sh_size);
        let relocated = |(table, _): &(usize, _)| {
            elf.section_headers.get(*table).is_some_and(|table| table.sh_info as usize == index)
        };
        ensure!(!elf.shdr_relocs.iter().any(relocated), "a relocation applies to it");
    }
    for note in elf.iter_note_sections(bytes, Some(SECTION)).context("no section of notes")? {
        let note = note?;
        ensure!(note.name == "loader-core", "a note of {}", note.name);
        notes.push((note.n_type, note.desc.to_vec()));
    }
    notes.sort();
    Ok(notes)
}

/// The same, written down.
fn notes_expected() -> Vec<(u32, Vec<u8>)> {
    let text = |text: &str| [text.as_bytes(), b"\0"].concat();
    let words =
        |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let dependency = |bounds: [u32; 6], name| [words(&bounds), text(name)].concat();
    let parameter =
        |kind, name, description| [words(&[kind]), text(name), text(description)].concat();
    let max = u32::MAX;
    let mut notes = vec![
        (1, text("blink")),
        (2, words(&[1, 2, 3])),
        (3, text("MIT OR Apache-2.0")),
        (4, dependency([1, 0, 0, 2, 0, 0], "gpio")),
        (4, dependency([0, 3, 0, max, max, max], "clock")),
        (4, dependency([0, 0, 0, max, max, max], "log")),
        (5, parameter(7, "RATE", "blinks per second")),
        (5, parameter(9, "LOUD", "")),
        (5, parameter(10, "GREETING", "what to say first: « hello »")),
        (5, parameter(1, "BYTE", "a")),
        (5, parameter(6, "SHORT", "bc")),
        (5, parameter(4, "LONG", "def")),
        (5, parameter(8, "SIZE", "ghij")),
        (7, text("drivers")),
        (8, text("hal")),
        (8, text("bus")),
    ];
    let interface =
        |(symbol, hash): (&str, u64)| (6, [&hash.to_le_bytes()[..], &text(symbol)].concat());
    notes.extend(interfaces().map(interface));
    notes.sort();
    notes
}

/// The descriptors that a readelf shows, in order. GNU's has them on the line that describes a
/// note, LLVM's on the one that follows.
fn descriptors(text: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for part in text.split("escription data:").skip(1) {
        let line = part.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let bytes = line.split_whitespace().map_while(|byte| u8::from_str_radix(byte, 16).ok());
        found.push(bytes.collect());
    }
    found.retain(|bytes: &Vec<u8>| !bytes.is_empty());
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_readelf_are_read() {
        let gnu =
            "  loader-core  0x00000004\tNT_VERSION (version)\t   description data: 61 62 63 00 \n";
        let llvm = "    loader-core 0x4 NT_VERSION (version)\n    description data: 61 62 63 00\n";
        let old = "  Description data:\n    61 62 63 00\n";
        for text in [gnu, llvm, old] {
            assert_eq!(descriptors(text), [b"abc\0"]);
        }
    }
}
