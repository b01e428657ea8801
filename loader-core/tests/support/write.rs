//! The bytes of an object file: string tables, header tables, the places of sections.

use std::collections::HashMap;

use object::elf;

use super::elf::{Link, SectionSpec};

/// A string table in the making.
#[derive(Default)]
pub struct Strings {
    pub bytes: Vec<u8>,
    known: HashMap<String, u32>,
}

impl Strings {
    /// The offset of a name, which is entered where it is new.
    pub fn add(&mut self, name: &str) -> u32 {
        if self.bytes.is_empty() {
            self.bytes.push(0);
            self.known.insert(String::new(), 0);
        }
        if let Some(&known) = self.known.get(name) {
            return known;
        }
        let offset = self.bytes.len() as u32;
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
        self.known.insert(name.into(), offset);
        offset
    }
}

/// A section for the object's own tables.
pub fn table_section(
    name: &str,
    kind: u32,
    entsize: u64,
    bytes: Vec<u8>,
    link: u32,
    info: u32,
) -> SectionSpec {
    let bytes = if bytes.is_empty() { vec![0] } else { bytes };
    SectionSpec {
        name: name.into(),
        kind,
        align: 8,
        entsize,
        link: Link::Raw(link),
        info: Link::Raw(info),
        bytes,
        ..SectionSpec::default()
    }
}

/// Writes header, sections and section header table; the last section is for the names of all.
pub fn write(machine: u16, mut sections: Vec<SectionSpec>, link: impl Fn(Link) -> u32) -> Vec<u8> {
    let mut strings = Strings::default();
    let names: Vec<u32> = sections.iter().map(|section| strings.add(&section.name)).collect();
    if let Some(last) = sections.last_mut() {
        last.bytes = strings.bytes;
    }
    let mut file = vec![0; 64];
    let count = sections.len() as u64 + 1;
    let escapes = count > elf::SHN_LORESERVE.into();
    let mut headers = header(0, 0, 0, 0, if escapes { count } else { 0 });
    headers.extend(if escapes { count as u32 - 1 } else { 0 }.to_le_bytes()); // sh_link
    headers.extend([0; 20]);
    for (name, section) in names.into_iter().zip(&sections) {
        let align = section.align.clamp(1, 16) as usize;
        file.resize(file.len().next_multiple_of(align), 0);
        let nobits = section.kind == elf::SHT_NOBITS.0;
        let size = if nobits { section.nobits_size } else { section.bytes.len() as u64 };
        headers.extend(header(name, section.kind, section.flags, file.len() as u64, size));
        headers.extend(link(section.link).to_le_bytes());
        headers.extend(link(section.info).to_le_bytes());
        headers.extend(section.align.to_le_bytes());
        headers.extend(section.entsize.to_le_bytes());
        file.extend(&section.bytes);
    }
    file.resize(file.len().next_multiple_of(8), 0);
    let table = file.len() as u64;
    file.extend(headers);
    file[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(16, &elf::ET_REL.0.to_le_bytes());
    put(18, &machine.to_le_bytes());
    put(20, &1u32.to_le_bytes());
    put(40, &table.to_le_bytes());
    put(52, &64u16.to_le_bytes());
    put(58, &64u16.to_le_bytes());
    let (count, names) =
        if escapes { (0, elf::SHN_XINDEX.0) } else { (count as u16, count as u16 - 1) };
    put(60, &count.to_le_bytes());
    put(62, &names.to_le_bytes());
    file
}

/// The first 40 bytes of a section header.
fn header(name: u32, kind: u32, flags: u64, offset: u64, size: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(64);
    header.extend(name.to_le_bytes());
    header.extend(kind.to_le_bytes());
    header.extend(flags.to_le_bytes());
    header.extend(0u64.to_le_bytes());
    header.extend(offset.to_le_bytes());
    header.extend(size.to_le_bytes());
    header
}
