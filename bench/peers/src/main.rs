//! Loads a file again and again by a loader of others, in this process, and prints how long it took.
//!
//! `bench-peers PEER FILE TIMES [STUBS]`, as `cargo xtask bench` calls it: one process for each peer and
//! file, as what one makes of a file it does not know may end the process. The last line of standard
//! output is a [`Answer`] in JSON.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Serialize;

#[cfg(target_os = "linux")]
mod by_dlopen;
#[cfg(target_os = "linux")]
mod by_elf_loader;
#[cfg(target_os = "linux")]
mod by_kmod_loader;
#[cfg(target_os = "linux")]
mod pages;

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// Seconds of each load.
    Load(Vec<f64>),
    /// The peer does not load the file, in its own words.
    Refused(String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match answer(&arguments) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the peer, and has its answer as a line.
///
/// # Errors
/// The command line is not what `cargo xtask bench` would say, or the file cannot be read.
fn answer(arguments: &[String]) -> Result<String> {
    let (Some(peer), Some(file), Some(times)) =
        (arguments.first(), arguments.get(1), arguments.get(2))
    else {
        bail!("usage: bench-peers PEER FILE TIMES [STUBS]");
    };
    let times = times.parse().with_context(|| format!("{times} is no number"))?;
    let answer = match run(peer, file, times, arguments.get(3).map(String::as_str))? {
        Ok(seconds) => Answer::Load(seconds),
        Err(words) => Answer::Refused(words),
    };
    Ok(serde_json::to_string(&answer)?)
}

/// Seconds, or why there are none.
type Seconds = Result<Vec<f64>, String>;

#[cfg(target_os = "linux")]
fn run(peer: &str, file: &str, times: usize, stubs: Option<&str>) -> Result<Seconds> {
    let read = || std::fs::read(file).with_context(|| format!("cannot read {file}"));
    Ok(match peer {
        "dlopen" => by_dlopen::run(file, stubs, times),
        "elf_loader" => by_elf_loader::run(&read()?, times),
        "kmod-loader" => by_kmod_loader::run(&read()?, times),
        other => bail!("{other} is no peer"),
    })
}

#[cfg(not(target_os = "linux"))]
fn run(_: &str, _: &str, _: usize, _: Option<&str>) -> Result<Seconds> {
    Ok(Err("it runs on Linux alone".into()))
}

/// How long all loads may take; where it is not enough, there are fewer.
#[cfg(target_os = "linux")]
const BUDGET: std::time::Duration = std::time::Duration::from_secs(30);

/// Loads `times` times after a first time, which counts only where it alone takes all the time there is.
/// What becomes of what was loaded takes none.
#[cfg(target_os = "linux")]
fn timed<T>(times: usize, mut load: impl FnMut() -> Result<T, String>) -> Seconds {
    use std::time::Instant;
    let begun = Instant::now();
    let mut one = || {
        let started = Instant::now();
        let _loaded = load()?;
        Ok::<_, String>(started.elapsed().as_secs_f64())
    };
    let first = one()?;
    let mut seconds = Vec::with_capacity(times);
    while seconds.len() < times && begun.elapsed() < BUDGET {
        seconds.push(one()?);
    }
    if seconds.is_empty() {
        seconds.push(first);
    }
    Ok(seconds)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_first_load_is_not_measured() {
        let mut loads = 0;
        let seconds = timed(3, || {
            loads += 1;
            Ok(())
        });
        assert_eq!((seconds.unwrap().len(), loads), (3, 4));
        assert_eq!(timed(0, || Ok(())).unwrap().len(), 1);
        let fails = || -> Result<(), String> { Err("no".into()) };
        assert_eq!(timed(3, fails), Err("no".into()));
    }

    #[test]
    fn a_peer_that_refuses_is_no_error() {
        let this = std::env::current_exe().unwrap();
        for peer in ["elf_loader", "kmod-loader"] {
            // A program is no object.
            let line = answer(&words(&format!("{peer} {} 2", this.display()))).unwrap();
            assert!(line.starts_with("{\"refused\":"), "{line}");
        }
        let line = answer(&words("dlopen /nowhere/at/all.so 2")).unwrap();
        assert!(line.contains("/nowhere/at/all.so"), "{line}");
    }

    #[test]
    fn what_stays_loaded_is_not_measured() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut paths = maps.lines().filter_map(|line| line.split_whitespace().last());
        let Some(libc) = paths.find(|path| path.contains("/libc.so")) else { return }; // another C library
        let line = answer(&words(&format!("dlopen {libc} 2"))).unwrap();
        assert!(line.contains("stays loaded"), "{line}");
    }

    #[test]
    fn a_wrong_command_line_is_an_error() {
        for line in ["", "elf_loader a.o", "elf_loader a.o many", "ld.so a.o 1"] {
            assert!(answer(&words(line)).is_err(), "{line}");
        }
        assert!(answer(&words("elf_loader /nowhere/at/all.o 1")).is_err());
    }
}
