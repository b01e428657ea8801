//! Error codes, and messages.

use core::ffi::c_char;
use core::fmt::{self, Write};

use loader_core::Error;

use crate::handle::{Loader, Phase};
use crate::pointer;

/// What a call has come to. All but LOADER_STATUS_OK are errors, and nothing has changed then but that
/// a call which takes the loader to its next phase gives all memory back.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is done.
    Ok = 0,
    /// A pointer is null, or not aligned for what it points to.
    Pointer = 1,
    /// There is no loader at this address: none was made there, or it was deleted.
    Handle = 2,
    /// The loader is in use: by another thread, or by the call that has called back.
    Busy = 3,
    /// The loader is in another phase than this call is for.
    Phase = 4,
    /// A number or a flag is one that does not exist, a text is not UTF-8, a length is more than an
    /// object can have, or memory is lent that is in use already.
    Argument = 5,
    /// The memory that is lent is too small or not aligned.
    Memory = 6,
    /// There is no such thing.
    NotFound = 7,
    /// The loader refuses for a reason that this header does not know; the message does.
    Other = 8,
    /// parse: the file is no ELF64 little-endian relocatable object.
    Format = 16,
    /// parse: the object is for a machine that the library was built without.
    Machine = 17,
    /// parse, plan: the object contradicts itself.
    Malformed = 18,
    /// plan: a section is of a kind that is never loaded.
    Section = 19,
    /// plan: the objects are for several machines, or float ABIs.
    MixedMachines = 20,
    /// plan: less scratch memory was lent than loader_scratch_size says.
    Scratch = 21,
    /// plan: a segment would be larger than 4 GiB or the address space.
    TooLarge = 22,
    /// plan: names were chosen to make the loader slow.
    Crowded = 23,
    /// plan: two objects define the same global symbol.
    Duplicate = 24,
    /// resolve: exported names were chosen to make their table slow.
    HashCollisions = 25,
    /// plan: a relocation number that the psABI does not allocate.
    UnknownRelocation = 26,
    /// plan: a relocation type that is not applied.
    UnsupportedRelocation = 27,
    /// plan: a relocation against a symbol of a kind that it is not for.
    WrongSymbol = 28,
    /// plan: a relocation needs a symbol in a section that is not loaded.
    Discarded = 29,
    /// plan, resolve: one half of a pair of relocations without the other.
    Unpaired = 30,
    /// place: the memory manager has no room for a segment.
    Allocate = 31,
    /// place: the memory manager gave memory that is not aligned as it was asked to be.
    BadSegment = 32,
    /// map: no loaded section has this index.
    NoSuchSection = 33,
    /// map: an address that the section or segment cannot have.
    Misplaced = 34,
    /// resolve: nothing defines a symbol that the module needs.
    Undefined = 35,
    /// resolve: there is no room for the module's thread-local variables.
    ThreadLocalBlock = 36,
    /// resolve: code needs a distance from the thread pointer that is not the same in every thread.
    ThreadPointer = 37,
    /// resolve: code asks for a TLS descriptor, and there are none.
    Descriptor = 38,
    /// resolve: a value does not fit its field.
    OutOfRange = 39,
    /// resolve: a value is not a multiple of what its field can express.
    Misaligned = 40,
    /// resolve: an addend where the relocation type allows none.
    Addend = 41,
    /// resolve: a field is not in an instruction that the relocation type applies to.
    Instruction = 42,
    /// resolve: a call stub cannot reach the GOT.
    StubReach = 43,
    /// resolve: code that erratum 843419 affects cannot be mended.
    Erratum = 44,
    /// seal: the memory manager could not give a segment its permissions.
    Seal = 45,
}

/// Writes in words why the last call that was to change this loader was refused: where (object,
/// section, offset), what (relocation, symbol, values), and what to do. After one that was not refused
/// the message is empty. At most `size` bytes are written, the last of which is always NUL; a message
/// that is longer is cut short, between two characters of UTF-8.
///
/// Returns the length of the whole message without NUL, as snprintf does; 0 where there is no
/// loader, or it is busy. A `buffer` of no bytes may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_error_message(
    loader: *const Loader,
    buffer: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: there are `size` bytes, says the caller, who has a loader or nothing that looks so.
    let (loader, buffer) = unsafe { (Loader::at(loader), pointer::buffer(buffer, size)) };
    let mut message = Message { buffer, written: 0, length: 0, full: false };
    message.end();
    let written = loader.and_then(|loader| {
        loader.look(|inner| write!(message, "{}", inner.failure).map_err(|_| Status::Other))
    });
    message.end();
    written.map_or(0, |()| message.length)
}

