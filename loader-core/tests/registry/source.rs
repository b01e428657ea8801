//! Objects that export, import and say something about themselves.

use loader_core::{Machine, NoteKind};
use object::elf;
use object::elf::{R_X86_64_64, R_X86_64_PLT32};

use crate::support::ElfBuilder;
use crate::support::elf::{ALLOC, Home, SectionSpec, SymbolSpec, WRITE};
use crate::support::lies::Elf;

/// Bytes of each function.
pub const FUNCTION: u64 = 16;

/// An x86-64 object in the making. Its functions lie in `.text`, [`FUNCTION`] bytes each, and the
/// addresses of what it imports in `.data.rel.ro`, in the order of the calls.
pub struct Source {
    elf: ElfBuilder,
    text: u32,
    pointers: u32,
    finalisers: u32,
    functions: u64,
    imports: u64,
    finaliser_count: u64,
    notes: Vec<u8>,
    /// The symbol of the function that came last.
    last: u32,
}

/// A function that everybody sees.
const PLAIN: SymbolSpec<'static> = SymbolSpec {
    name: "",
    value: 0,
    size: FUNCTION,
    binding: elf::STB_GLOBAL.0,
    kind: elf::STT_FUNC.0,
    other: 0,
    section: Home::Section(0),
};

/// An object with nothing in it but a function that nobody sees.
pub fn source() -> Source {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; FUNCTION as usize]);
    let pointers = elf.section(".data.rel.ro", ALLOC | WRITE, &[]);
    let finalisers = elf.add(SectionSpec {
        name: ".fini_array".into(),
        kind: elf::SHT_FINI_ARRAY.0,
        flags: ALLOC | WRITE,
        align: 8,
        ..SectionSpec::default()
    });
    let (functions, imports, finaliser_count, notes) = (1, 0, 0, Vec::new());
    Source { elf, text, pointers, finalisers, functions, imports, finaliser_count, notes, last: 0 }
}

impl Source {
    /// Exports functions.
    pub fn exports(mut self, names: &[&str]) -> Self {
        names.iter().for_each(|name| self.function(name, PLAIN));
        self
    }

    /// The same, weak.
    pub fn weak(mut self, names: &[&str]) -> Self {
        let weak = SymbolSpec { binding: elf::STB_WEAK.0, ..PLAIN };
        names.iter().for_each(|name| self.function(name, weak));
        self
    }

    /// Exports a variable that many modules may define (`STB_GNU_UNIQUE`).
    pub fn unique(mut self, name: &str) -> Self {
        let (binding, kind) = (elf::STB_GNU_UNIQUE.0, elf::STT_OBJECT.0);
        self.function(name, SymbolSpec { binding, kind, ..PLAIN });
        self
    }

    /// Defines a function of this visibility.
    pub fn visible(mut self, name: &str, visibility: u8) -> Self {
        self.function(name, SymbolSpec { other: visibility, ..PLAIN });
        self
    }

    /// Defines a function that only this object sees.
    pub fn local(mut self, name: &str) -> Self {
        self.function(name, SymbolSpec { binding: elf::STB_LOCAL.0, ..PLAIN });
        self
    }

    /// Exports a variable.
    pub fn variable(mut self, name: &str) -> Self {
        self.function(name, SymbolSpec { kind: elf::STT_OBJECT.0, ..PLAIN });
        self
    }

    /// Imports functions: a pointer to each, and a call.
    pub fn imports(mut self, names: &[&str]) -> Self {
        for name in names {
            let symbol = self.elf.undefined(name);
            let call = self.grow_text();
            self.elf.rela(self.text, call + 1, R_X86_64_PLT32.0, symbol, -4);
            self.point_at(symbol);
        }
        self
    }

    /// The same, weak, and without the call.
    pub fn imports_weakly(mut self, names: &[&str]) -> Self {
        for name in names {
            let symbol = self.elf.undefined_weak(name);
            self.point_at(symbol);
        }
        self
    }

    /// The same, hidden: it is to be defined in its own module.
    pub fn imports_hidden(mut self, name: &str, binding: elf::SymbolBind) -> Self {
        let (binding, other) = (binding.0, elf::STV_HIDDEN.0);
        let hidden = SymbolSpec { binding, other, ..SymbolSpec::undefined(name) };
        let symbol = self.elf.symbol(hidden);
        self.point_at(symbol);
        self
    }

    /// Has a function of this name be called before the module goes.
    pub fn finaliser(mut self, name: &str) -> Self {
        self.function(name, PLAIN);
        let symbol = self.last;
        self.elf.edit(self.finalisers).bytes.extend([0; 8]);
        self.elf.rela(self.finalisers, 8 * self.finaliser_count, R_X86_64_64.0, symbol, 0);
        self.finaliser_count += 1;
        self
    }

    /// Makes the text this much longer.
    pub fn longer(mut self, bytes: usize) -> Self {
        self.elf.section(".text.longer", ALLOC | elf::SHF_EXECINSTR.0, &vec![0xcc; bytes]);
        self
    }

    pub fn called(self, name: &str) -> Self {
        self.note(NoteKind::Name, name.as_bytes())
    }

    pub fn version(self, version: [u32; 3]) -> Self {
        self.note(NoteKind::Version, &words(&version))
    }

    pub fn namespace(self, name: &str) -> Self {
        self.note(NoteKind::Namespace, name.as_bytes())
    }

    /// Needs a module in the versions from the first on, and below the second.
    pub fn needs(self, name: &str, min: [u32; 3], below: [u32; 3]) -> Self {
        let descriptor = [&words(&min)[..], &words(&below), name.as_bytes()].concat();
        self.note(NoteKind::Dependency, &descriptor)
    }

    /// Takes a symbol to have this interface.
    pub fn interface(self, symbol: &str, hash: u64) -> Self {
        self.note(NoteKind::Interface, &[&hash.to_le_bytes()[..], symbol.as_bytes()].concat())
    }

    fn note(mut self, kind: NoteKind, descriptor: &[u8]) -> Self {
        self.notes.extend(words(&[12, descriptor.len() as u32, kind.number()]));
        self.notes.extend(b"loader-core\0");
        self.notes.extend(descriptor);
        self.notes.resize(self.notes.len().next_multiple_of(4), 0);
        self
    }

    pub fn build(mut self) -> Elf {
        if !self.notes.is_empty() {
            let bytes = std::mem::take(&mut self.notes);
            self.elf.add(SectionSpec {
                name: ".note.loader-core".into(),
                kind: elf::SHT_NOTE.0,
                align: 4,
                bytes,
                ..SectionSpec::default()
            });
        }
        self.elf.build()
    }

    fn function(&mut self, name: &str, like: SymbolSpec<'_>) {
        let value = self.grow_text();
        let section = Home::Section(self.text);
        self.last = self.elf.symbol(SymbolSpec { name, value, section, ..like });
    }

    fn grow_text(&mut self) -> u64 {
        let start = self.functions * FUNCTION;
        self.functions += 1;
        self.elf.edit(self.text).bytes.extend([0xe8, 0, 0, 0, 0]);
        self.elf.edit(self.text).bytes.resize((start + FUNCTION) as usize, 0xc3);
        start
    }

    fn point_at(&mut self, symbol: u32) {
        self.elf.edit(self.pointers).bytes.extend([0; 8]);
        self.elf.rela(self.pointers, 8 * self.imports, R_X86_64_64.0, symbol, 0);
        self.imports += 1;
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
