//! What needs no machine but this one: format, lints, unit tests, documentation, package.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::rust_tools::{Tool, tool};
use super::{Context, Tally};
use crate::arch::Arch;
use crate::process;
use crate::progress;
use crate::setup::{build_dir, root};

/// Longest that one of cargo's commands may take.
pub(super) const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What others use of the workspace.
const PACKAGES: [&str; 4] = ["--package", "loader-core", "--package", "loader-module"];

/// The C API, which goes by itself: it has a panic handler, and other packages bring the standard library's.
const CAPI: [&str; 2] = ["--package", "loader-capi"];

/// `cargo fmt --check`.
pub(super) fn format(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let mut command = tool(tools, Tool::Rustfmt)?;
    one("format", command.args(["--all", "--", "--check"]))
}

/// Clippy on the crates that build for the host.
pub(super) fn lint(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let mut command = tool(tools, Tool::Clippy)?;
    let mut tally = one("lint", command.args(["--all-targets", "--", "--deny", "warnings"]))?;
    let mut command = tool(tools, Tool::Clippy)?;
    command.args(CAPI).args(["--all-targets", "--", "--deny", "warnings"]);
    tally.count("lint of the C API", checked("lint of the C API", &mut command));
    Ok(tally)
}

/// `cargo test`.
pub(super) fn unit(_: &Context) -> Result<Tally> {
    let (mut tally, capi) = (test(&[])?, test(&CAPI)?);
    tally.passed += capi.passed;
    tally.failures.extend(capi.failures);
    Ok(tally)
}

fn test(packages: &[&str]) -> Result<Tally> {
    let step = progress::step("cargo test");
    let mut command = cargo("test");
    command.arg("--no-fail-fast").args(packages);
    let done = process::run_with(&mut command, LIMIT, |line| step.say(line))?;
    step.finish();
    let text = done.stdout_text();
    let mut tally = counted(&text);
    if !done.success() && tally.failures.is_empty() {
        done.checked("cargo test")?; // it did not come to running them
    }
    for (name, why) in &mut tally.failures {
        *why = section(&text, name);
    }
    Ok(tally)
}

/// The core, and its C API, with one architecture at a time; the core with none of its other features
/// and with each of them alone; and, of its tests, those of what every loader has, without the others.
pub(super) fn features(_: &Context) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut check = |name: &str, verb: &str, packages: &[&str], features: &str, args: &[&str]| {
        let mut command = cargo(verb);
        command.args(packages.iter().flat_map(|package| ["--package", package]));
        command.args(["--no-default-features", "--features", features]).args(args);
        command.env("RUSTFLAGS", "--deny warnings");
        // Other flags would otherwise throw away what the other steps have built.
        command.arg("--target-dir").arg(build_dir().join("features"));
        tally.count(name, checked(name, &mut command));
    };
    let machines = Arch::ALL.map(Arch::name).join(",");
    for arch in Arch::ALL {
        let name = format!("the core for {arch} alone");
        check(&name, "check", &["loader-core", "loader-capi"], arch.name(), &[]);
        let name = format!("the core for {arch}, with no other feature");
        check(&name, "check", &["loader-core"], arch.name(), &[]);
    }
    for feature in crate::features::OPTIONAL {
        let name = format!("the core with the feature {feature} alone");
        check(&name, "check", &["loader-core"], &format!("{machines},{feature}"), &[]);
    }
    let name = "the core's tests without optional features";
    check(name, "test", &["loader-core"], &machines, &["--test", "suite"]);
    Ok(tally)
}

/// The documentation of what others use, with warnings as errors.
pub(super) fn doc(_: &Context) -> Result<Tally> {
    let mut command = cargo("doc");
    command.args(PACKAGES).arg("--no-deps");
    one("doc", command.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// The packages, unpacked and built.
pub(super) fn package(_: &Context) -> Result<Tally> {
    // A tree with changes that are not committed yet can be tested too.
    one("package", cargo("package").args(PACKAGES).arg("--allow-dirty"))
}

/// The cargo that runs xtask, in the workspace's root.
pub(super) fn cargo(verb: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).arg(verb);
    command
}

/// Runs a command that is one test.
pub(super) fn one(name: &str, command: &mut Command) -> Result<Tally> {
    let mut tally = Tally::default();
    tally.count(name, checked(name, command));
    Ok(tally)
}

pub(super) fn checked(name: &str, command: &mut Command) -> Result<()> {
    let step = progress::step(name);
    let done = process::run_with(command, LIMIT, |line| step.say(line));
    step.finish();
    done?.checked(name).map(drop)
}

/// Reads what the test harness prints: a line for each test, and one for each program.
fn counted(text: &str) -> Tally {
    let mut tally = Tally::default();
    for line in text.lines() {
        let Some(test) = line.strip_prefix("test ") else { continue };
        if let Some(name) = test.strip_suffix(" ... FAILED") {
            tally.fail(name, "");
        }
        if let Some(counts) = test.strip_prefix("result: ") {
            let words: Vec<&str> = counts.split_whitespace().collect();
            let passed = words.windows(2).find_map(|pair| match pair {
                [count, "passed;"] => count.parse::<u64>().ok(),
                _ => None,
            });
            tally.passed += passed.unwrap_or(0);
        }
    }
    tally
}

/// What the harness shows of a failed test, between its heading and the next.
fn section(text: &str, name: &str) -> String {
    let heading = format!("---- {name} stdout ----");
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    lines.take_while(|line| !line.starts_with("----") && *line != "failures:").fold(
        String::new(),
        |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 2 tests
test a::works ... ok
test b::breaks ... FAILED

failures:

---- b::breaks stdout ----
thread 'b::breaks' panicked at src/b.rs:1:1:
left is not right

failures:
    b::breaks

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
running 3 tests
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn tests_are_counted_one_by_one() {
        let tally = counted(OUTPUT);
        assert_eq!((tally.passed, tally.failed()), (4, 1));
        assert_eq!(tally.failures[0].0, "b::breaks");
        assert!(section(OUTPUT, "b::breaks").contains("left is not right"));
        assert!(!section(OUTPUT, "b::breaks").contains("test result"));
    }
}
