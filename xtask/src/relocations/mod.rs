//! `docs/relocations.md`: every relocation type of the psABIs, and what becomes of it. Made from
//! the loader's tables, the facts in `docs/psabi`, and the sources of the tests.
//!
//! | file | what it does |
//! | --- | --- |
//! | `facts` | reads what the psABIs define, and what is compared with the linkers |
//! | `tests_of` | finds the tests that name a type |

mod facts;
#[cfg(test)]
mod tests;
mod tests_of;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use loader_core::{Machine, Range, Relocation, Treatment, Unsupported};

use crate::arch::Arch;
use crate::diff::{Covered, Kind};
use crate::setup::root;

use facts::Oracles;
pub use facts::oracles;

/// Where the document is.
fn path() -> PathBuf {
    root().join("docs/relocations.md")
}

/// Whether the document is what [`write`] would write.
///
/// # Errors
/// The facts or the tests cannot be read.
pub fn is_current() -> Result<bool> {
    let found = fs::read_to_string(path()).unwrap_or_default();
    Ok(found == document()?)
}

/// Writes the document; returns where it is.
///
/// # Errors
/// The facts or the tests cannot be read, or the document cannot be written.
pub fn write() -> Result<PathBuf> {
    fs::write(path(), document()?).context("cannot write the document")?;
    Ok(path())
}

/// Writes down which types were compared with each linker's output.
///
/// # Errors
/// The file cannot be written.
pub fn write_oracles(covered: &Covered) -> Result<()> {
    let mut text = String::from("name,lld,bfd\n");
    for arch in Arch::ALL {
        for row in applied(arch) {
            let [lld, bfd] = Kind::ALL.map(|kind| {
                match covered.get(&kind).and_then(|types| types.get(row.name())) {
                    Some(given) if *given == row.name() => "yes".into(),
                    Some(given) => format!("as {given}"),
                    None => "no".to_owned(),
                }
            });
            let _ = writeln!(text, "{},{lld},{bfd}", row.name()); // to a string: cannot fail
        }
    }
    fs::write(root().join("docs/psabi/oracles.csv"), text).context("cannot write the oracles")
}

/// The machine, in the loader's words.
pub const fn machine(arch: Arch) -> Machine {
    match arch {
        Arch::Aarch64 => Machine::Aarch64,
        Arch::Riscv64 => Machine::Riscv64,
        Arch::X86_64 => Machine::X86_64,
    }
}

/// The types that the loader applies.
pub fn applied(arch: Arch) -> impl Iterator<Item = &'static Relocation> + Clone {
    let rows = machine(arch).relocations().iter();
    rows.filter(|row| row.treatment() == Treatment::Applied)
}

const HEAD: &str = "\
# Relocation types

Every relocation number that the psABIs of the three machines allocate, and what the loader does
about it. This file is made by `cargo xtask relocations` from the loader's own tables
(`loader-core/src/arch/*/table.rs`) and [what the psABIs define](psabi/README.md), where the
notation is explained too; a test fails if it is out of date.

- **applied**: the value X is computed, checked against the range, and written.
- **ignored**: nothing is to be written; a marker, or a hint to a linker. `R_RISCV_RELAX` is honoured
  where the plan is asked for it (`PlanOptions::relaxation`).
- **refused**: an object that has it is not loaded, and the error names the type and its place.

*Oracle*: the linkers with whose output `cargo xtask test --only differential` compares what is
written, `lld` for ld.lld 22, `bfd` for GNU ld 2.40. Where a linker does not know a type, its copy
of the object has it *as* another type, with the same value in the same field
(`xtask/src/diff/expressed.rs` says why), and what the linker makes of that is compared; so has all
thread-local code that stays as it is, which a linker would change. No applied type is without an
oracle; a test fails if one is. *Tests*: those that name the type. A range is that of X; `any` means
that no value is refused.
";

