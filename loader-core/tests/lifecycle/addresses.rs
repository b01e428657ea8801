//! From names to addresses, and from addresses back to names.

use loader_core::{Binding, Machine, Object, SegmentKind, TargetAddress};
use object::elf::*;

use crate::support::lies::Elf;
use crate::support::load::run;
use crate::support::{ElfBuilder, Imports, SymbolSpec, TestManager};

fn object() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x90; 64]);
    let data = elf.data(&[1; 32]);
    let function = |name, value, size| SymbolSpec { size, ..SymbolSpec::new(name, text, value) };
    elf.symbol(function("late", 40, 10));
    elf.symbol(function("early", 0, 16));
    elf.symbol(SymbolSpec { binding: STB_LOCAL.0, ..function("helper", 16, 8) });
    elf.symbol(SymbolSpec { kind: STT_NOTYPE.0, binding: STB_LOCAL.0, ..function("$x", 20, 0) });
    elf.symbol(SymbolSpec { kind: STT_OBJECT.0, ..SymbolSpec::new("variable", data, 8) });
    elf.symbol(SymbolSpec {
        kind: STT_FILE.0,
        binding: STB_LOCAL.0,
        ..SymbolSpec::undefined("a.c")
    });
    elf.weak("weak", text, 60);
    elf.build()
}

fn with_module(files: &[(&str, &[u8])], then: impl FnOnce(&Module<'_, '_, '_>)) {
    let manager = TestManager::new();
    run(files, &manager, &Imports::default(), |loaded| then(&loaded.unwrap()));
}

type Module<'o, 's, 'm> = loader_core::Module<'o, 's, &'m TestManager>;

fn at(module: &Module<'_, '_, '_>, address: u64) -> Option<(String, u64)> {
    let (symbol, offset) = module.symbol_at(TargetAddress::new(address))?;
    Some((symbol.symbol.name().to_string(), offset))
}

#[test]
fn names_have_addresses() {
    with_module(&[("test.o", &object())], |module| {
        let address = |name| module.symbol(name).map(TargetAddress::value);
        assert_eq!(address("early"), Some(0x1000_0000));
        assert_eq!(address("late"), Some(0x1000_0028));
        assert_eq!(address("weak"), Some(0x1000_003c));
        assert_eq!(address("variable"), Some(0x1200_0008));
        for name in ["helper", "nowhere", "", "a.c", "earl", "early "] {
            assert_eq!(address(name), None, "{name}");
        }
        let exports: Vec<_> = module.exports().map(|s| s.symbol.name().to_string()).collect();
        assert_eq!(exports, ["late", "early", "variable", "weak"]);
        assert!(module.symbols().any(|s| s.symbol.name().as_bytes() == b"helper"));
        assert!(!module.symbols().any(|s| s.symbol.name().as_bytes() == b"a.c"));
    });
}

#[test]
fn addresses_have_the_closest_function_or_variable() {
    with_module(&[("test.o", &object())], |module| {
        assert_eq!(at(module, 0x1000_0000), Some(("early".into(), 0)));
        assert_eq!(at(module, 0x1000_000f), Some(("early".into(), 15)));
        assert_eq!(at(module, 0x1000_0016), Some(("helper".into(), 6)), "no mapping symbol");
        assert_eq!(at(module, 0x1000_003b), Some(("late".into(), 19)));
        assert_eq!(at(module, 0x1000_003f), Some(("weak".into(), 3)));
        assert_eq!(at(module, 0x1200_0009), Some(("variable".into(), 1)));
        assert_eq!(at(module, 0x1200_0007), None, "nothing before the first");
        for outside in [0, 0x0fff_ffff, 0x1000_0040, u64::MAX] {
            assert_eq!(at(module, outside), None);
        }
    });
}

#[test]
#[cfg(feature = "several-objects")]
fn a_weak_function_that_lost_is_still_where_it_is() {
    // Its body is part of a section that is loaded; a fault in it belongs to it.
    let build = |tag: &str, strong: bool| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let text = elf.section(&format!(".text.{tag}"), 6, &[0x90; 32]);
        elf.global(&format!("before_{tag}"), text, 0);
        if strong {
            elf.global("name", text, 16)
        } else {
            elf.weak("name", text, 16)
        };
        elf.build()
    };
    let (weak, strong) = (build("weak", false), build("strong", true));
    let (weak, strong) = (("weak.o", &weak[..]), ("strong.o", &strong[..]));
    for files in [[weak, strong], [strong, weak]] {
        with_module(&files, |module| {
            for section in module.sections() {
                let start = section.address.value();
                assert_eq!(at(module, start + 20), Some(("name".into(), 4)), "{files:?}");
                let before = at(module, start + 15).unwrap();
                assert!(before.0.starts_with("before_") && before.1 == 15);
            }
            let named = module.symbols().filter(|found| found.symbol.name() == "name".into());
            let prevailing: Vec<_> = named.map(|s| (s.symbol.binding(), s.prevails)).collect();
            let each = [(Binding::Weak, false), (Binding::Global, true)];
            assert!(prevailing.len() == 2 && each.iter().all(|one| prevailing.contains(one)));
        });
    }
}

#[test]
fn a_module_knows_its_segments() {
    with_module(&[("test.o", &object())], |module| {
        for (address, inside) in [
            (0x0fff_ffffu64, false),
            (0x1000_0000, true),
            (0x1000_003f, true),
            (0x1000_0040, false),
            (0x1200_001f, true),
            (0x1200_0020, false),
        ] {
            assert_eq!(module.contains(address.into()), inside, "{address:#x}");
        }
        let kinds: Vec<_> = module.segments().map(|s| (s.kind(), s.size())).collect();
        assert_eq!(kinds, [(SegmentKind::Text, 64), (SegmentKind::Data, 32)]);
    });
}

#[test]
fn an_object_shows_what_it_holds() {
    let file = object();
    let object = Object::parse("test.o", &file).unwrap();
    assert_eq!((object.name(), object.machine()), ("test.o".into(), Machine::X86_64));
    let text = object.section(1).unwrap();
    assert_eq!((text.name().as_bytes(), text.size(), text.align()), (&b".text"[..], 64, 16));
    assert!(object.section(object.section_count()).is_none());
    assert!(object.symbol(object.symbol_count()).is_none());
    assert_eq!(object.sections().count(), object.section_count() as usize);
    assert_eq!(object.symbols().count(), object.symbol_count() as usize);
}
