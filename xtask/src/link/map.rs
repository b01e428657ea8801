//! The map of what was linked: docs/link-map.md says what each field means to who reads the file.

use std::collections::BTreeMap;

use loader_core::{Binding, GotWord, SegmentKind, SymbolKind, SymbolPlace};
use serde::{Serialize, Serializer};

use crate::arch::Arch;

/// The version of the map's form: another one when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// What was linked, and where it is.
#[derive(Debug, Serialize)]
pub struct Map {
    /// [`VERSION`]
    pub version: u32,
    /// The machine.
    pub arch: Arch,
    /// The address of the entry, if one was asked for.
    pub entry: Option<Hex>,
    /// The segments that have a byte: one a kind at the most, then sections that were placed by
    /// themselves.
    pub segments: Vec<Segment>,
    /// The objects, in the order in which they were linked.
    pub objects: Vec<Object>,
    /// The GOT, word by word.
    pub got: Vec<Slot>,
    /// The call stubs.
    pub stubs: Vec<Stub>,
    /// What is to be called before anything else.
    pub resolvers: Vec<Resolver>,
    /// The bytes of sections that are not in memory, on RISC-V.
    pub deletions: Vec<Deletion>,
    /// The block of thread-local variables, if there are some.
    pub thread_locals: Option<ThreadLocals>,
    /// What nothing defines and `--allow-undefined` made 0.
    pub undefined: Vec<Text>,
}

/// A run of memory.
#[derive(Debug, Serialize)]
pub struct Segment {
    /// What it holds.
    #[serde(serialize_with = "kind_name")]
    pub kind: SegmentKind,
    /// Its address.
    pub address: Hex,
    /// Its size in bytes.
    pub size: u64,
    /// The file that holds it, beside the map or where `--out` says.
    pub file: String,
    /// Where it begins there, in bytes.
    pub file_offset: u64,
    /// How many bytes the file has of it; the rest is zero.
    pub file_size: u64,
    /// How many bytes at its start are not zero by their nature.
    #[serde(skip)]
    pub initialised: u64,
    /// The name of the section that it is, where it is one placed by itself.
    #[serde(skip)]
    pub section: Option<Text>,
}

/// An object that was linked.
#[derive(Debug, Serialize)]
pub struct Object {
    /// Its file as the command line has it, `archive(member)` for a member.
    pub path: String,
    /// Its sections that are in memory.
    pub sections: Vec<Section>,
    /// The symbols that it defines.
    pub symbols: Vec<Symbol>,
}

/// A section in memory.
#[derive(Debug, Serialize)]
pub struct Section {
    /// Its name.
    pub name: Text,
    /// Its index in the object.
    pub index: u32,
    /// Its address.
    pub address: Hex,
    /// Its size in memory, in bytes.
    pub size: u64,
    /// The place of its segment in `segments`; none where the segment has no byte.
    pub segment: Option<usize>,
    /// Its offset there, in bytes.
    pub offset: u64,
    /// Whether it is a note (`SHT_NOTE`), and its alignment.
    #[serde(skip)]
    pub note_align: Option<u64>,
}

/// A symbol.
#[derive(Debug, Serialize)]
pub struct Symbol {
    /// Its name.
    pub name: Text,
    /// Its address; of a thread-local variable, the offset in the block.
    pub address: Hex,
    /// Its size in memory, in bytes.
    pub size: u64,
    /// What it names.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Who sees it.
    #[serde(serialize_with = "binding_name")]
    pub binding: Binding,
    /// The index of its section in the object; none for a COMMON or an absolute one.
    pub section: Option<u32>,
}

/// What a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// A COMMON variable, which the loader gave its room.
    Common,
    /// A variable or constant.
    Data,
    /// A function.
    Function,
    /// A function that a resolver chooses; its address is that of its stub.
    Ifunc,
    /// Nothing in particular: labels.
    None,
    /// A thread-local variable.
    Tls,
}

/// A word of the GOT.
#[derive(Debug, Serialize)]
pub struct Slot {
    /// The place in `objects` of the object whose symbol it is.
    pub object: usize,
    /// The symbol.
    pub symbol: Text,
    /// What it says of the symbol.
    #[serde(serialize_with = "word_name")]
    pub word: GotWord,
    /// Where it is.
    pub address: Hex,
    /// What it holds.
    pub value: Hex,
}

