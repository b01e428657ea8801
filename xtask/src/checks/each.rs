//! `cargo xtask qemu --each`: programs of all kinds in one call, each with its own result.
//!
//! Well-behaved ones stand between those that do wrong, so that what one of these leaves behind shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::remote::compiled;
use super::{Context, Tally};
use crate::arch::Arch;
use crate::process;
use crate::setup::{Tools, root};

/// Longest that one call may take.
const LIMIT: Duration = Duration::from_secs(20 * 60);
/// Seconds that each program has.
const SECONDS: &str = "2";
/// How often the well-behaved one is run between two others.
const BETWEEN: usize = 10;

/// What is run, in this order: a source in `qemu-tests/each`, and how its result begins, in the kernel's mode
/// and in user mode, where nothing ends the machine; `…` stands for anything.
const PROGRAMS: &[(&str, [&str; 2])] = &[
    ("well.c", ["pass"; 2]),
    ("exit.c", ["exit 3"; 2]),
    ("abort.c", ["abort"; 2]),
    ("crash.c", ["fault … at crash.o+main+0x"; 2]),
    ("endless.c", ["timeout"; 2]),
    ("flood.c", ["timeout"; 2]),
    ("no_one.c", ["load error "; 2]),
    ("no_main.c", ["load error no object defines `main`"; 2]),
    ("overflow.c", ["fault stack overflow at overflow.o+deeper+0x"; 2]),
    // With the kernel's rights nobody can say how it ends; but it ends.
    ("scribble.c", ["", "fault … at scribble.o+main+0x"]),
    // What one has had of a heap the next one finds again, or not.
    ("heap.c", ["pass"; 2]),
    ("heap_again.c", ["pass", "fault … at heap_again.o+main+0x"]),
];

/// A record of the report, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Record {
    path: PathBuf,
    arch: Option<Arch>,
    result: String,
    exit_code: Option<i32>,
    message: String,
    output: String,
    load_us: u64,
    text_bytes: u64,
    relocations: u64,
}

/// An object, its machine, and what is expected of it in either mode.
type Expected = BTreeMap<PathBuf, (Arch, [&'static str; 2])>;

/// All programs, for all machines in one call; then the same in user mode.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let folder = tempfile::tempdir()?;
    let mut expected = Expected::new();
    let mut files = Vec::new();
    for arch in Arch::ALL {
        let well = object(tools, arch, folder.path(), "well.c")?;
        for (source, results) in PROGRAMS {
            let path = object(tools, arch, folder.path(), source)?;
            files.push(path.clone());
            expected.insert(path, (arch, *results));
            files.extend((0..BETWEEN).map(|_| well.clone()));
        }
    }
    let noise = folder.path().join("noise.o");
    std::fs::write(&noise, b"no object")?;
    files.push(noise.clone());
    let mut tally = Tally::default();
    for user in [false, true] {
        run_in_mode(user, &files, &expected, &noise, &mut tally)?;
    }
    Ok(tally)
}

/// Runs all files in one mode.
fn run_in_mode(
    user: bool,
    files: &[PathBuf],
    expected: &Expected,
    noise: &Path,
    tally: &mut Tally,
) -> Result<()> {
    let report = tempfile::NamedTempFile::new()?;
    let mode = user.then_some("--user");
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["qemu", "--each", "--timeout", SECONDS]).args(mode);
    command.arg("--report").arg(report.path()).args(files);
    let done = process::run(&mut command, LIMIT)?;
    let text = std::fs::read_to_string(report.path())
        .with_context(|| format!("no report:\n{}", done.stderr_text()))?;
    let records: Vec<Record> = serde_json::from_str(&text)?;
    tally.count("every object has a result, in order", {
        let paths: Vec<&PathBuf> = records.iter().map(|record| &record.path).collect();
        same(&paths, &files.iter().collect::<Vec<_>>())
    });
    tally.count("the exit code says that not all passed", same(&done.status.code(), &Some(1)));
    let lines = done.stdout_text();
    tally.count("each has a line, and there is a sum", {
        let last = format!(" of {} objects (", files.len());
        same(&(lines.lines().count(), lines.contains(&last)), &(files.len() + 1, true))
    });
    for record in &records {
        if record.path == *noise {
            tally.count("what is no object is refused", begins(record, "load error "));
            continue;
        }
        let Some((arch, results)) = expected.get(&record.path) else { continue };
        let name = record.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = format!("{arch}: {name}{}", if user { " --user" } else { "" });
        tally.count(name, judged(record, *arch, results[usize::from(user)], user));
    }
    Ok(())
}

fn object(tools: &Tools, arch: Arch, folder: &Path, source: &str) -> Result<PathBuf> {
    let path = root().join("qemu-tests/each").join(source);
    let text = std::fs::read_to_string(&path).context("a source of the test")?;
    let folder = folder.join(arch.name());
    std::fs::create_dir_all(&folder)?;
    let object = folder.join(source).with_extension("o");
    let headers = format!("-I{}", root().join("loader-module/include").display());
    std::fs::write(&object, compiled(tools, arch, &text, &[&headers])?.bytes)?;
    Ok(object)
}

fn judged(record: &Record, arch: Arch, result: &str, user: bool) -> Result<()> {
    ensure!(record.arch == Some(arch), "it is for {arch}, but: {record:?}");
    begins(record, result)?;
    if user {
        let is_alone = !record.message.contains("the machine came to an end");
        ensure!(is_alone, "it ended the machine: {record:?}");
    }
    match result {
        "pass" => {
            ensure!(record.exit_code == Some(0) && record.output == "all is well\n", "{record:?}");
            let sizes = [record.load_us, record.text_bytes, record.relocations];
            ensure!(!sizes.contains(&0), "nothing is known of it: {record:?}");
        }
        "abort" => ensure!(record.exit_code == Some(134), "{record:?}"),
        _ => {}
    }
    Ok(())
}

/// Whether a result begins so; `…` stands for anything.
fn begins(record: &Record, with: &str) -> Result<()> {
    let mut rest = record.result.as_str();
    for (number, part) in with.split('…').enumerate() {
        let found = rest.find(part).filter(|&at| number != 0 || at == 0);
        let at = found.with_context(|| format!("`{}`, and should be `{with}`", record.result))?;
        rest = &rest[at + part.len()..];
    }
    ensure!(!record.result.is_empty(), "no result");
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<()> {
    ensure!(found == expected, "{found:?}, and should be {expected:?}");
    Ok(())
}
