//! The notes of an object, one after another.

use object::elf;

use crate::elf::{SHT_CREL, Section};
use crate::error::Place;
use crate::metadata::error::{MetadataError, NoteDefect};
use crate::object::Object;

/// Whose notes are read.
const OWNER: &[u8] = b"loader-core\0";
/// `n_namesz`, `n_descsz` and `n_type`.
const HEADER: usize = 12;
/// What each part of a note is a multiple of.
const ALIGN: usize = 4;

/// A note of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note<'o> {
    pub(super) place: Place<'o>,
    /// `n_type`.
    pub(super) number: u32,
    pub(super) descriptor: &'o [u8],
}

/// All notes of ours in an object, in its order.
pub(super) fn notes<'o>(
    object: &Object<'o>,
) -> impl Iterator<Item = Result<Note<'o>, MetadataError<'o>>> + use<'o> {
    let object = *object;
    // Sections that share bytes would make the time that reading takes more than linear.
    let mut unread = object.bytes.len();
    let mine = (0..object.section_count()).filter_map(move |index| {
        let section = object.section(index)?;
        if section.is_metadata() {
            let notes = Notes::of(&object, index, section);
            let Some(rest) = unread.checked_sub(notes.bytes.len()) else {
                return Some(Notes::refused(&object, index, NoteDefect::Overlap));
            };
            unread = rest;
            return Some(notes);
        }
        // Whatever order the sections are in, what would change a note is not passed over.
        let target = object.section(section.relocates())?;
        let applies = is_relocation_table(section) && section.size() > 0 && target.is_metadata();
        applies.then(|| Notes::refused(&object, section.relocates(), NoteDefect::Relocated))
    });
    mine.flatten()
}

fn is_relocation_table(section: Section<'_>) -> bool {
    matches!(elf::SectionType(section.kind()), elf::SHT_RELA | elf::SHT_REL | SHT_CREL)
}

/// The notes of one section.
struct Notes<'o> {
    /// The section's beginning.
    place: Place<'o>,
    bytes: &'o [u8],
    at: usize,
    /// Why it is not read at all.
    refused: Option<NoteDefect>,
}

impl<'o> Notes<'o> {
    fn of(object: &Object<'o>, index: u32, section: Section<'o>) -> Self {
        if section.has(elf::SHF_COMPRESSED) {
            return Self::refused(object, index, NoteDefect::Compressed);
        }
        let bytes = object.section_bytes(section);
        Self { place: object.place(index, 0), bytes, at: 0, refused: None }
    }

    fn refused(object: &Object<'o>, index: u32, defect: NoteDefect) -> Self {
        Self { place: object.place(index, 0), bytes: &[], at: 0, refused: Some(defect) }
    }

    /// The place of what begins here.
    fn here(&self) -> Place<'o> {
        Place { offset: self.at as u64, ..self.place }
    }

    /// The next note, whoever's it is, and past padding.
    fn read(&mut self) -> Option<Result<(&'o [u8], Note<'o>), NoteDefect>> {
        loop {
            let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            let padding = rest.get(..ALIGN).unwrap_or(rest);
            if padding.iter().all(|&byte| byte == 0) {
                self.at = self.at.saturating_add(ALIGN);
                continue;
            }
            let [Some(namesz), Some(descsz), Some(number)] = [0, 4, 8].map(|at| word(rest, at))
            else {
                return Some(Err(NoteDefect::Truncated));
            };
            let Some((owner, rest)) = part(rest.get(HEADER..).unwrap_or_default(), namesz) else {
                return Some(Err(NoteDefect::Outside));
            };
            let Some((descriptor, rest)) = part(rest, descsz) else {
                return Some(Err(NoteDefect::Outside));
            };
            let place = self.here();
            self.at = self.bytes.len().saturating_sub(rest.len());
            return Some(Ok((owner, Note { place, number, descriptor })));
        }
    }
}

impl<'o> Iterator for Notes<'o> {
    type Item = Result<Note<'o>, MetadataError<'o>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(defect) = self.refused.take() {
            return Some(Err(MetadataError::Malformed { place: self.place, defect }));
        }
        loop {
            match self.read()? {
                Ok((OWNER, note)) => return Some(Ok(note)),
                Ok(_) => {}
                Err(defect) => {
                    let place = self.here();
                    self.at = self.bytes.len();
                    return Some(Err(MetadataError::Malformed { place, defect }));
                }
            }
        }
    }
}

/// The 32-bit number at an offset.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// The first `size` bytes, and what follows their padding, of which the last note may have less.
fn part(bytes: &[u8], size: u32) -> Option<(&[u8], &[u8])> {
    let size = usize::try_from(size).ok()?;
    let part = bytes.get(..size)?;
    let rest = bytes.get(size.checked_next_multiple_of(ALIGN)?..).unwrap_or_default();
    Some((part, rest))
}
