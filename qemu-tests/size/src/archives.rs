//! An object, and what it needs of an archive, as one module.

use loader_core::{Archive, ArchiveError, LinkInput, Name, Object, Selection};

use crate::{client, pipeline};

/// How many objects there is room for.
const OBJECTS: usize = 16;

/// Chooses members, and loads them.
#[inline(never)]
pub fn run(file: &'static [u8]) -> Result<(), ArchiveError<'static>> {
    let Ok(program) = Object::parse("", client::file()) else { return Ok(()) };
    let archive = Archive::parse("", file)?;
    let inputs = [LinkInput::Object(program), LinkInput::Archive(&archive)];
    let provided = |name: Name<'_>| client::resolve(name).is_some();
    let selection = Selection::new(&inputs, &[], &provided, client::scratch())?;
    let mut objects = [program; OBJECTS];
    for (slot, chosen) in objects.iter_mut().zip(selection.objects()) {
        *slot = chosen.object;
    }
    let chosen = objects.get(..selection.len()).unwrap_or_default();
    client::take(pipeline::load(chosen, client::scratch()).is_ok());
    Ok(())
}