/// What a status is in words: a text that stays where it is. Null for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn loader_status_text(status: u32) -> *const c_char {
    let text = TEXTS.iter().find(|(known, _)| *known as u32 == status);
    text.map_or(core::ptr::null(), |(_, text)| text.as_ptr())
}

/// Why a loader was last refused something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    /// It was not.
    None,
    /// By the core.
    Core(Error<'static>),
    /// The phase is not the one that is wanted.
    Phase { is: Phase, wanted: &'static str },
    /// Too little scratch memory, in bytes.
    Scratch { needed: usize, lent: usize },
    /// By what stands in front of the core.
    Status(Status),
}

impl Failure {
    pub(crate) const fn status(&self) -> Status {
        match self {
            Self::None => Status::Ok,
            Self::Core(error) => of_core(error),
            Self::Phase { .. } => Status::Phase,
            Self::Scratch { .. } => Status::Scratch,
            Self::Status(status) => *status,
        }
    }
}

impl From<Error<'static>> for Failure {
    fn from(error: Error<'static>) -> Self {
        Self::Core(error)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Core(error) => error.fmt(f),
            Self::Phase { is, wanted } => {
                write!(f, "the loader is {}, and this is for one that is {wanted}", is.name())
            }
            Self::Scratch { needed, lent } => write!(
                f,
                "the plan needs {needed} bytes of scratch memory and was lent {lent}; lend as many as \
                 loader_scratch_size says"
            ),
            Self::Status(status) => {
                let text = TEXTS.iter().find(|(known, _)| known == status);
                f.write_str(text.map_or("", |(_, text)| text.to_str().unwrap_or_default()))
            }
        }
    }
}

const fn of_core(error: &Error<'_>) -> Status {
    match error {
        Error::Format { .. } => Status::Format,
        Error::Machine { .. } => Status::Machine,
        Error::Malformed { .. } => Status::Malformed,
        Error::Section { .. } => Status::Section,
        Error::MixedMachines { .. } => Status::MixedMachines,
        // The library has the features.
        Error::SeveralObjects { .. } | Error::Symbol { .. } => Status::Other,
        Error::Scratch { .. } => Status::Scratch,
        Error::TooLarge { .. } => Status::TooLarge,
        Error::Crowded { .. } => Status::Crowded,
        Error::Duplicate { .. } => Status::Duplicate,
        Error::HashCollisions { .. } => Status::HashCollisions,
        Error::UnknownRelocation { .. } => Status::UnknownRelocation,
        Error::UnsupportedRelocation { .. } => Status::UnsupportedRelocation,
        Error::WrongSymbol { .. } => Status::WrongSymbol,
        Error::Discarded { .. } => Status::Discarded,
        Error::Unpaired { .. } => Status::Unpaired,
        Error::Allocate { .. } => Status::Allocate,
        Error::BadSegment { .. } => Status::BadSegment,
        Error::NoSuchSection { .. } => Status::NoSuchSection,
        Error::Misplaced { .. } => Status::Misplaced,
        Error::Undefined { .. } => Status::Undefined,
        Error::ThreadLocalBlock { .. } => Status::ThreadLocalBlock,
        Error::ThreadPointer { .. } => Status::ThreadPointer,
        Error::Descriptor { .. } => Status::Descriptor,
        Error::OutOfRange { .. } => Status::OutOfRange,
        Error::Misaligned { .. } => Status::Misaligned,
        Error::Addend { .. } => Status::Addend,
        Error::Instruction { .. } => Status::Instruction,
        Error::StubReach { .. } => Status::StubReach,
        Error::Erratum { .. } => Status::Erratum,
        Error::Seal { .. } => Status::Seal,
        _ => Status::Other,
    }
}

