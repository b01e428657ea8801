//! The compiler's helpers: what gcc and clang call where the machine has no instruction.
//!
//! They come with gcc, in an archive made to be linked into each program and not to be shared:
//! its symbols are hidden. Programs here take them from the runtime, a module of its own, so a
//! copy is made in which they can be seen. Members that no module can have stay behind.

use std::fs;

use anyhow::{Context, Result};
use object::LittleEndian as LE;
use object::elf::{FileHeader64, STB_LOCAL, STV_HIDDEN};
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, SectionHeader};

use super::archives::{self, Inputs, Made};
use super::compile::unloadable;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::setup::Tools;

/// Makes the copy, or finds it made.
///
/// # Errors
/// gcc's archive is missing or cannot be read.
pub fn build(tools: &Tools, arch: Arch) -> Result<Made> {
    let path = tools.libgcc(arch)?;
    let inputs = Inputs::new().installed(&path)?;
    archives::archive(arch, "libgcc.a", &inputs, || {
        let cannot_read = || format!("cannot read {}", path.display());
        let bytes = fs::read(&path).with_context(cannot_read)?;
        let archive = ArchiveFile::parse(bytes.as_slice()).with_context(cannot_read)?;
        let mut members = Vec::new();
        for member in archive.members() {
            let member = member.with_context(cannot_read)?;
            let mut bytes = member.data(bytes.as_slice()).with_context(cannot_read)?.to_vec();
            if unloadable(&bytes).is_some() {
                continue;
            }
            let name = String::from_utf8_lossy(member.name()).into_owned();
            show_symbols(&mut bytes).with_context(|| format!("in {}({name})", path.display()))?;
            members.push(NamedBytes { name, bytes });
        }
        Ok(members)
    })
}

/// Makes the hidden symbols of an object visible.
fn show_symbols(object: &mut [u8]) -> Result<()> {
    /// The bits of `st_other` that hold the visibility; all 0 is the default.
    const VISIBILITY: u8 = 0x3;
    for offset in hidden_symbols(object)? {
        if let Some(other) = object.get_mut(offset) {
            *other &= !VISIBILITY;
        }
    }
    Ok(())
}

/// Where the `st_other` of each hidden symbol is in the file.
fn hidden_symbols(object: &[u8]) -> Result<Vec<usize>> {
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
            if symbol.st_bind() != STB_LOCAL && symbol.st_visibility() == STV_HIDDEN {
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
        assert_eq!(hidden_symbols(&bytes).unwrap().len(), 1);
        show_symbols(&mut bytes).unwrap();
        assert!(hidden_symbols(&bytes).unwrap().is_empty());
        let file = object::File::parse(bytes.as_slice()).unwrap();
        let helper = object::Object::symbols(&file).find(|symbol| symbol.name() == Ok("helper"));
        assert_eq!(helper.unwrap().scope(), SymbolScope::Dynamic);
    }
}
