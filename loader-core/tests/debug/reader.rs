//! Images read back, apart from the loader.

use object::elf;

use crate::support::number;

/// A section header.
#[derive(Clone, Debug)]
pub struct Section {
    pub name: String,
    pub kind: u32,
    pub address: u64,
    pub offset: u64,
    pub size: u64,
}

/// A field of so many bytes.
fn field(image: &[u8], at: usize, width: usize) -> u64 {
    number(&image[at..at + width])
}

/// The NUL-terminated string at an offset.
fn string(image: &[u8], at: usize) -> String {
    let bytes = image[at..].split(|byte| *byte == 0).next().unwrap();
    String::from_utf8(bytes.into()).unwrap()
}

/// Every section, from index 0 on.
pub fn sections(image: &[u8]) -> Vec<Section> {
    let (table, count) = (field(image, 40, 8) as usize, field(image, 60, 2) as usize);
    let header = |index: usize| table + 64 * index;
    let names = field(image, header(field(image, 62, 2) as usize) + 24, 8) as usize;
    let read = |index: usize| {
        let at = header(index);
        Section {
            name: string(image, names + field(image, at, 4) as usize),
            kind: field(image, at + 4, 4) as u32,
            address: field(image, at + 16, 8),
            offset: field(image, at + 24, 8),
            size: field(image, at + 32, 8),
        }
    };
    (0..count).map(read).collect()
}

/// The section of a name.
pub fn find(image: &[u8], name: &str) -> Option<Section> {
    sections(image).into_iter().find(|section| section.name == name)
}

/// The bytes of a section.
pub fn section(image: &[u8], name: &str) -> Vec<u8> {
    let Section { offset, size, .. } = find(image, name).unwrap();
    image[offset as usize..][..size as usize].to_vec()
}

/// The value of a symbol.
pub fn symbol(image: &[u8], name: &str) -> Option<u64> {
    let symbols = sections(image).into_iter().find(|s| s.kind == elf::SHT_SYMTAB.0)?;
    let strings = find(image, ".strtab")?.offset as usize;
    let entries = section(image, &symbols.name);
    let named = |entry: &&[u8]| string(image, strings + number(&entry[..4]) as usize) == name;
    entries.chunks(24).find(named).map(|entry| number(&entry[8..16]))
}
