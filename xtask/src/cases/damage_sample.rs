//! An object for the tests of what damages and reads objects.

use object::write::{Object, Relocation, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope,
};

/// An x86-64 object: `main` in `.text`, a pointer to it in `.data`, a COMMON and a weak symbol.
pub fn sample() -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    let data = object.section_id(StandardSection::Data);
    object.append_section_data(text, &[0xc3; 16], 16);
    object.append_section_data(data, &[0; 8], 8);
    let main = object.add_symbol(symbol(b"main", SymbolKind::Text, SymbolSection::Section(text)));
    let mut weak = symbol(b"weak_import", SymbolKind::Unknown, SymbolSection::Undefined);
    weak.weak = true;
    object.add_symbol(weak);
    let mut common = symbol(b"shared", SymbolKind::Data, SymbolSection::Undefined);
    common.section = SymbolSection::None;
    object.add_common_symbol(common, 4, 4);
    let flags = RelocationFlags::Elf { r_type: object::elf::R_X86_64_64 };
    let relocation = Relocation { offset: 0, symbol: main, addend: 0, flags };
    object.add_relocation(data, relocation).unwrap();
    object.write().unwrap()
}

fn symbol(name: &[u8], kind: SymbolKind, section: SymbolSection) -> Symbol {
    Symbol {
        name: name.to_vec(),
        value: 0,
        size: 0,
        kind,
        scope: SymbolScope::Dynamic,
        weak: false,
        section,
        flags: SymbolFlags::None,
    }
}
