//! An executable (`ET_EXEC`) of what was linked: for emulators, debuggers and loaders of firmware.

use anyhow::{Context, Result};
use loader_core::{Binding, SegmentKind};
use object::Endianness;
use object::elf::{
    ELFOSABI_NONE, ET_EXEC, FileFlags, Machine, PF_R, PF_W, PF_X, PT_LOAD, PT_NOTE, PT_TLS,
    ProgramFlags, ProgramType, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHN_ABS, SHN_UNDEF,
    SHT_NOBITS, SHT_PROGBITS, STB_GLOBAL, STB_LOCAL, STB_WEAK, STT_FUNC, STT_NOTYPE, STT_OBJECT,
    STT_TLS, STV_DEFAULT, SectionFlags, SymbolInfo, SymbolOther,
};
use object::write::StringId;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, SectionIndex, Sym, Writer};

use super::map::{Map, Segment, Symbol, ThreadLocals, Type};
use super::{Hex, Output};

/// What segments are congruent by, in memory and in the file.
const PAGE: u64 = 0x1000;

/// A section header's contents.
#[derive(Debug)]
struct Part {
    name: Vec<u8>,
    flags: SectionFlags,
    address: u64,
    size: u64,
    /// Where it is in the file; none for zeros.
    offset: Option<u64>,
}

/// The executable, which the map calls `file` from then on.
///
/// # Errors
/// It would have too many of something.
pub fn executable(output: &mut Output, file: &str) -> Result<Vec<u8>> {
    let Output { map, segments: contents, flags, .. } = output;
    let mut bytes = Vec::new();
    let mut writer = Writer::new(Endianness::Little, true, &mut bytes);
    writer.reserve_file_header();
    let notes = notes(map);
    let headers = map.segments.len() + notes.len() + usize::from(map.thread_locals.is_some());
    writer.reserve_program_headers(u32::try_from(headers)?);
    for segment in &mut map.segments {
        let here = writer.reserved_len();
        let ahead = segment.address.0.wrapping_sub(here) % PAGE;
        writer.reserve_until(here + ahead);
        segment.file = file.to_owned();
        segment.file_size = segment.initialised;
        segment.file_offset = writer.reserve(segment.file_size, 1);
    }
    let map = &*map;
    let parts = parts(map);
    writer.reserve_null_section_index();
    let mut names = Vec::new();
    for part in &parts {
        names.push((writer.add_section_name(&part.name), writer.reserve_section_index()));
    }
    let symbols = symbols(map);
    let mut strings = Vec::new();
    for symbol in &symbols {
        let home = home(&parts, symbol).map(|at| names[at].1);
        strings.push((writer.add_string(&symbol.name.0), home));
        writer.reserve_symbol_index(home);
    }
    let locals = symbols.iter().filter(|symbol| symbol.binding == Binding::Local).count();
    writer.reserve_symtab_section_index();
    writer.reserve_symtab();
    writer.reserve_strtab_section_index();
    writer.reserve_strtab()?;
    writer.reserve_shstrtab_section_index();
    writer.reserve_shstrtab()?;
    writer.reserve_section_headers();

    writer.write_file_header(&FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_EXEC,
        e_machine: Machine(map.arch.elf_machine()),
        e_entry: map.entry.map_or(0, |Hex(entry)| entry),
        e_flags: FileFlags(*flags),
    })?;
    writer.write_align_program_headers();
    let mut loaded: Vec<&Segment> = map.segments.iter().collect();
    loaded.sort_by_key(|segment| segment.address);
    for segment in loaded {
        writer.write_program_header(&load_header(segment));
    }
    for header in notes {
        let segment = &map.segments[header.segment];
        let offset = segment.file_offset + header.offset;
        let address = segment.address.0 + header.offset;
        let sizes = [header.size, header.size];
        writer.write_program_header(&program_header(
            PT_NOTE,
            PF_R,
            offset,
            address,
            sizes,
            header.align,
        ));
    }
    if let Some(locals) = map.thread_locals {
        writer.write_program_header(&thread_local_header(map, locals));
    }
    for (segment, contents) in map.segments.iter().zip(contents) {
        writer.pad_until(segment.file_offset);
        let size = usize::try_from(segment.file_size)?;
        writer.write(contents.get(..size).context("a segment is not all there")?);
    }
    write_symbols(&mut writer, &symbols, &strings);
    writer.write_strtab();
    writer.write_shstrtab();
    writer.write_null_section_header();
    for (part, (name, _)) in parts.iter().zip(names) {
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(name)),
            sh_type: if part.offset.is_some() { SHT_PROGBITS } else { SHT_NOBITS },
            sh_flags: part.flags,
            sh_addr: part.address,
            sh_offset: part.offset.unwrap_or_default(),
            sh_size: part.size,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: 1,
            sh_entsize: 0,
        });
    }
    // The null symbol is local as well.
    writer.write_symtab_section_header(u32::try_from(locals)? + 1);
    writer.write_strtab_section_header();
    writer.write_shstrtab_section_header();
    Ok(bytes)
}

