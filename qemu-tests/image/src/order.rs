//! Ordering: a program's modules → the steps in which they are loaded, each behind what it needs.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{Candidate, Cycles, LoadOrder, Object, Scratch, Version};
use qemu_protocol::{File, ModuleFiles, Outcome};

use crate::load;

/// What is loaded at once: a module, or several that need each other.
pub struct Step<'p> {
    /// What the first of them is called.
    pub name: &'p str,
    pub files: Vec<File<'static>>,
    /// Of several, how many files each has.
    pub parts: Vec<usize>,
}

/// Orders modules by what their notes say; where these say nothing, they stay as they are. `present`
/// gives the versions of modules that are loaded.
pub fn steps<'p>(
    all: &[&'p ModuleFiles<'static>],
    present: &dyn Fn(&str) -> Option<Version>,
    cycles: Cycles,
) -> Result<Vec<Step<'p>>, Outcome> {
    let parsed = all.iter().map(|module| load::parse(&module.files));
    let objects: Vec<Vec<Object<'_>>> = parsed.collect::<Result<_, _>>()?;
    let candidates = objects.iter().map(|objects| Candidate::new(objects));
    let candidates: Vec<_> =
        candidates.collect::<Result<_, _>>().map_err(|error| refused(&error))?;
    let names: Vec<&str> = candidates.iter().filter_map(Candidate::name).collect();
    let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
    let order = LoadOrder::new(&candidates, &names, present, cycles, &mut scratch);
    let order = order.map_err(|error| refused(&error))?;
    let step = |members: Vec<&'p ModuleFiles<'static>>| Step {
        name: members[0].name,
        files: members.iter().flat_map(|module| &module.files).copied().collect(),
        parts: match &*members {
            [_] => Vec::new(),
            several => several.iter().map(|module| module.files.len()).collect(),
        },
    };
    let files_of = |candidate: &Candidate<'_, '_>| {
        let at = candidates.iter().position(|other| core::ptr::eq(candidate, other));
        at.and_then(|at| all.get(at).copied())
    };
    let members = order.steps().map(|step| step.candidates().filter_map(files_of).collect());
    Ok(members.map(step).collect())
}

/// The outcome of a program whose modules have no order.
fn refused(error: &dyn core::error::Error) -> Outcome {
    load::refusal("order", error.to_string())
}
