//! The generated objects are what linkers take, and come out of our loader as out of `ld.lld`: a
//! measured load does what it should.

use anyhow::Result;

use super::growth;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::checks::Tally;
use crate::diff::{self, Kind as Linker};
use crate::relocations;
use crate::setup::Tools;

/// The size of the objects that are compared.
const SIZE: u64 = 400;

/// Compares each kind on each machine with what `ld.lld` makes of it.
///
/// # Errors
/// An object cannot be written, or a tool is missing.
pub fn check(tools: &Tools) -> Result<Tally> {
    let mut tally = Tally::default();
    for arch in Arch::ALL {
        let results = diff::files(tools, &[Linker::Lld], &[archive(arch)?])?;
        tally.passed += results.tally.passed;
        tally.failures.extend(results.tally.failures);
    }
    Ok(tally)
}

/// A machine's objects: as members of an archive, each is compared by itself.
fn archive(arch: Arch) -> Result<NamedBytes> {
    let mut archive = ar::Builder::new(Vec::new());
    for (kind, _) in growth::all().filter(|(_, of)| *of == arch) {
        let object = kind.generate(relocations::machine(arch), SIZE).map_err(anyhow::Error::msg)?;
        let header = ar::Header::new(format!("{kind}.o").into_bytes(), object.len() as u64);
        archive.append(&header, object.as_slice())?;
    }
    Ok(NamedBytes { name: format!("generated-{arch}.a"), bytes: archive.into_inner()? })
}
