//! Archives written by hand, in both formats, and what is to be seen in them.

use loader_core::Machine;
use object::elf::{STB_WEAK, STT_FUNC, STT_OBJECT};

use super::elf::{ElfBuilder, SymbolSpec};

pub const MAGIC: &[u8] = b"!<arch>\n";

/// A file name and contents.
pub type File<'a> = (&'a str, Vec<u8>);

/// A header, with whatever in it.
pub fn header(name: &str, size: &str) -> Vec<u8> {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 1234, 0, 0, 100_644);
    assert_eq!(header.len(), 60);
    header.into_bytes()
}

/// A member's header and bytes, padded.
pub fn member(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut all = [&header(name, &bytes.len().to_string()), bytes].concat();
    if all.len() % 2 == 1 {
        all.push(b'\n');
    }
    all
}

/// An archive made of members.
pub fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [MAGIC, &members.concat()].concat()
}

/// As GNU `ar` writes it: an index that names nothing, a table of the long names, names with a
/// slash behind.
pub fn gnu(files: &[File<'_>]) -> Vec<u8> {
    let (mut names, mut members) = (String::new(), Vec::new());
    for (name, bytes) in files {
        let short = format!("{name}/");
        if short.len() <= 16 {
            members.push(member(&short, bytes));
        } else {
            members.push(member(&format!("/{}", names.len()), bytes));
            names.push_str(&format!("{name}/\n"));
        }
    }
    let table = if names.is_empty() { Vec::new() } else { member("//", names.as_bytes()) };
    archive(&[member("/", &[0; 4]), table, members.concat()])
}

/// As BSD's writes it: an index in a member of its own, long names in front of the contents.
pub fn bsd(files: &[File<'_>]) -> Vec<u8> {
    let mut members = vec![member("#1/20", b"__.SYMDEF SORTED\0\0\0\0\0\0\0\0\0\0\0\0")];
    for (name, bytes) in files {
        if name.len() > 16 || name.contains(' ') {
            let padded = name.len().next_multiple_of(8);
            let mut contents = name.as_bytes().to_vec();
            contents.resize(padded, 0);
            contents.extend(bytes);
            members.push(member(&format!("#1/{padded}"), &contents));
        } else {
            members.push(member(name, bytes));
        }
    }
    archive(&members)
}

/// An object that defines some names and needs others. A definition is a function, or after `~` a
/// weak one, after `=` data, after `%` COMMON; a need after `?` is weak.
pub fn object<S: AsRef<str>>(defines: &[S], needs: &[S]) -> Vec<u8> {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 4]);
    elf.local("local", text, 0);
    for name in defines.iter().map(AsRef::as_ref) {
        let spec = |name, kind| SymbolSpec { kind, ..SymbolSpec::new(name, text, 0) };
        if let Some(name) = name.strip_prefix('~') {
            elf.symbol(SymbolSpec { binding: STB_WEAK.0, ..spec(name, STT_OBJECT.0) });
        } else if let Some(name) = name.strip_prefix('=') {
            elf.symbol(spec(name, STT_OBJECT.0));
        } else if let Some(name) = name.strip_prefix('%') {
            elf.common(name, 8, 8);
        } else {
            elf.symbol(spec(name, STT_FUNC.0));
        }
    }
    for name in needs.iter().map(AsRef::as_ref) {
        match name.strip_prefix('?') {
            Some(name) => elf.undefined_weak(name),
            None => elf.undefined(name),
        };
    }
    elf.build().into_bytes()
}
