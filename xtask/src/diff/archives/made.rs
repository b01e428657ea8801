//! Small archives made up by chance: definitions of every sort, and groups that need each other.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

use super::super::linker::{Kind, gnu_program};
use super::{Input, LIMIT, Link};
use crate::arch::Arch;
use crate::checks::Tally;
use crate::parallel;
use crate::process;
use crate::setup::Tools;

/// How many links.
const ROUNDS: u64 = 150;
/// How many members must be taken in all of them, or the comparison says nothing.
const TAKEN: usize = 500;

/// Makes archives, and compares the choice among them with GNU ld's.
pub fn check(tools: &Tools, tally: &mut Tally) -> Result<()> {
    let gcc = tools.gcc(Arch::X86_64)?;
    let (ar, ld) = (gnu_program(&gcc, "ar")?, gnu_program(&gcc, "ld")?);
    let seeds: Vec<u64> = (1..=ROUNDS).collect();
    let results = parallel::map(&seeds, |&seed| compare(&ar, &ld, seed));
    let taken: usize = results.iter().flatten().sum();
    for (seed, result) in seeds.iter().zip(results) {
        tally.count(format!("GNU ld: archives made up, {seed}"), result);
    }
    if taken < TAKEN {
        tally.fail("archives made up", format!("{taken} members are too few to say anything"));
    }
    Ok(())
}

fn compare(ar: &Path, ld: &Path, seed: u64) -> Result<usize> {
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let names = 4 + chance.below(12);
    let archives = 1 + chance.below(3);
    for archive in 0..archives {
        let mut command = Command::new(ar);
        command.current_dir(&folder).args(["rcs", &format!("{archive}.a")]);
        for member in 0..1 + chance.below(6) {
            let name = format!("{archive}-{member}.o");
            fs::write(folder.path().join(&name), object(&mut chance, names)?)?;
            command.arg(name);
        }
        process::run(&mut command, LIMIT)?.checked("ar")?;
    }
    fs::write(folder.path().join("main.o"), object(&mut chance, names)?)?;
    let mut inputs = vec![Input::Object("main.o".into())];
    let name = |chance: &mut Chance| format!("{}.a", chance.below(archives));
    for _ in 0..1 + chance.below(3) {
        inputs.push(match chance.below(3) {
            0 => Input::Group((0..archives).map(|archive| format!("{archive}.a")).collect()),
            _ => Input::Archive(name(&mut chance)),
        });
    }
    if chance.below(4) == 0 {
        inputs.insert(1, Input::Whole(name(&mut chance)));
    }
    Link { folder: folder.path(), inputs, roots: vec!["n0", "n1"] }.same_choice(
        ld,
        Arch::X86_64,
        Kind::Bfd,
    )
}

/// An object with a few of `names`: functions, data, weak and COMMON symbols, needs of both sorts.
fn object(chance: &mut Chance, names: usize) -> Result<Vec<u8>> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.append_section_data(text, &[0xc3; 8], 8);
    for name in 0..names {
        let defined = SymbolSection::Section(text);
        let (kind, section, weak) = match chance.below(14) {
            0 => (SymbolKind::Text, defined, false),
            1 => (SymbolKind::Data, defined, false),
            2 => (SymbolKind::Data, SymbolSection::Common, false),
            3 => (SymbolKind::Text, defined, true),
            4 | 5 => (SymbolKind::Text, SymbolSection::Undefined, false),
            6 => (SymbolKind::Text, SymbolSection::Undefined, true),
            _ => continue,
        };
        let symbol = Symbol {
            name: format!("n{name}").into_bytes(),
            value: 0,
            size: 8,
            kind,
            scope: SymbolScope::Dynamic,
            weak,
            section,
            flags: SymbolFlags::None,
        };
        match section {
            SymbolSection::Common => drop(object.add_common_symbol(symbol, 8, 8)),
            _ => drop(object.add_symbol(symbol)),
        }
    }
    object.write().context("cannot write an object")
}

/// A linear congruential generator, its upper bits: the same on each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }
}
