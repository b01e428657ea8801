//! x86-64 code with relocation types that LLVM's assembler has no names for.

use anyhow::Result;
use loader_core::TlsModel;
use object::elf::{
    R_X86_64_CODE_5_GOTPC32_TLSDESC, R_X86_64_CODE_5_GOTPCRELX, R_X86_64_CODE_5_GOTTPOFF,
    R_X86_64_CODE_6_GOTPC32_TLSDESC, R_X86_64_CODE_6_GOTPCRELX, RelocationType,
};
use object::write::{Object, Relocation, SectionId, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope,
};

use super::Module;
use crate::arch::Arch;
use crate::archive::NamedBytes;

// Deprecated, and so not in the list of the others.
const R_X86_64_PC32_BND: RelocationType = RelocationType(39);
const R_X86_64_PLT32_BND: RelocationType = RelocationType(40);

/// What an instruction refers to.
#[derive(Clone, Copy)]
enum To {
    /// Its own object's function.
    Start,
    /// An import.
    Outside,
    /// Its own object's thread-local variable.
    Variable,
    /// An imported one.
    OutsideVariable,
}

/// The bytes before the field, which ends the instruction; the type, and the symbol.
type Instruction = (&'static [u8], RelocationType, To);

const PLAIN: &[Instruction] = &[
    (&[0xf2, 0xe8], R_X86_64_PLT32_BND, To::Start), // bnd call
    (&[0xf2, 0xe8], R_X86_64_PLT32_BND, To::Outside), // bnd call
    (&[0xf2, 0xe9], R_X86_64_PLT32_BND, To::Outside), // bnd jmp
    (&[0xf2, 0x0f, 0x84], R_X86_64_PC32_BND, To::Start), // bnd je
    // movrs ..., %rax and %r12
    (&[0x48, 0x0f, 0x38, 0x8b, 0x05], R_X86_64_CODE_5_GOTPCRELX, To::Outside),
    (&[0x4c, 0x0f, 0x38, 0x8b, 0x25], R_X86_64_CODE_5_GOTPCRELX, To::Start),
    (&[0x48, 0x0f, 0x38, 0x8b, 0x05], R_X86_64_CODE_5_GOTTPOFF, To::Variable),
    (&[0x4c, 0x0f, 0x38, 0x8b, 0x25], R_X86_64_CODE_5_GOTTPOFF, To::OutsideVariable),
    // add ..., %r8, %r16; {nf} add ..., %r16
    (&[0x62, 0x74, 0xfc, 0x10, 0x03, 0x05], R_X86_64_CODE_6_GOTPCRELX, To::Outside),
    (&[0x62, 0xe4, 0xfc, 0x0c, 0x03, 0x05], R_X86_64_CODE_6_GOTPCRELX, To::Start),
];

/// No such instruction was ever seen: LEA of %r16 with prefixes that change nothing. Where
/// thread-local code is made local-exec, it is refused.
const DESCRIPTORS: &[Instruction] = &[
    (&[0x2e, 0xd5, 0x48, 0x8d, 0x05], R_X86_64_CODE_5_GOTPC32_TLSDESC, To::Variable),
    (&[0x2e, 0xd5, 0x48, 0x8d, 0x05], R_X86_64_CODE_5_GOTPC32_TLSDESC, To::OutsideVariable),
    (&[0x2e, 0x2e, 0xd5, 0x48, 0x8d, 0x05], R_X86_64_CODE_6_GOTPC32_TLSDESC, To::Variable),
    (&[0x2e, 0x2e, 0xd5, 0x48, 0x8d, 0x05], R_X86_64_CODE_6_GOTPC32_TLSDESC, To::OutsideVariable),
];

/// The modules.
///
/// # Errors
/// None that a change of the tables above does not make.
pub fn modules() -> Result<Vec<Module>> {
    let module = |name: &str, instructions, model| -> Result<Module> {
        let file = NamedBytes { name: "unnamed.o".into(), bytes: object(instructions)? };
        let name = format!("types without a name{name}");
        Ok(Module { arch: Arch::X86_64, name, model, files: vec![file] })
    };
    let plain = module("", PLAIN, TlsModel::Static)?;
    Ok(vec![plain, module(", by descriptors", DESCRIPTORS, TlsModel::Dynamic)?])
}

fn object(instructions: &[Instruction]) -> Result<Vec<u8>> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    let block = object.section_id(StandardSection::Tls);
    object.append_section_data(block, &[1; 32], 16);
    let mut symbol = |name: &str, kind, place: Option<(SectionId, u64)>| {
        object.add_symbol(Symbol {
            name: name.into(),
            value: place.map_or(0, |(_, value)| value),
            size: 0,
            kind,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: place.map_or(SymbolSection::Undefined, |(id, _)| SymbolSection::Section(id)),
            flags: SymbolFlags::None,
        })
    };
    let start = symbol("start", SymbolKind::Text, Some((text, 0)));
    let outside = symbol("outside", SymbolKind::Text, None);
    let variable = symbol("variable", SymbolKind::Tls, Some((block, 24)));
    let outside_variable = symbol("outside_variable", SymbolKind::Tls, None);
    for (before, number, to) in instructions {
        let symbol = match to {
            To::Start => start,
            To::Outside => outside,
            To::Variable => variable,
            To::OutsideVariable => outside_variable,
        };
        let at = object.append_section_data(text, &[before, &[0; 4][..]].concat(), 1);
        let flags = RelocationFlags::Elf { r_type: *number };
        let offset = at + before.len() as u64;
        object.add_relocation(text, Relocation { offset, symbol, addend: -4, flags })?;
    }
    Ok(object.write()?)
}
