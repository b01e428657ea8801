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

/// What is run: a source in `qemu-tests/each`, and what its result begins with.
const PROGRAMS: &[(&str, &str)] = &[
    ("well.c", "pass"),
    ("exit.c", "exit 3"),
    ("abort.c", "abort"),
    ("crash.c", "fault … at crash.o+main+0x"),
    ("endless.c", "timeout"),
    ("flood.c", "timeout"),
    ("no_one.c", "load error "),
    ("no_main.c", "load error no object defines `main`"),
    ("overflow.c", "fault stack overflow at overflow.o+deeper+0x"),
    // Nobody can say how it ends; but it ends.
    ("scribble.c", ""),
    // What one has had of a heap the next one finds again, or not.
    ("heap.c", "pass"),
    ("heap_again.c", "pass"),
];

/// What ends otherwise in user mode, where nothing ends the machine.
const IN_USER_MODE: &[(&str, &str)] = &[
    ("heap_again.c", "fault … at heap_again.o+main+0x"),
    ("scribble.c", "fault … at scribble.o+main+0x"),
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

/// All programs, for all machines in one call; then the same in user mode.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let mut tally = Tally::default();
    let usual: BTreeMap<&str, &str> = PROGRAMS.iter().copied().collect();
    run_in_a_mode(context, &usual, &[], &mut tally)?;
    let in_user_mode = usual.into_iter().chain(IN_USER_MODE.iter().copied()).collect();
    run_in_a_mode(context, &in_user_mode, &["--user"], &mut tally)?;
    Ok(tally)
}

fn run_in_a_mode(
    context: &Context,
    programs: &BTreeMap<&str, &str>,
    mode: &[&str],
    tally: &mut Tally,
) -> Result<()> {
    let tools = &context.tools;
    let folder = tempfile::tempdir()?;
    let mut expected: BTreeMap<PathBuf, (Arch, &str)> = BTreeMap::new();
    let mut files = Vec::new();
    for arch in Arch::ALL {
        let well = object(tools, arch, folder.path(), "well.c")?;
        for (source, result) in programs {
            let path = object(tools, arch, folder.path(), source)?;
            files.push(path.clone());
            expected.insert(path, (arch, result));
            files.extend((0..BETWEEN).map(|_| well.clone()));
        }
    }
    let noise = folder.path().join("noise.o");
    std::fs::write(&noise, b"no object")?;
    files.push(noise.clone());
    let report = folder.path().join("report.json");
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["qemu", "--each", "--timeout", SECONDS]).args(mode);
    command.arg("--report").arg(&report).args(&files);
    let done = process::run(&mut command, LIMIT)?;
    let text = std::fs::read_to_string(&report)
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
        if record.path == noise {
            tally.count("what is no object is refused", begins(record, "load error "));
            continue;
        }
        let Some((arch, result)) = expected.get(&record.path) else { continue };
        let name = record.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = [&[&*name], mode].concat().join(" ");
        tally.count(format!("{arch}: {name}"), judged(record, *arch, result, !mode.is_empty()));
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
