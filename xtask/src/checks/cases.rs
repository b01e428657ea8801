//! The QEMU cases.

use anyhow::{Result, ensure};

use super::{Context, Tally};
use crate::arch::Arch;
use crate::cases;
use crate::image;
use crate::qemu::DEFAULT_LIMIT;

/// All cases on all machines.
pub(super) fn run(context: &Context) -> Result<Tally> {
    image::paths(&context.tools, &Arch::ALL)?;
    let outcomes = cases::run(&context.tools, &Arch::ALL, &context.cases, DEFAULT_LIMIT)?;
    let mut tally = Tally::default();
    if context.cases.is_empty() {
        // What is not there for user mode is left out silently, and might be all.
        let in_user_mode = outcomes.iter().filter(|outcome| outcome.test.contains("in user mode"));
        let count = in_user_mode.count();
        tally.count("enough programs in user mode", enough(count));
    }
    for outcome in outcomes {
        match outcome.failure {
            None => tally.passed += 1,
            Some(why) => tally.fail(format!("{}: {}", outcome.arch, outcome.test), why),
        }
    }
    Ok(tally)
}

/// Fewer programs in user mode than this are a sign that something is missing there.
const IN_USER_MODE: usize = 900;

fn enough(count: usize) -> Result<()> {
    ensure!(count >= IN_USER_MODE, "{count} of at least {IN_USER_MODE}");
    Ok(())
}