/// A note that is in memory, by its place in a segment.
struct Note {
    segment: usize,
    offset: u64,
    size: u64,
    align: u64,
}

/// The notes: what boots a machine may look for them.
fn notes(map: &Map) -> Vec<Note> {
    let note = |(_, section): (usize, &super::map::Section)| {
        let align = section.note_align.filter(|_| section.size != 0)?;
        let (segment, offset, size) = (section.segment?, section.offset, section.size);
        Some(Note { segment, offset, size, align })
    };
    map.sections().filter_map(note).collect()
}

fn load_header(segment: &Segment) -> ProgramHeader {
    let flags = match segment.kind {
        SegmentKind::Text => PF_R | PF_X,
        SegmentKind::ReadOnly => PF_R,
        SegmentKind::Data => PF_R | PF_W,
    };
    let sizes = [segment.file_size, segment.size];
    program_header(PT_LOAD, flags, segment.file_offset, segment.address.0, sizes, PAGE)
}

/// Where threads' blocks begin as, which is a part of the read-only segment if it has a byte.
fn thread_local_header(map: &Map, locals: ThreadLocals) -> ProgramHeader {
    let Hex(address) = locals.address;
    let holds = |segment: &&Segment| {
        (segment.address.0..segment.address.0 + segment.size).contains(&address)
    };
    let segment = map.segments.iter().find(holds).filter(|_| locals.image_size != 0);
    let offset = segment.map_or(0, |segment| segment.file_offset + (address - segment.address.0));
    let sizes = [locals.image_size, locals.size];
    // What threads' blocks are aligned by; an image without a byte lies anywhere.
    let aligned = address.checked_next_multiple_of(locals.align).filter(|_| segment.is_none());
    program_header(PT_TLS, PF_R, offset, aligned.unwrap_or(address), sizes, locals.align)
}

fn program_header(
    kind: ProgramType,
    flags: ProgramFlags,
    offset: u64,
    address: u64,
    [in_file, in_memory]: [u64; 2],
    align: u64,
) -> ProgramHeader {
    ProgramHeader {
        p_type: kind,
        p_flags: flags,
        p_offset: offset,
        p_vaddr: address,
        p_paddr: address,
        p_filesz: in_file,
        p_memsz: in_memory,
        p_align: align,
    }
}

