//! Committed numbers, which what is measured now is held against: nothing may get worse unnoticed.
//!
//! Numbers belong to a compiler: another one makes other code, and is no reason to fail.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::show;

/// How much worse a number may be, in percent, before it takes a new baseline.
pub const TOLERANCE: f64 = 2.0;

/// Numbers by their names; of each, less is better.
pub type Numbers = BTreeMap<String, u64>;

/// A baseline file: the numbers of each compiler, which says its name and version itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Baseline(BTreeMap<String, Numbers>);

impl Baseline {
    /// The baseline in a file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no baseline", path.display()))
    }

    /// Writes it to a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        crate::report::write(path, self)
    }

    /// The numbers of a compiler; none where the baseline is another's.
    pub fn of(&self, compiler: &str) -> Option<&Numbers> {
        self.0.get(compiler)
    }

    /// The compilers that have numbers.
    pub fn compilers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes over what was measured. Of a name that is not among it, what is here stays; other compilers'
    /// numbers go, as they are of older code.
    pub fn take(&mut self, compiler: &str, now: &Numbers) {
        let mut numbers = self.0.remove(compiler).unwrap_or_default();
        numbers.extend(now.iter().map(|(name, &value)| (name.clone(), value)));
        self.0 = BTreeMap::from([(compiler.to_owned(), numbers)]);
    }
}

/// How a number differs from its baseline, by more than is tolerated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is less.
    Better { name: String, was: u64, now: u64 },
    /// It is not measured any more.
    Gone { name: String, was: u64 },
    /// The baseline does not have it.
    New { name: String, now: u64 },
    /// It is more.
    Worse { name: String, was: u64, now: u64 },
}

impl Change {
    /// Whether it takes a new baseline in the same change: what is not there is held against nothing.
    pub fn fails(&self) -> bool {
        !matches!(self, Self::Better { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |&value: &u64| show::number(value);
        match self {
            Self::Better { name, was, now } | Self::Worse { name, was, now } => {
                write!(f, "{name}: {}, and was {}", number(now), number(was))?;
                // From nothing, there is no percentage.
                let percent = (*now as f64 - *was as f64) / *was as f64 * 100.0;
                if *was > 0 { write!(f, " ({percent:+.1} %)") } else { Ok(()) }
            }
            Self::Gone { name, was } => {
                write!(f, "{name}: not measured any more, and was {}", number(was))
            }
            Self::New { name, now } => write!(f, "{name}: {}, and has no baseline", number(now)),
        }
    }
}

/// What has changed by more than `percent`, in the names' order.
pub fn compare(baseline: &Numbers, now: &Numbers, percent: f64) -> Vec<Change> {
    let mut changes: Vec<(&str, Change)> = Vec::new();
    for (name, &now) in now {
        let change = match baseline.get(name) {
            None => Some(Change::New { name: name.clone(), now }),
            Some(&was) => compare_one(name, was, now, percent),
        };
        changes.extend(change.map(|change| (name.as_str(), change)));
    }
    for (name, &was) in baseline.iter().filter(|(name, _)| !now.contains_key(*name)) {
        changes.push((name, Change::Gone { name: name.clone(), was }));
    }
    changes.sort_by_key(|&(name, _)| name);
    changes.into_iter().map(|(_, change)| change).collect()
}

fn compare_one(name: &str, was: u64, now: u64, percent: f64) -> Option<Change> {
    let tolerated = was as f64 * percent / 100.0;
    if was.abs_diff(now) as f64 <= tolerated {
        return None;
    }
    let name = name.to_owned();
    Some(match now > was {
        true => Change::Worse { name, was, now },
        false => Change::Better { name, was, now },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers<const N: usize>(pairs: [(&str, u64); N]) -> Numbers {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What became of 1,000, at 2 %.
    fn of_1000(now: u64) -> Vec<Change> {
        compare(&numbers([("a", 1000)]), &numbers([("a", now)]), TOLERANCE)
    }

    #[test]
    fn two_percent_are_tolerated_and_no_more() {
        for same in [980, 1000, 1020] {
            assert_eq!(of_1000(same), []);
        }
        let name = || "a".to_owned();
        assert_eq!(of_1000(1021), [Change::Worse { name: name(), was: 1000, now: 1021 }]);
        assert_eq!(of_1000(979), [Change::Better { name: name(), was: 1000, now: 979 }]);
        assert!(of_1000(1021)[0].fails());
        assert!(!of_1000(979)[0].fails());
    }

    #[test]
    fn small_numbers_and_nothing_are_compared_as_well() {
        let change = |was, now| compare(&numbers([("a", was)]), &numbers([("a", now)]), TOLERANCE);
        assert_eq!(change(0, 0), []);
        assert!(change(0, 1)[0].fails());
        assert!(change(49, 50)[0].fails());
        assert_eq!(change(50, 51), []);
        assert!(!change(1, 0)[0].fails());
        assert!(change(0, u64::MAX)[0].fails());
    }

    #[test]
    fn what_comes_and_goes_takes_a_new_baseline() {
        let changes = compare(
            &numbers([("b", 1), ("c", 2), ("d", 100)]),
            &numbers([("a", 3), ("b", 1), ("d", 104)]),
            TOLERANCE,
        );
        let [new, gone, worse] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(*new, Change::New { name: "a".into(), now: 3 });
        assert_eq!(*gone, Change::Gone { name: "c".into(), was: 2 });
        assert!(changes.iter().all(Change::fails));
        assert_eq!(new.to_string(), "a: 3, and has no baseline");
        assert_eq!(gone.to_string(), "c: not measured any more, and was 2");
        assert_eq!(worse.to_string(), "d: 104, and was 100 (+4.0 %)");
    }

    #[test]
    fn a_percentage_of_nothing_is_not_told() {
        let changes = compare(&numbers([("a", 0)]), &numbers([("a", 1200)]), TOLERANCE);
        assert_eq!(changes[0].to_string(), "a: 1,200, and was 0");
    }

    #[test]
    fn a_baseline_is_one_compilers() {
        let mut baseline = Baseline::default();
        baseline.take("rustc 1", &numbers([("a", 1), ("b", 2)]));
        assert_eq!(baseline.of("rustc 2"), None);
        // One machine measured again: the others' numbers stay.
        baseline.take("rustc 1", &numbers([("a", 3)]));
        assert_eq!(baseline.of("rustc 1"), Some(&numbers([("a", 3), ("b", 2)])));
        baseline.take("rustc 2", &numbers([("a", 4)]));
        assert_eq!(baseline.of("rustc 1"), None);
        assert_eq!(baseline.compilers().collect::<Vec<_>>(), ["rustc 2"]);
    }

    #[test]
    fn a_file_holds_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let mut baseline = Baseline::default();
        baseline.take("rustc 1", &numbers([("a", 1)]));
        baseline.write(&path).unwrap();
        assert_eq!(Baseline::read(&path).unwrap(), baseline);
        std::fs::write(&path, "[]").unwrap();
        let error = Baseline::read(&path).unwrap_err();
        assert!(error.to_string().contains("is no baseline"), "{error}");
    }
}
