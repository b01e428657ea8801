//! Archives: their members in both formats, refusals, and which members a link takes.

mod format;
mod limits;
mod model;
mod mutations;
mod needs;
mod order;
mod refusals;
mod strength;

use loader_core::{Archive, ArchiveError, LinkInput, Name, Object, Scratch, Selection};

use crate::support::archive::gnu;

/// Chooses, with exactly the scratch memory that it takes, and returns the names of what is chosen.
fn chosen(inputs: &[LinkInput<'_, '_>], roots: &[&str], provided: &[&str]) -> Vec<String> {
    let mut scratch = vec![Scratch::ZERO; Selection::scratch_len(inputs).unwrap()];
    let selection = select(inputs, roots, provided, &mut scratch).unwrap();
    let names: Vec<_> =
        selection.objects().map(|chosen| chosen.object.name().to_string()).collect();
    assert_eq!((names.len(), names.is_empty()), (selection.len(), selection.is_empty()));
    names
}

fn select<'i, 'o, 's>(
    inputs: &'i [LinkInput<'i, 'o>],
    roots: &[&str],
    provided: &[&str],
    scratch: &'s mut [Scratch],
) -> Result<Selection<'i, 'o, 's>, ArchiveError<'o>> {
    let roots: Vec<_> = roots.iter().map(|root| Name::from(*root)).collect();
    let provided = |name: Name<'_>| provided.iter().any(|&other| Name::from(other) == name);
    Selection::new(inputs, &roots, &provided, scratch)
}

/// An archive whose members are called after what they define first.
fn library(members: &[(&[&str], &[&str])]) -> Vec<u8> {
    let names: Vec<_> = members
        .iter()
        .map(|(defines, _)| format!("{}.o", defines[0].trim_start_matches(['~', '=', '%'])))
        .collect();
    let files = names.iter().zip(members).map(|(name, (defines, needs))| {
        (name.as_str(), crate::support::archive::object(defines, needs))
    });
    gnu(&files.collect::<Vec<_>>())
}

fn parse(bytes: &[u8]) -> Archive<'_> {
    Archive::parse("lib.a", bytes).unwrap()
}

fn main_object(bytes: &[u8]) -> LinkInput<'_, '_> {
    LinkInput::Object(Object::parse("main.o", bytes).unwrap())
}
