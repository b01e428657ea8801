//! What a module keeps of its symbols: which, where, how much memory it takes, and that it stays
//! true when the objects are gone.
//!
//! | file | what it holds the table to |
//! | --- | --- |
//! | `contents` | which symbols are kept, and what is said of each |
//! | `sizes` | the plan's sizes, to the byte |
//! | `addresses` | the closest symbol, relaxed code, addresses given twice |
//! | `outlives` | names copied and lent, once object and scratch memory are gone |
//! | `hostile` | names that lie in one another, bytes that lie |

mod addresses;
mod contents;
mod hostile;
mod outlives;
mod sizes;

use std::collections::BTreeSet;

use loader_core::{
    Binding, Kept, KeptSymbol, Machine, Module, PlanOptions, SymbolKind, SymbolTable,
};
use object::elf::{self, R_AARCH64_ABS64, R_RISCV_64, R_X86_64_64};

use crate::support::elf::{ALLOC, EXEC, SectionSpec, SymbolSpec, WRITE};
use crate::support::load::run_with;
use crate::support::{ElfBuilder, Imports, TestManager};

const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];
const ALL: [Kept; 4] = [Kept::Nothing, Kept::Finalisers, Kept::Exports, Kept::Symbols];

/// A symbol as a test compares it: name, address, size, kind, binding, whether it is exported.
type Row = (String, u64, u64, String, String, bool);

fn row(symbol: &KeptSymbol<'_>) -> Row {
    let KeptSymbol { name, address, size, kind, binding, exported, .. } = *symbol;
    let (kind, binding) = (format!("{kind:?}"), format!("{binding:?}"));
    (name.to_string(), address.value(), size.into(), kind, binding, exported)
}

fn rows(table: SymbolTable<'_>) -> BTreeSet<Row> {
    table.symbols().map(|symbol| row(&symbol)).collect()
}

/// What the objects themselves say is to be kept.
fn expected(module: &Module<'_, '_, &TestManager>, kept: Kept) -> BTreeSet<Row> {
    let exports: BTreeSet<(usize, u32)> =
        module.exports().map(|symbol| (symbol.object, symbol.index)).collect();
    let kept = module.symbols().filter(|symbol| {
        let exported = exports.contains(&(symbol.object, symbol.index));
        let named = match symbol.symbol.kind() {
            SymbolKind::Function | SymbolKind::Data | SymbolKind::IndirectFunction => true,
            SymbolKind::None => symbol.symbol.binding() != Binding::Local,
            _ => false,
        };
        match kept {
            Kept::Nothing | Kept::Finalisers => false,
            Kept::Exports => exported,
            Kept::Symbols => exported || named,
        }
    });
    kept.map(|s| {
        let (kind, binding) =
            (format!("{:?}", s.symbol.kind()), format!("{:?}", s.symbol.binding()));
        let exported = exports.contains(&(s.object, s.index));
        (s.symbol.name().to_string(), s.address.value(), s.size, kind, binding, exported)
    })
    .collect()
}

fn keeping(kept: Kept, lend_names: bool) -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    (options.kept, options.lend_names) = (kept, lend_names);
    options
}

/// Loads objects, which import `outside`.
fn with<R>(
    files: &[&[u8]],
    options: PlanOptions,
    then: impl FnOnce(Module<'_, '_, &TestManager>) -> R,
) -> R {
    let manager = TestManager::new();
    let files: Vec<_> = files.iter().map(|file| ("test.o", *file)).collect();
    let imports = Imports::of(&[("outside", 0x1000_4000)]);
    run_with(&files, &manager, options, &imports, &(), |loaded| match loaded {
        Ok(module) => then(module),
        Err(error) => panic!("refused: {error}"),
    })
}

/// The relocation of a word that holds an address.
fn word(machine: Machine) -> u32 {
    match machine {
        Machine::Aarch64 => R_AARCH64_ABS64.0,
        Machine::Riscv64 => R_RISCV_64.0,
        _ => R_X86_64_64.0,
    }
}

/// A section of a list of functions, each a symbol.
fn list(elf: &mut ElfBuilder, machine: Machine, name: &str, kind: u32, functions: &[u32]) {
    let section = elf.add(SectionSpec {
        name: name.into(),
        kind,
        flags: ALLOC | WRITE,
        align: 8,
        bytes: vec![0; 8 * functions.len()],
        ..SectionSpec::default()
    });
    for (at, function) in functions.iter().enumerate() {
        elf.rela(section, 8 * at as u64, word(machine), *function, 0);
    }
}

/// An object with a symbol of every sort.
fn sample(machine: Machine) -> ElfBuilder {
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&[0; 96]);
    let cold = elf.section(".text.cold", ALLOC | EXEC, &[0; 32]);
    let rodata = elf.rodata(&[0; 16]);
    let data = elf.data(&[0; 32]);
    let bss = elf.bss(".bss", 64, 16);
    let plain =
        |name, section, value| SymbolSpec { size: 16, ..SymbolSpec::new(name, section, value) };
    let data_kind = elf::STT_OBJECT.0;
    let main = elf.symbol(plain("main", text, 0));
    elf.symbol(plain("start", text, 0)); // an alias
    elf.symbol(SymbolSpec { binding: elf::STB_WEAK.0, ..plain("helper", text, 16) });
    let inside = elf.symbol(SymbolSpec { binding: elf::STB_LOCAL.0, ..plain("inside", text, 32) });
    elf.symbol(SymbolSpec { other: elf::STV_HIDDEN.0, ..plain("secret", cold, 0) });
    elf.symbol(SymbolSpec { other: elf::STV_PROTECTED.0, ..plain("guarded", cold, 16) });
    elf.symbol(SymbolSpec { kind: elf::STT_GNU_IFUNC.0, ..plain("chosen", text, 48) });
    elf.symbol(SymbolSpec { kind: elf::STT_NOTYPE.0, size: 0, ..plain("label", text, 72) });
    elf.symbol(SymbolSpec {
        kind: elf::STT_NOTYPE.0,
        binding: elf::STB_LOCAL.0,
        size: 0,
        ..plain("$x", text, 0)
    });
    elf.symbol(SymbolSpec { kind: data_kind, ..plain("constant", rodata, 0) });
    elf.symbol(SymbolSpec { kind: data_kind, ..plain("variable", data, 16) });
    elf.symbol(SymbolSpec { kind: data_kind, size: 64, ..plain("zeros", bss, 0) });
    elf.common("shared", 24, 8);
    elf.absolute("limit", 0x1234);
    elf.section_symbol(text);
    elf.undefined("outside");
    list(&mut elf, machine, ".fini_array", elf::SHT_FINI_ARRAY.0, &[main, inside]);
    list(&mut elf, machine, ".init_array", elf::SHT_INIT_ARRAY.0, &[inside]);
    elf
}
