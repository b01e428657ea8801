//! Choosing: a program's objects and archives → the objects that its main module is made of.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{Archive, ArchiveError, LinkInput, Name, Object, Scratch, Selection};
use qemu_protocol::{File, Outcome, TakenReport};

use crate::load;
use crate::modules::Modules;

/// The objects of a module, and which of them were taken from archives, for what.
pub struct Chosen {
    pub objects: Vec<Object<'static>>,
    pub taken: Vec<TakenReport>,
}

/// Chooses as a linker does that is given the objects and behind them all archives as a group. What
/// loaded modules or the kernel export to everybody, or to `grants`, is not taken from archives;
/// `entry` is.
pub fn choose(
    modules: &Modules,
    objects: Vec<Object<'static>>,
    archives: &[File<'static>],
    grants: &[&str],
    entry: Option<&str>,
) -> Result<Chosen, Outcome> {
    if archives.is_empty() {
        return Ok(Chosen { objects, taken: Vec::new() });
    }
    let archives = archives.iter().map(|file| Archive::parse(file.name, file.bytes));
    let archives: Vec<_> = archives.collect::<Result<_, _>>().map_err(refused)?;
    let objects = objects.into_iter().map(LinkInput::Object);
    let inputs: Vec<_> = objects.chain([LinkInput::Group(&archives)]).collect();
    let mut scratch = vec![Scratch::ZERO; Selection::scratch_len(&inputs).map_err(refused)?];
    let reader = modules.reader();
    let provided = |name: Name<'_>| {
        let found = str::from_utf8(name.as_bytes()).ok().and_then(|name| reader.lookup(name));
        found.is_some_and(|f| f.namespace.is_empty() || grants.contains(&f.namespace))
    };
    let roots: Vec<_> = entry.into_iter().map(Name::from).collect();
    let selection = Selection::new(&inputs, &roots, &provided, &mut scratch).map_err(refused)?;
    let taken = selection.objects().filter_map(|chosen| {
        let need = chosen.need?;
        Some(TakenReport {
            object: chosen.object.name().to_string(),
            symbol: need.symbol.to_string(),
            needed_by: need.by.map_or(String::new(), |by| by.to_string()),
        })
    });
    let taken = taken.collect();
    Ok(Chosen { objects: selection.objects().map(|chosen| chosen.object).collect(), taken })
}

/// The outcome of a program whose archives, or a member of them, were refused.
fn refused(error: ArchiveError<'_>) -> Outcome {
    let phase = match error {
        ArchiveError::Member(error) => error.phase().name(),
        _ => "select",
    };
    load::refusal(phase, error.to_string())
}