/// Every status in a few words.
const TEXTS: &[(Status, &core::ffi::CStr)] = &[
    (Status::Ok, c"done"),
    (Status::Pointer, c"a pointer is null or misaligned"),
    (Status::Handle, c"there is no loader at this address"),
    (Status::Busy, c"the loader is in use"),
    (Status::Phase, c"the loader is in another phase"),
    (Status::Argument, c"an argument is out of its range, or memory is lent twice"),
    (Status::Memory, c"the memory lent is too small or misaligned"),
    (Status::NotFound, c"not found"),
    (Status::Other, c"refused"),
    (Status::Format, c"not an ELF64 relocatable object"),
    (Status::Machine, c"an object for another machine"),
    (Status::Malformed, c"a damaged object"),
    (Status::Section, c"a section that is never loaded"),
    (Status::MixedMachines, c"objects for several machines"),
    (Status::Scratch, c"too little scratch memory"),
    (Status::TooLarge, c"too large"),
    (Status::Crowded, c"names chosen to be slow"),
    (Status::Duplicate, c"a symbol defined twice"),
    (Status::HashCollisions, c"exported names chosen to be slow"),
    (Status::UnknownRelocation, c"an unknown relocation type"),
    (Status::UnsupportedRelocation, c"a relocation type that is not applied"),
    (Status::WrongSymbol, c"a relocation against a symbol of another kind"),
    (Status::Discarded, c"a symbol in a section that is not loaded"),
    (Status::Unpaired, c"a relocation without its partner"),
    (Status::Allocate, c"no memory for a segment"),
    (Status::BadSegment, c"a segment other than asked for"),
    (Status::NoSuchSection, c"no such section"),
    (Status::Misplaced, c"an address that is not possible"),
    (Status::Undefined, c"an undefined symbol"),
    (Status::ThreadLocalBlock, c"no room for thread-local variables"),
    (Status::ThreadPointer, c"no fixed distance from the thread pointer"),
    (Status::Descriptor, c"no TLS descriptors"),
    (Status::OutOfRange, c"a value out of its field's range"),
    (Status::Misaligned, c"a misaligned value"),
    (Status::Addend, c"an addend where none may be"),
    (Status::Instruction, c"another instruction than the relocation is for"),
    (Status::StubReach, c"a call stub out of the GOT's reach"),
    (Status::Erratum, c"code that cannot be mended"),
    (Status::Seal, c"permissions that cannot be had"),
];

/// A message in a buffer of the caller's.
struct Message {
    buffer: Option<&'static mut [u8]>,
    written: usize,
    length: usize,
    full: bool,
}

impl Message {
    /// Ends what was written with a NUL.
    fn end(&mut self) {
        let buffer = self.buffer.as_deref_mut().unwrap_or_default();
        if let Some(end) = buffer.get_mut(self.written) {
            *end = 0;
        }
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.length = self.length.saturating_add(text.len());
        let buffer = self.buffer.as_deref_mut().unwrap_or_default();
        let room = buffer.len().saturating_sub(self.written).saturating_sub(1);
        if self.full {
            return Ok(());
        }
        let fits = text.floor_char_boundary(room);
        self.full = fits < text.len();
        let to = buffer.iter_mut().skip(self.written);
        to.zip(text.bytes().take(fits)).for_each(|(to, from)| *to = from);
        self.written = self.written.saturating_add(fits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(size: usize, parts: &[&str]) -> (Vec<u8>, usize) {
        let buffer = Box::leak(vec![0xee; size].into_boxed_slice());
        let mut message = Message { buffer: Some(buffer), written: 0, length: 0, full: false };
        parts.iter().for_each(|part| message.write_str(part).unwrap());
        message.end();
        (message.buffer.unwrap().to_vec(), message.length)
    }

    #[test]
    fn messages_are_cut_between_characters() {
        assert_eq!(message(6, &["ab", "cd"]), (b"abcd\0\xee".to_vec(), 4));
        assert_eq!(message(5, &["ab", "cd"]), (b"abcd\0".to_vec(), 4));
        assert_eq!(message(4, &["ab", "cd"]), (b"abc\0".to_vec(), 4));
        assert_eq!(message(4, &["a", "éé", "b"]), (b"a\xc3\xa9\0".to_vec(), 6));
        assert_eq!(message(3, &["a", "é", "b"]), (b"a\0\xee".to_vec(), 4)); // nothing after a gap
        assert_eq!(message(1, &["a"]), (b"\0".to_vec(), 1));
        assert_eq!(message(0, &["a"]), (b"".to_vec(), 1));
    }

    #[test]
    fn every_status_has_a_text_and_a_number_of_its_own() {
        let mut numbers: Vec<u32> = TEXTS.iter().map(|(status, _)| *status as u32).collect();
        assert_eq!(numbers, (0..=8).chain(16..=45).collect::<Vec<u32>>());
        numbers.dedup();
        assert!(numbers.iter().all(|number| !loader_status_text(*number).is_null()));
        assert!(loader_status_text(9).is_null() && loader_status_text(u32::MAX).is_null());
    }
}
