//! Hidden symbols, made visible where what they are hidden in is taken apart.

use std::collections::HashSet;

use anyhow::Result;
use object::LittleEndian as LE;
use object::elf::{FileHeader64, STB_LOCAL, STV_HIDDEN};
use object::read::elf::{FileHeader, SectionHeader, Sym};

use crate::archive::{NamedBytes, Symbols};

/// Makes the hidden symbols of an object visible.
///
/// # Errors
/// It is no ELF64 object that can be read.
pub fn show(object: &mut [u8]) -> Result<()> {
    show_those(object, &|_, _| true)
}

/// Lets objects that are loaded without the rest of what they belong to refer to that: hidden symbols
/// that none of them defines become visible. What cannot be read is left for others to refuse.
pub fn open(objects: &mut [NamedBytes]) {
    let defined = objects.iter().flat_map(|object| Symbols::of(&object.bytes).defined);
    let defined: HashSet<Vec<u8>> = defined.collect();
    for object in objects {
        let is_elsewhere = |name: &[u8], undefined| undefined && !defined.contains(name);
        drop(show_those(&mut object.bytes, &is_elsewhere));
    }
}

/// Makes those hidden symbols visible for which `wanted`, given the name and whether it is
/// undefined, says so.
fn show_those(object: &mut [u8], wanted: &dyn Fn(&[u8], bool) -> bool) -> Result<()> {
    /// The bits of `st_other` that hold the visibility; all 0 is the default.
    const VISIBILITY: u8 = 0x3;
    for offset in hidden_symbols(object, wanted)? {
        if let Some(other) = object.get_mut(offset) {
            *other &= !VISIBILITY;
        }
    }
    Ok(())
}

/// Where the `st_other` of each such symbol is in the file.
fn hidden_symbols(object: &[u8], wanted: &dyn Fn(&[u8], bool) -> bool) -> Result<Vec<usize>> {
    /// The offset of `st_other` in an `Elf64_Sym`, after `st_name` and `st_info`.
    const ST_OTHER: usize = 5;
    let header = FileHeader64::<LE>::parse(object)?;
    let sections = header.sections(LE, object)?;
    let mut offsets = Vec::new();
    for (index, section) in sections.enumerate() {
        let Some(symbols) = section.symbols(LE, object, &sections, index)? else { continue };
        let table = usize::try_from(section.sh_offset(LE))?;
        for (at, symbol) in symbols.iter().enumerate() {
            let hidden = symbol.st_bind() != STB_LOCAL && symbol.st_visibility() == STV_HIDDEN;
            if hidden && wanted(symbol.name(LE, symbols.strings())?, symbol.is_undefined(LE)) {
                offsets.push(table + at * size_of_val(symbol) + ST_OTHER);
            }
        }
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use object::write::{Object, StandardSection, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, ObjectSymbol, SymbolFlags, SymbolKind, SymbolScope,
    };

    use super::*;

    /// An object with a hidden symbol.
    fn hidden() -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::Aarch64, Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        object.append_section_data(text, &[0; 4], 4);
        object.add_symbol(Symbol {
            name: b"helper".to_vec(),
            value: 0,
            size: 4,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage, // in ELF: global and hidden
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
        object.write().unwrap()
    }

    fn count(object: &[u8]) -> usize {
        hidden_symbols(object, &|_, _| true).unwrap().len()
    }

    #[test]
    fn hidden_symbols_become_visible() {
        let mut bytes = hidden();
        assert_eq!(count(&bytes), 1);
        show(&mut bytes).unwrap();
        assert_eq!(count(&bytes), 0);
        let file = object::File::parse(bytes.as_slice()).unwrap();
        let helper = object::Object::symbols(&file).find(|symbol| symbol.name() == Ok("helper"));
        assert_eq!(helper.unwrap().scope(), SymbolScope::Dynamic);
    }

    #[test]
    fn only_what_lies_elsewhere_is_opened() {
        let named = |bytes| NamedBytes { name: "x.o".into(), bytes };
        let mut reference = hidden();
        let other = hidden_symbols(&reference, &|_, _| true).unwrap()[0];
        reference[other + 1..other + 3].fill(0); // its `st_shndx`: undefined
        let mut both = [named(hidden()), named(reference.clone())];
        open(&mut both);
        assert_eq!(both.map(|object| count(&object.bytes)), [1, 1]);
        let mut alone = [named(reference)];
        open(&mut alone);
        assert_eq!(count(&alone[0].bytes), 0);
    }
}
