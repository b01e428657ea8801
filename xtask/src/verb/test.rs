//! `cargo xtask test`: every check and every test, one step after another.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::checks::{Context, STEPS, Step, Tally};
use crate::cli::{TestArgs, UsageError};
use crate::setup::Tools;
use crate::show;

/// One step that was run.
struct Ran {
    step: &'static Step,
    tally: Tally,
    took: Duration,
}

/// Runs the steps; the last line says how many tests passed and how many failed.
///
/// # Errors
/// A step is asked for that does not exist.
pub fn run(args: &TestArgs) -> Result<ExitCode> {
    let chosen = choose(&args.only)?;
    if args.list {
        for step in chosen {
            println!("{:16} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let context = Context { tools: Tools::exact(), cases: args.case.clone() };
    let mut ran = Vec::new();
    for (at, step) in chosen.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", at + 1, chosen.len(), step.name, step.about);
        let started = Instant::now();
        let tally = (step.run)(&context).unwrap_or_else(|error| {
            let mut tally = Tally::default();
            tally.fail(step.name, format!("{error:#}"));
            tally
        });
        for (name, why) in &tally.failures {
            println!("FAILED {name}\n{}", indented(why));
        }
        let took = started.elapsed();
        println!("{} passed, {} failed ({})", tally.passed, tally.failed(), seconds(took));
        let failed = tally.failed() > 0;
        ran.push(Ran { step, tally, took });
        if failed && args.fail_fast {
            break;
        }
    }
    Ok(summary(&ran))
}

/// The table, and the line that says it all.
fn summary(ran: &[Ran]) -> ExitCode {
    let mut table = show::table(&["step", ">passed", ">failed", ">time", "result"]);
    let (mut passed, mut failed) = (0, 0);
    for Ran { step, tally, took } in ran {
        passed += tally.passed;
        failed += tally.failed();
        let good = tally.failed() == 0;
        table.add_row([
            step.name.into(),
            tally.passed.into(),
            tally.failed().into(),
            seconds(*took).into(),
            show::verdict(if good { "ok" } else { "FAILED" }, good),
        ]);
    }
    println!("\n{table}");
    for (name, _) in ran.iter().flat_map(|ran| &ran.tally.failures) {
        println!("FAILED {name}");
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn choose(only: &[String]) -> Result<Vec<&'static Step>> {
    let unknown = only.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str()));
    if let Some(name) = unknown {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        let error = anyhow!("no step is called {name}; there are {}", names.join(", "));
        return Err(UsageError(error).into());
    }
    let wanted = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    Ok(STEPS.iter().filter(wanted).collect())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name() {
        assert_eq!(choose(&[]).unwrap().len(), STEPS.len());
        let two = choose(&["lint".into(), "format".into()]).unwrap();
        assert_eq!(two.iter().map(|step| step.name).collect::<Vec<_>>(), ["format", "lint"]);
        assert!(choose(&["nothing".into()]).is_err());
    }

    #[test]
    fn names_are_not_used_twice() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
