//! Metadata as every compiler writes it: one module in C, C++ and Rust, for all machines, says the
//! same to the loader and to readers that know nothing of it, and is loaded as if it said nothing.

use anyhow::{Result, ensure};

use super::{Context, Tally};
use crate::arch::Arch;
use crate::parallel;
use crate::progress;

mod compile;
mod loaded;
mod read;

use compile::Way;

/// Compiles the module in every way, and holds what it says against what it should.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let folder = tempfile::tempdir()?;
    let crates = compile::crates(&context.tools, folder.path())?;
    let ways: Vec<(Arch, &Way)> = Arch::ALL
        .into_iter()
        .flat_map(|arch| compile::WAYS.iter().map(move |way| (arch, way)))
        .collect();
    let step = progress::counted("modules that say what they are", ways.len());
    let checked = parallel::map(&ways, |&(arch, way)| {
        let source = compile::Source { tools: &context.tools, crates: &crates, arch, way };
        let done = check(&source);
        step.advance();
        done
    });
    step.finish();
    let mut tally = Tally::default();
    for ((arch, way), checked) in ways.iter().zip(checked) {
        tally.count(format!("metadata: {arch}: {way}"), checked);
    }
    Ok(tally)
}

fn check(source: &compile::Source<'_>) -> Result<()> {
    let object = source.object(&[])?;
    read::same(&object)?;
    let without = source.object(&["WITHOUT"])?;
    loaded::same(&object, &without)?;
    for refused in source.refused() {
        ensure!(source.object(&[refused]).is_err(), "{refused} compiles");
    }
    Ok(())
}
