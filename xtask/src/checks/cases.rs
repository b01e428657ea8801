//! The QEMU cases.

use anyhow::Result;

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
    for outcome in outcomes {
        match outcome.failure {
            None => tally.passed += 1,
            Some(why) => tally.fail(format!("{}: {}", outcome.arch, outcome.test), why),
        }
    }
    Ok(tally)
}
