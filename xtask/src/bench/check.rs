//! Instruction counts against `bench/baseline/instructions.json`: a load must not take more without
//! anybody noticing.
//!
//! The counts are a compiler's: another one makes other code. Objects that a C compiler made are
//! another one's as well, and compared only where the same compiler made them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use comfy_table::Cell;
use loader_bench::IMPORTS;
use loader_bench::generated::FAR;

use super::callgrind::{self, What};
use super::program::Program;
use super::{growth, machine, objects};
use crate::baseline::{self, Baseline, Change, Numbers, TOLERANCE};
use crate::parallel;
use crate::progress;
use crate::setup::{Tools, root};
use crate::show;

/// The size of the generated objects.
const SIZE: u64 = 30_000;

/// An object, and what its load takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it is.
    pub name: String,
    /// By which compiler, if it is not generated.
    pub compiler: Option<String>,
    /// Instructions of a load.
    pub instructions: u64,
}

impl Case {
    /// What the baseline calls it.
    fn key(&self) -> String {
        match &self.compiler {
            None => self.name.clone(),
            Some(compiler) => format!("{}, {compiler}", self.name),
        }
    }
}

/// Where the baseline is.
pub fn path() -> PathBuf {
    root().join("bench/baseline/instructions.json")
}

/// Counts, and compares with the baseline; whether nothing got worse.
///
/// # Errors
/// Something cannot be built, loaded or counted, or there is no baseline.
pub fn check(tools: &Tools) -> Result<bool> {
    let compiler = machine::compiler()?;
    let baseline = Baseline::read(&path())?;
    let Some(numbers) = baseline.of(&compiler) else {
        let known: Vec<&str> = baseline.compilers().collect();
        println!("the baseline is of {}; this is {compiler}: not compared", known.join(" and "));
        return Ok(true);
    };
    let cases = count(tools)?;
    show_counts(numbers, &cases);
    let judgement = Judgement::of(numbers, &cases);
    for name in &judgement.foreign {
        println!("{name}: by another compiler than the baseline's: not compared");
    }
    for change in &judgement.changes {
        println!("{change}");
    }
    println!("{}", judgement.verdict());
    Ok(judgement.is_good())
}

/// Counts, and writes a new baseline.
///
/// # Errors
/// As for [`check`].
pub fn rebase(tools: &Tools) -> Result<()> {
    let cases = count(tools)?;
    let mut baseline = Baseline::default();
    let numbers = cases.iter().map(|case| (case.key(), case.instructions)).collect();
    baseline.take(&machine::compiler()?, &numbers);
    let path = path();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    baseline.write(&path)?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Counts all cases.
fn count(tools: &Tools) -> Result<Vec<Case>> {
    let program = Program::build()?;
    let valgrind = tools.valgrind()?;
    let folder = tempfile::tempdir()?;
    let mut wanted = Vec::new();
    for (kind, arch) in growth::all() {
        let object = program.generate(folder.path(), kind, arch, SIZE)?;
        wanted.push((format!("{kind}, {arch}"), None, object, FAR));
    }
    for subject in objects::subjects(tools, true)? {
        let name = format!("{}, {}", subject.name, subject.arch);
        wanted.push((name, Some(subject.compiler), subject.path, IMPORTS));
    }
    let step = progress::counted("counting instructions", wanted.len());
    let counted = parallel::map(&wanted, |(name, compiler, object, imports)| {
        let count = callgrind::count(&valgrind, &program, object, *imports, What::Ours);
        step.advance();
        let instructions = count.with_context(|| name.clone())?;
        Ok(Case { name: name.clone(), compiler: compiler.clone(), instructions })
    });
    step.finish();
    counted.into_iter().collect()
}

/// What has become of the counts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judgement {
    /// Cases that another compiler made than those of the baseline.
    foreign: Vec<String>,
    /// What differs by more than is tolerated.
    changes: Vec<Change>,
}

