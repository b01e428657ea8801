//! The document is current, and the loader's tables have what the psABIs define.

use loader_core::{Range, Relocation, Treatment};

use super::facts::{self, Fact};
use super::{applied, is_current, machine};
use crate::arch::Arch;

/// Types whose range is not what `overflow_check` says, and why.
const OTHER_RANGES: &[(&str, &str)] =
    &[("R_RISCV_32", "the psABI is silent for RV64; what does not fit 32 bits is an error")];

impl Fact {
    /// Whether it may stand in an object that a compiler writes, and means something there.
    fn is_static(&self) -> bool {
        let others = ["dynamic", "reserved", "deprecated", "none", "relax-hint"];
        !others.contains(&self.class.as_str())
    }

    /// The range in `overflow_check`; `None` where the words say something else.
    fn range(&self) -> Option<Range> {
        let any = Range { min: i64::MIN, max: i64::MAX, align: 1 };
        let mut range = any;
        // Where RV32 differs, it comes last.
        let text = self.overflow_check.replace("RV64: ", "").replace(" (RV64)", "");
        for part in text.split(';').map(str::trim) {
            if part == "none" || part.starts_with("RV32:") || part.starts_with("P%") {
                continue;
            }
            if let Some(align) = part.strip_prefix("X%") {
                range.align = align.strip_suffix("==0")?.parse().ok()?;
                continue;
            }
            let (low, high) = part.split_once(" <= X < ")?;
            range.min = i64::try_from(sum(low)?).ok()?;
            range.max = i64::try_from(sum(high)? - 1).ok()?;
        }
        Some(range)
    }
}

/// A sum of powers of two, such as `-2^31-2^11`, or 0.
fn sum(text: &str) -> Option<i128> {
    let mut total = 0;
    for term in text.replace('-', "+-").split('+').filter(|term| !term.is_empty()) {
        let (sign, term) = term.strip_prefix('-').map_or((1, term), |term| (-1, term));
        total += match term.strip_prefix("2^") {
            Some(exponent) => sign * (1 << exponent.parse::<u32>().ok()?),
            None => sign * term.parse::<i128>().ok()?,
        };
    }
    Some(total)
}

/// Every type of the psABIs, with the loader's row for it.
fn all() -> Vec<(Fact, Option<&'static Relocation>)> {
    let facts = Arch::ALL.into_iter().flat_map(|arch| {
        let facts = facts::read(arch).unwrap();
        facts.into_iter().map(move |fact| {
            let row = machine(arch).relocation(fact.number);
            (fact, row)
        })
    });
    facts.collect()
}

#[test]
fn the_document_is_current() {
    assert!(is_current().unwrap(), "run `cargo xtask relocations`");
}

#[test]
fn every_type_of_the_psabis_has_its_row() {
    let all = all();
    assert_eq!(all.len(), 150 + 64 + 52);
    for (fact, row) in all {
        let row = row.unwrap_or_else(|| panic!("no row for {}", fact.name));
        assert_eq!(row.name(), fact.name);
        assert_eq!(row.number(), fact.number);
    }
    for arch in Arch::ALL {
        let facts = facts::read(arch).unwrap();
        for row in machine(arch).relocations() {
            let known = facts.iter().any(|fact| fact.number == row.number());
            assert!(known, "{} is in no psABI", row.name());
        }
    }
}

#[test]
fn every_static_type_is_applied_or_refused_for_a_reason() {
    for (fact, row) in all() {
        let treatment = row.unwrap().treatment();
        let authenticated = fact.name.contains("_AUTH_");
        if fact.is_static() && !authenticated {
            assert_eq!(treatment, Treatment::Applied, "{}", fact.name);
        }
        if fact.class == "dynamic" || fact.class == "reserved" || authenticated {
            assert!(matches!(treatment, Treatment::Refused(_)), "{}", fact.name);
        }
    }
}

#[test]
fn every_applied_type_has_an_oracle() {
    let oracles = facts::oracles().unwrap();
    for row in Arch::ALL.into_iter().flat_map(applied) {
        let given = oracles.get(row.name());
        assert!(given.is_some_and(|given| !given.is_empty()), "{} has none", row.name());
    }
}

#[test]
fn every_range_is_the_psabis() {
    let mut compared = 0;
    for (fact, row) in all() {
        let row = row.unwrap();
        if row.treatment() != Treatment::Applied {
            continue;
        }
        if OTHER_RANGES.iter().any(|(name, _)| *name == fact.name) {
            assert_ne!(row.range(), fact.range(), "{} is no exception any more", fact.name);
            continue;
        }
        let Some(range) = row.range() else {
            // Words: of a number's length, or of padding.
            let words = fact.overflow_check != "none" && fact.range().is_none();
            assert!(words || fact.overflow_check == "none", "{} has a range", fact.name);
            continue;
        };
        assert_eq!(Some(range), fact.range(), "{}: {}", fact.name, fact.overflow_check);
        compared += 1;
    }
    assert!(compared > 180, "{compared}");
}
