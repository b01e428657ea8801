//! Instructions, counted by Valgrind's callgrind: the same each time, whatever else the machine does.
//!
//! Counted is what the program itself executes. What it has libc copy is left out: which
//! instructions that takes depends on the processor and on libc's version, and not on the loader.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::program::Program;

/// Longest that one count may take.
const LIMIT: Duration = Duration::from_secs(900);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The floor.
    Floor,
    /// Parse to sealed.
    Ours,
}

impl What {
    /// What the program's `--once` calls it, and the function.
    const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ours => "ours",
        }
    }
}

/// How many instructions one load of an object takes, or one run of the floor.
///
/// # Errors
/// Valgrind fails, or the loader refuses the object.
pub fn count(
    valgrind: &Path,
    program: &Program,
    object: &Path,
    imports: u64,
    what: What,
) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let counts: PathBuf = folder.path().join("counts");
    let mut command = Command::new(valgrind);
    command.args(["--tool=callgrind", "--quiet"]);
    // Only what is called from here: neither the start of the program nor the reading of the file.
    command.arg(format!("--toggle-collect=loader_bench::count::{}", what.name()));
    command.arg(format!("--callgrind-out-file={}", counts.display()));
    let words = program.command(object, imports);
    command.args(&words).arg(format!("--once={}", what.name()));
    crate::process::run(&mut command, LIMIT)?.checked("valgrind")?;
    let text = fs::read_to_string(&counts).context("valgrind wrote no counts")?;
    let own = instructions(&text, &words[0].to_string_lossy());
    ensure!(own > 0, "valgrind counted nothing: the function that counts was not found");
    Ok(own)
}

/// The instructions of one file, in what callgrind writes: `ob=` names the file that the lines
/// behind it are about, by a number once the name is known; a line behind `calls=` is what the
/// called function took, which stands in its own lines as well.
fn instructions(text: &str, file: &str) -> u64 {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut here = "";
    let mut of_callee = false;
    let mut sum = 0;
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=') {
            of_callee |= key == "calls";
            if key == "ob" || key == "cob" {
                let (number, name) = value.split_once(' ').unwrap_or((value, ""));
                if !name.is_empty() {
                    names.insert(number, name);
                }
                if key == "ob" {
                    here = names.get(number).copied().unwrap_or(value);
                }
            }
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let cost = line.split_whitespace().nth(1).and_then(|cost| cost.parse::<u64>().ok());
            if !std::mem::take(&mut of_callee) && here == file {
                sum += cost.unwrap_or(0);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: &str = "\
# callgrind format
version: 1
positions: line
events: Ir
summary: 1130

ob=(6) /target/release/loader-bench
fl=(313) pool.rs
fn=(1712) allocate
56 27
fi=(321) atomic.rs
4040 3
fe=(313)
cob=(3) /usr/lib/libc.so.6
cfi=(9) memmove.S
cfn=(10) memmove
calls=2 0
+3 1000
* 5

ob=(3)
fl=(9)
fn=(10)
20 1000

ob=(6)
fl=(313)
fn=(1800) seal
-4 95
totals: 1130
";

    #[test]
    fn only_the_programs_own_lines_count() {
        assert_eq!(instructions(COUNTS, "/target/release/loader-bench"), 27 + 3 + 5 + 95);
        assert_eq!(instructions(COUNTS, "/usr/lib/libc.so.6"), 1000);
        assert_eq!(instructions(COUNTS, "/somewhere/else"), 0);
        assert_eq!(instructions("", "/target/release/loader-bench"), 0);
    }
}