/// The sections of the executable: each segment, divided where its nature changes.
fn parts(map: &Map) -> Vec<Part> {
    let mut parts = Vec::new();
    for segment in &map.segments {
        let (name, flags, zeros): (&[u8], _, &[u8]) = match segment.kind {
            SegmentKind::Text => (b".text", SHF_ALLOC | SHF_EXECINSTR, b".text"),
            SegmentKind::ReadOnly => (b".rodata", SHF_ALLOC, b".rodata"),
            SegmentKind::Data => (b".data", SHF_ALLOC | SHF_WRITE, b".bss"),
        };
        let own = segment.section.as_ref().map(|section| section.0.as_slice());
        let mut add = |name: &[u8], flags, range: std::ops::Range<u64>| {
            let is_zero = range.start >= segment.file_size;
            let offset = (!is_zero).then_some(segment.file_offset + range.start);
            let address = segment.address.0 + range.start;
            let size = range.end - range.start;
            if size != 0 {
                parts.push(Part { name: name.to_vec(), flags, address, size, offset });
            }
        };
        let locals = map.thread_locals.filter(|locals| {
            let is_here = segment.kind == SegmentKind::ReadOnly && own.is_none();
            is_here && locals.image_size != 0
        });
        match locals {
            // The image lies between the sections and the GOT.
            Some(locals) => {
                let start = locals.address.0 - segment.address.0;
                let end = start + locals.image_size;
                add(name, flags, 0..start);
                add(b".tdata", SHF_ALLOC | SHF_WRITE | SHF_TLS, start..end);
                add(b".got", flags, end..segment.size);
            }
            None => {
                add(own.unwrap_or(name), flags, 0..segment.file_size);
                add(own.unwrap_or(zeros), flags, segment.file_size..segment.size);
            }
        }
    }
    if let Some(locals) = map.thread_locals.filter(|locals| locals.size != locals.image_size) {
        parts.push(Part {
            name: b".tbss".to_vec(),
            flags: SHF_ALLOC | SHF_WRITE | SHF_TLS,
            address: locals.address.0 + locals.image_size,
            size: locals.size - locals.image_size,
            offset: None,
        });
    }
    parts
}

/// The symbols, local ones first.
fn symbols(map: &Map) -> Vec<&Symbol> {
    let mut symbols: Vec<_> = map.symbols().collect();
    symbols.sort_by_key(|symbol| symbol.binding != Binding::Local);
    symbols
}

/// The section that a symbol lies in, or at the end of; none for a number.
fn home(parts: &[Part], symbol: &Symbol) -> Option<usize> {
    if symbol.section.is_none() && symbol.kind != Type::Common {
        return None;
    }
    let is_local = symbol.kind == Type::Tls;
    let first = parts.iter().filter(|part| part.is_thread_local()).map(|part| part.address).min();
    let address = symbol.address.0 + if is_local { first? } else { 0 };
    let fits = |part: &&Part| part.is_thread_local() == is_local;
    let at = |holds: &dyn Fn(&Part) -> bool| parts.iter().position(|p| fits(&p) && holds(p));
    at(&|part| (part.address..part.address + part.size).contains(&address))
        .or_else(|| at(&|part| part.address + part.size == address))
}

impl Part {
    fn is_thread_local(&self) -> bool {
        self.flags.0 & SHF_TLS.0 != 0
    }
}

fn write_symbols(
    writer: &mut Writer<'_>,
    symbols: &[&Symbol],
    strings: &[(StringId, Option<SectionIndex>)],
) {
    writer.write_null_symbol();
    for (symbol, (name, home)) in symbols.iter().zip(strings) {
        let binding = match symbol.binding {
            Binding::Global => STB_GLOBAL,
            Binding::Local => STB_LOCAL,
            Binding::Weak => STB_WEAK,
        };
        let kind = match symbol.kind {
            Type::Common | Type::Data => STT_OBJECT,
            // Its address is that of its stub, which is a function like any other.
            Type::Function | Type::Ifunc => STT_FUNC,
            Type::None => STT_NOTYPE,
            Type::Tls => STT_TLS,
        };
        writer.write_symbol(&Sym {
            section: home.map(|home| home.0),
            st_name: writer.string_offset(Some(*name)),
            st_info: SymbolInfo::new(binding, kind),
            st_other: SymbolOther(STV_DEFAULT.0),
            st_shndx: if home.is_some() { SHN_UNDEF } else { SHN_ABS },
            st_value: symbol.address.0,
            st_size: symbol.size,
        });
    }
}
