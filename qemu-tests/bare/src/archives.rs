//! Archives.

use core::hint::black_box;

use loader_core::{Archive, ArchiveError, LinkInput, Name, Object, Scratch, Selection};

/// Archives, and what is chosen from them.
pub fn choose<'o>(bytes: &'o [u8], scratch: &mut [Scratch]) -> Result<usize, ArchiveError<'o>> {
    black_box(Archive::is_archive(bytes));
    let archives = [Archive::parse("first", bytes)?, Archive::parse("second", bytes)?];
    for member in archives.iter().flat_map(Archive::members) {
        black_box((
            member.name,
            member.bytes,
            member.offset,
            member.object_name(),
            member.is_elf(),
        ));
        black_box(member.parse()?.machine());
    }
    let inputs = [
        LinkInput::Object(Object::parse("third", bytes)?),
        LinkInput::Archive(&archives[0]),
        LinkInput::Group(&archives),
        LinkInput::Whole(&archives[1]),
    ];
    black_box(Selection::scratch_len(black_box(&inputs))?);
    let roots = [Name::from(black_box("main"))];
    let provided = |name: Name<'_>| black_box(name.is_empty());
    let selection = Selection::new(black_box(&inputs), &roots, &provided, scratch)?;
    for chosen in selection.objects() {
        black_box((chosen.object.name(), chosen.need));
    }
    Ok(selection.len())
}