impl Judgement {
    fn of(baseline: &Numbers, cases: &[Case]) -> Self {
        let mut baseline = baseline.clone();
        let mut now = Numbers::new();
        let mut foreign = Vec::new();
        for case in cases {
            let key = case.key();
            let others = format!("{}, ", case.name);
            let of_others = |known: &String| known.starts_with(&others);
            if case.compiler.is_some()
                && !baseline.contains_key(&key)
                && baseline.keys().any(of_others)
            {
                baseline.retain(|known, _| !of_others(known));
                foreign.push(case.name.clone());
            } else {
                now.insert(key, case.instructions);
            }
        }
        Self { foreign, changes: baseline::compare(&baseline, &now, TOLERANCE) }
    }

    fn is_good(&self) -> bool {
        !self.changes.iter().any(Change::fails)
    }

    fn verdict(&self) -> &'static str {
        match (self.is_good(), self.changes.is_empty()) {
            (false, _) => {
                "more instructions than the baseline has, or other cases: make it faster, or say \
                 why in a commit with a new baseline (cargo xtask bench --rebase)"
            }
            (true, false) => "better than the baseline: cargo xtask bench --rebase keeps it so",
            (true, true) => "as the baseline has it",
        }
    }
}

fn show_counts(baseline: &Numbers, cases: &[Case]) {
    let mut table = show::table(&["case", ">baseline", ">now", ">change"]);
    for case in cases {
        let was = baseline.get(&case.key()).copied();
        let now = case.instructions;
        let change = was.map(|was| (now as f64 / was.max(1) as f64 - 1.0) * 100.0);
        let fails = change.is_some_and(|percent| percent > TOLERANCE);
        table.add_row([
            Cell::new(&case.name),
            Cell::new(was.map_or_else(|| "–".into(), show::number)),
            Cell::new(show::number(now)),
            show::verdict(change.map_or_else(|| "–".into(), |p| format!("{p:+.2} %")), !fails),
        ]);
    }
    println!("{table}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, compiler: Option<&str>, instructions: u64) -> Case {
        Case { name: name.into(), compiler: compiler.map(Into::into), instructions }
    }

    fn judge(cases: &[Case]) -> Judgement {
        let baseline = [("calls, x86_64", 1_000_000), ("sqlite, x86_64, gcc 12.2", 20_000_000)];
        Judgement::of(&baseline.map(|(name, count)| (name.to_owned(), count)).into(), cases)
    }

    #[test]
    fn more_than_two_percent_worse_fails() {
        let with = |calls| {
            judge(&[
                case("calls, x86_64", None, calls),
                case("sqlite, x86_64", Some("gcc 12.2"), 20_000_000),
            ])
        };
        assert!(with(1_000_000).is_good() && with(1_020_000).is_good());
        assert!(with(1_000_000).verdict().starts_with("as the baseline"));
        let worse = with(1_020_001);
        assert!(!worse.is_good());
        assert!(worse.verdict().contains("--rebase"));
        let better = with(900_000);
        assert!(better.is_good() && better.verdict().starts_with("better"));
    }

    #[test]
    fn another_c_compiler_is_no_reason_to_fail() {
        let judged = judge(&[
            case("calls, x86_64", None, 1_000_000),
            case("sqlite, x86_64", Some("gcc 14.1"), 90_000_000),
        ]);
        assert_eq!(judged, Judgement { foreign: vec!["sqlite, x86_64".into()], changes: vec![] });
        assert!(judged.is_good());
    }

    #[test]
    fn cases_that_come_and_go_take_a_new_baseline() {
        let sqlite = || case("sqlite, x86_64", Some("gcc 12.2"), 20_000_000);
        let calls = || case("calls, x86_64", None, 1_000_000);
        assert!(!judge(&[sqlite()]).is_good());
        assert!(!judge(&[calls()]).is_good());
        assert!(!judge(&[calls(), sqlite(), case("pairs, riscv64", None, 1)]).is_good());
        assert!(!judge(&[calls(), sqlite(), case("lua, x86_64", Some("gcc 12.2"), 1)]).is_good());
        assert!(judge(&[calls(), sqlite()]).is_good());
    }
}
