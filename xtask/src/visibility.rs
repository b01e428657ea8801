//! Hidden symbols, made visible where what they are hidden in is taken apart.

use anyhow::Result;
use object::LittleEndian as LE;
use object::elf::{FileHeader64, STB_LOCAL, STV_HIDDEN};
use object::read::elf::{FileHeader, SectionHeader, Sym};

/// Which hidden symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// Those that are defined as well.
    All,
    /// References to symbols of other objects.
    Undefined,
}

/// Makes hidden symbols of an object visible.
///
/// # Errors
/// It is no ELF64 object that can be read.
pub fn show(object: &mut [u8], which: Hidden) -> Result<()> {
    /// The bits of `st_other` that hold the visibility; all 0 is the default.
    const VISIBILITY: u8 = 0x3;
    for offset in hidden_symbols(object, which)? {
        if let Some(other) = object.get_mut(offset) {
            *other &= !VISIBILITY;
        }
    }
    Ok(())
}

/// Where the `st_other` of each hidden symbol is in the file.
fn hidden_symbols(object: &[u8], which: Hidden) -> Result<Vec<usize>> {
    /// The offset of `st_other` in an `Elf64_Sym`, after `st_name` and `st_info`.
    const ST_OTHER: usize = 5;
    let header = FileHeader64::<LE>::parse(object)?;
    let sections = header.sections(LE, object)?;
    let mut offsets = Vec::new();
    for section in sections.iter() {
        let Some(symbols) = section.symbols(LE, object, &sections, object::SectionIndex(0))? else {
            continue;
        };
        let table = usize::try_from(section.sh_offset(LE))?;
        for (at, symbol) in symbols.iter().enumerate() {
            let hidden = symbol.st_bind() != STB_LOCAL && symbol.st_visibility() == STV_HIDDEN;
            if hidden && (which == Hidden::All || symbol.is_undefined(LE)) {
                offsets.push(table + at * size_of_val(symbol) + ST_OTHER);
            }
        }
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use object::write::{Object, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, ObjectSymbol, SymbolFlags, SymbolKind, SymbolScope,
    };

    use super::*;

    #[test]
    fn hidden_symbols_become_visible() {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::Aarch64, Endianness::Little);
        object.add_symbol(Symbol {
            name: b"helper".to_vec(),
            value: 1,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage, // in ELF: global and hidden
            weak: false,
            section: SymbolSection::Absolute,
            flags: SymbolFlags::None,
        });
        let mut bytes = object.write().unwrap();
        assert_eq!(hidden_symbols(&bytes, Hidden::All).unwrap().len(), 1);
        show(&mut bytes, Hidden::Undefined).unwrap();
        assert_eq!(hidden_symbols(&bytes, Hidden::All).unwrap().len(), 1, "it is defined");
        show(&mut bytes, Hidden::All).unwrap();
        assert!(hidden_symbols(&bytes, Hidden::All).unwrap().is_empty());
        let file = object::File::parse(bytes.as_slice()).unwrap();
        let helper = object::Object::symbols(&file).find(|symbol| symbol.name() == Ok("helper"));
        assert_eq!(helper.unwrap().scope(), SymbolScope::Dynamic);
    }
}