/// A call stub.
#[derive(Debug, Serialize)]
pub struct Stub {
    /// The place in `objects` of the object whose symbol it is.
    pub object: usize,
    /// The symbol.
    pub symbol: Text,
    /// Where it is.
    pub address: Hex,
    /// Where it leads; none for that of an IFUNC.
    pub target: Option<Hex>,
}

/// A function to be called before anything else, and where its result goes.
#[derive(Debug, Serialize)]
pub struct Resolver {
    /// The place in `objects` of the object that has the IFUNC or the data.
    pub object: usize,
    /// The IFUNC; for data that a function initialises, that function.
    pub symbol: Text,
    /// The function.
    pub resolver: Hex,
    /// Where what it returns belongs.
    pub slot: Hex,
}

/// Bytes of a section that are not in memory.
#[derive(Debug, Serialize)]
pub struct Deletion {
    /// The place of its object in `objects`.
    pub object: usize,
    /// The section's index there.
    pub section: u32,
    /// The first of the bytes, as the object counts.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// The block of thread-local variables.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ThreadLocals {
    /// Where the bytes lie that each thread's block begins with.
    pub address: Hex,
    /// How many these are.
    pub image_size: u64,
    /// How many bytes a block has.
    pub size: u64,
    /// What its address must be a multiple of.
    pub align: u64,
    /// How far it lies from the thread pointer, in bytes.
    pub thread_pointer_offset: i64,
}

/// A number that is written in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex(pub u64);

/// A name from an object: bytes, of which what is no UTF-8 is replaced when written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(pub Vec<u8>);

impl Map {
    /// The sections, with the places of their objects.
    pub fn sections(&self) -> impl Iterator<Item = (usize, &Section)> {
        let objects = self.objects.iter().enumerate();
        objects.flat_map(|(at, object)| object.sections.iter().map(move |section| (at, section)))
    }

    /// The symbols.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.objects.iter().flat_map(|object| &object.symbols)
    }

    /// Where offsets of sections ended up.
    pub fn moved(&self) -> Moved {
        let mut moved = Moved::default();
        for deletion in &self.deletions {
            let Deletion { object, section, offset, bytes } = *deletion;
            moved.0.entry((object, section)).or_default().push((offset, bytes));
        }
        moved
    }
}

/// Where offsets of sections ended up: the deletions of each, and how many bytes these have.
#[derive(Debug, Default)]
pub struct Moved(BTreeMap<(usize, u32), Vec<(u64, u64)>>);

impl Moved {
    /// The offset in memory of an offset in an object's section: deletions before it are gone, and
    /// one that it is in ends there.
    pub fn offset(&self, object: usize, section: u32, offset: u64) -> u64 {
        let deletions = self.0.get(&(object, section)).into_iter().flatten();
        let begun = deletions.take_while(|(start, _)| *start < offset);
        offset - begun.map(|(start, bytes)| (*bytes).min(offset - start)).sum::<u64>()
    }
}

impl Type {
    /// What the map calls a symbol of a kind, that is defined in such a place.
    pub fn of(kind: SymbolKind, place: SymbolPlace) -> Self {
        match kind {
            _ if place == SymbolPlace::Common => Self::Common,
            SymbolKind::Data => Self::Data,
            SymbolKind::Function => Self::Function,
            SymbolKind::IndirectFunction => Self::Ifunc,
            SymbolKind::ThreadLocal => Self::Tls,
            _ => Self::None,
        }
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl From<loader_core::Name<'_>> for Text {
    fn from(name: loader_core::Name<'_>) -> Self {
        Self(name.as_bytes().to_vec())
    }
}

fn kind_name<S: Serializer>(kind: &SegmentKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

fn binding_name<S: Serializer>(binding: &Binding, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match binding {
        Binding::Global => "global",
        Binding::Local => "local",
        Binding::Weak => "weak",
    })
}

fn word_name<S: Serializer>(word: &GotWord, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match word {
        GotWord::Address => "address",
        GotWord::DescriptorArgument => "descriptor_argument",
        GotWord::DescriptorFunction => "descriptor_function",
        GotWord::ThreadLocalModule => "tls_module",
        GotWord::ThreadLocalOffset => "tls_offset",
        GotWord::ThreadPointerOffset => "tp_offset",
        _ => "unknown",
    })
}
