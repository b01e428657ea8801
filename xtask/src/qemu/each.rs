//! Many programs, in as many boots as it takes: one that ends the machine costs itself, not those
//! behind it.

use std::ops::Range;

use anyhow::Result;
use qemu_protocol::{Outcome, ProgramReport};

use super::{Boot, Stop};

/// What came of one of several programs.
#[derive(Debug)]
pub enum Fate<'b> {
    /// The image says what: the report, and what it printed.
    Told(&'b ProgramReport, &'b [u8]),
    /// The machine came to an end while it ran: why, and what it had printed.
    Fatal(&'b Stop, &'b [u8]),
    /// It was never started: why.
    NotStarted(String),
}

/// Has programs run, which are called by `names`: `boot` boots the image with those of a range. `tell` is
/// called for each, in their order.
///
/// # Errors
/// That of `boot`.
pub fn run(
    names: &[String],
    boot: impl Fn(Range<usize>) -> Result<Boot>,
    mut tell: impl FnMut(usize, Fate<'_>),
) -> Result<()> {
    let mut next = 0;
    while next < names.len() {
        let boot = boot(next..names.len())?;
        for ran in &boot.programs {
            let Some(name) = names.get(next) else { break };
            let fate = match &ran.report {
                _ if ran.name != *name => {
                    Fate::NotStarted(format!("instead of it, {} ran", ran.name))
                }
                Some(report) => Fate::Told(report, &ran.output),
                None => Fate::Fatal(&boot.stop, &ran.output),
            };
            tell(next, fate);
            next += 1;
        }
        if boot.stop == Stop::Done || boot.programs.is_empty() {
            let why = not_started(&boot);
            (next..names.len()).for_each(|at| tell(at, Fate::NotStarted(why.clone())));
            return Ok(());
        }
    }
    Ok(())
}

/// Divides programs into boots of so many programs, and so many bytes, at the most; one that has more
/// bytes than that gets a boot of its own.
pub fn divide<T>(
    programs: impl IntoIterator<Item = T>,
    bytes: impl Fn(&T) -> usize,
    most: usize,
    most_bytes: usize,
) -> Vec<Vec<T>> {
    let (mut boots, mut taken): (Vec<Vec<T>>, usize) = (Vec::new(), 0);
    for program in programs {
        let size = bytes(&program);
        let fits = |boot: &&mut Vec<T>| boot.len() < most && taken + size <= most_bytes;
        match boots.last_mut().filter(fits) {
            Some(boot) => {
                boot.push(program);
                taken += size;
            }
            None => {
                boots.push(vec![program]);
                taken = size;
            }
        }
    }
    boots
}

/// The end of what was printed, each line on one of its own.
pub fn tail(output: &[u8]) -> String {
    const LINES: usize = 10;
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
    last.iter().map(|line| format!("\n    {line}")).collect()
}

/// Why programs were not started though the boot is over.
fn not_started(boot: &Boot) -> String {
    match boot.runtime.as_ref().map(|report| &report.outcome) {
        Some(Outcome::Refused { phase, message }) => {
            format!("the C runtime was refused in {phase}: {message}")
        }
        _ => format!("it was never started: {}{}", boot.stop, tail(&boot.preamble)),
    }
}
