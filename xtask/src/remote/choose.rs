//! Choosing: a module's objects and archives → the objects that it is made of.

use anyhow::{Result, anyhow};
use loader_core::{Archive, LinkInput, Name, Object};

use super::wanted::Wanted;
use crate::selection;

/// The objects of a module, and the members of its archives that a linker would take which is given
/// the archives as a group; nothing is taken that is `provided` by others.
///
/// # Errors
/// An object or an archive is refused.
pub fn choose<'w>(wanted: &Wanted<'w>, provided: &dyn Fn(&str) -> bool) -> Result<Vec<Object<'w>>> {
    let parsed = wanted.files.iter().map(|file| Object::parse(file.name.as_str(), &file.bytes));
    let objects: Vec<Object<'w>> =
        parsed.collect::<Result<_, _>>().map_err(|error| anyhow!("{error}"))?;
    if wanted.archives.is_empty() {
        return Ok(objects);
    }
    let archives = wanted.archives.iter().map(|file| Archive::parse(&file.name, &file.bytes));
    let archives: Vec<_> =
        archives.collect::<Result<_, _>>().map_err(|error| anyhow!("{error}"))?;
    let objects = objects.into_iter().map(LinkInput::Object);
    let inputs: Vec<_> = objects.chain([LinkInput::Group(&archives)]).collect();
    let provided = |name: Name<'_>| str::from_utf8(name.as_bytes()).is_ok_and(provided);
    let chosen = selection::choose(&inputs, wanted.entry, &provided);
    let chosen = chosen.map_err(|error| anyhow!("{error}"))?;
    Ok(chosen.into_iter().map(|chosen| chosen.object).collect())
}
