//! What the psABIs define, as the files in `docs/psabi` have it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::arch::Arch;
use crate::diff::Kind;
use crate::setup::root;

/// A relocation type as its psABI defines it.
#[derive(Clone, Debug, Deserialize)]
pub struct Fact {
    /// Its number.
    pub number: u32,
    /// What it is for.
    pub class: String,
    /// How X is calculated.
    pub calculation: String,
    /// Its name.
    #[cfg(test)]
    pub name: String,
    /// The values that X may have, in words.
    #[cfg(test)]
    pub overflow_check: String,
}

/// For each type, by its name, the linkers that it is compared with, and as which type.
pub type Oracles = BTreeMap<String, Vec<(Kind, String)>>;

/// Reads the types of a machine, in the order of their numbers.
///
/// # Errors
/// The file is not there, or is no such table.
pub fn read(arch: Arch) -> Result<Vec<Fact>> {
    let path = root().join("docs/psabi").join(format!("{}.csv", arch.name()));
    let mut reader = csv::Reader::from_path(&path).context("cannot read the psABI's facts")?;
    let facts: Result<Vec<Fact>, _> = reader.deserialize().collect();
    facts.with_context(|| format!("{} is damaged", path.display()))
}

/// With which linkers' output each type is compared, by its name; for each linker the name of the
/// type by which it was given to it, which is another one where it does not know the type.
///
/// # Errors
/// The file is no such table. One that is not there says that none is.
pub fn oracles() -> Result<Oracles> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        lld: String,
        bfd: String,
    }
    let path = root().join("docs/psabi/oracles.csv");
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let mut reader = csv::Reader::from_path(&path).context("cannot read the oracles")?;
    let rows: Result<Vec<Row>, _> = reader.deserialize().collect();
    let rows = rows.with_context(|| format!("{} is damaged", path.display()))?;
    let of = |row: Row| {
        let said = Kind::ALL.into_iter().zip([row.lld, row.bfd]);
        let given = said.filter_map(|(kind, said)| match said.strip_prefix("as ") {
            Some(other) => Some((kind, other.to_owned())),
            None => (said == "yes").then(|| (kind, row.name.clone())),
        });
        let given = given.collect();
        (row.name, given)
    };
    Ok(rows.into_iter().map(of).collect())
}