fn document() -> Result<String> {
    let oracles = oracles()?;
    let tests = tests_of::names()?;
    let mut text = String::from(HEAD);
    text += "\n| machine | types | applied | with an oracle | only as another type | ignored | \
             refused |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for arch in Arch::ALL {
        let rows = machine(arch).relocations();
        let count = |wanted: fn(&Treatment) -> bool| {
            rows.iter().filter(|row| wanted(&row.treatment())).count()
        };
        let given = |name| oracles.get(name).map_or(&[][..], |given| given.as_slice());
        let with_oracle = applied(arch).filter(|row| !given(row.name()).is_empty());
        let only_as = with_oracle.clone().filter(|row| {
            let own = row.name();
            given(own).iter().all(|(_, given)| given != own)
        });
        writeln!(
            text,
            "| {arch} | {} | {} | {} | {} | {} | {} |",
            rows.len(),
            count(|treatment| *treatment == Treatment::Applied),
            with_oracle.count(),
            only_as.count(),
            count(|treatment| *treatment == Treatment::Ignored),
            count(|treatment| matches!(treatment, Treatment::Refused(_))),
        )?;
    }
    for arch in Arch::ALL {
        machine_table(&mut text, arch, &oracles, &tests)?;
    }
    Ok(text)
}

fn machine_table(
    text: &mut String,
    arch: Arch,
    oracles: &Oracles,
    tests: &BTreeMap<String, BTreeSet<String>>,
) -> Result<()> {
    let facts = facts::read(arch)?;
    writeln!(text, "\n## {arch}\n")?;
    writeln!(text, "| number | type | class | X | range | what we do | oracle | tests |")?;
    writeln!(text, "| ---: | --- | --- | --- | --- | --- | --- | --- |")?;
    for row in machine(arch).relocations() {
        let fact = facts.iter().find(|fact| fact.number == row.number());
        let calculation = fact.map_or("", |fact| &fact.calculation);
        let oracle = match (row.treatment(), oracles.get(row.name())) {
            (Treatment::Applied, Some(kinds)) if !kinds.is_empty() => {
                let words = kinds.iter().map(|(kind, given)| match given == row.name() {
                    true => kind.short_name().to_owned(),
                    false => format!("{} as `{given}`", kind.short_name()),
                });
                words.collect::<Vec<_>>().join(", ")
            }
            (Treatment::Applied, _) => "-".into(),
            _ => String::new(),
        };
        let named = tests.get(row.name()).map(|names| names.iter().cloned().collect::<Vec<_>>());
        writeln!(
            text,
            "| {} | `{}` | {} | {} | {} | {} | {oracle} | {} |",
            row.number(),
            row.name(),
            fact.map_or("", |fact| &fact.class),
            if calculation == "none" { "" } else { calculation },
            row.range().map(range_text).unwrap_or_default(),
            treatment_text(row.treatment()),
            short_list(&named.unwrap_or_default()),
        )?;
    }
    Ok(())
}

/// The first of many.
fn short_list(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn treatment_text(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Applied => "applied",
        Treatment::Ignored => "ignored",
        Treatment::Refused(Unsupported::Dynamic) => "refused: belongs to linked images",
        Treatment::Refused(Unsupported::PointerAuthentication) => {
            "refused: the pointer must be signed with the client's key"
        }
        Treatment::Refused(Unsupported::Reserved) => "refused: reserved, without a meaning",
        Treatment::Refused(Unsupported::Vendor) => "refused: announces a vendor's own type",
        Treatment::Refused(_) => "refused",
    }
}

fn range_text(range: Range) -> String {
    let bounds = match (range.min, range.max) {
        (i64::MIN, i64::MAX) => "any".to_owned(),
        (min, max) => format!("{} <= X < {}", power(min.into()), power(i128::from(max) + 1)),
    };
    match range.align {
        1 => bounds,
        align if bounds == "any" => format!("X%{align} == 0"),
        align => format!("{bounds}, X%{align} == 0"),
    }
}

/// A bound, as a power of two where it is one.
fn power(bound: i128) -> String {
    let sign = if bound < 0 { "-" } else { "" };
    match bound.unsigned_abs() {
        0 => "0".into(),
        bits if bits.is_power_of_two() => format!("{sign}2^{}", bits.trailing_zeros()),
        // What a pair of RISC-V instructions reaches.
        0x8000_0800 => "-2^31-2^11".into(),
        0x7fff_f800 => "2^31-2^11".into(),
        bits => format!("{sign}{bits:#x}"),
    }
}
