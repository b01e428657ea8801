//! Managers that fail or cheat, and scratch memory that is too small.

use loader_core::{
    Error, Machine, MemoryError, Object, Phase, Plan, Scratch, SegmentKind, scratch_len,
};
use object::elf::*;

use crate::support::lies::Elf;
use crate::support::manager::Wrong;
use crate::support::{ElfBuilder, TestManager, load_with, refused_with};

/// An object with all three segments, a stub and a GOT entry.
fn object() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xe8, 0, 0, 0, 0]);
    elf.rodata(&[1; 24]);
    elf.data(&[2; 40]);
    elf.bss(".bss", 100, 32);
    let import = elf.undefined("import");
    elf.rela(text, 1, R_X86_64_PLT32.0, import, -4);
    elf.build()
}

const IMPORTS: &[(&str, u64)] = &[("import", 0x1000_0000)];

#[test]
fn sizes_are_exact() {
    let manager = TestManager::new();
    load_with(&[("test.o", &object())], &manager, IMPORTS);
    let asked = manager.requests();
    let asked: Vec<_> = asked.iter().map(|r| (r.kind, r.size, r.align)).collect();
    let expected = [
        (SegmentKind::Text, 16, 16),     // 5 bytes, then a stub of 8 at 8
        (SegmentKind::ReadOnly, 32, 16), // 24 bytes and a GOT entry
        (SegmentKind::Data, 164, 32),    // 40 bytes, then 100 at 64
    ];
    assert_eq!(asked, expected);
    assert_eq!((manager.calls(), manager.sealed(), manager.live()), (6, 3, 0));
}

#[test]
fn whichever_call_fails_everything_comes_back() {
    let file = object();
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    for call in 0..6 {
        let manager = TestManager::new().failing_at(call);
        let kind = SegmentKind::ALL[call % 3];
        let phase = if call < 3 { Phase::Place } else { Phase::Seal };
        let words = [kind.name(), "told to fail"];
        refused_with(&files, &manager, IMPORTS, phase, &words, |error| {
            let cause = MemoryError::Refused("told to fail");
            match error {
                Error::Allocate { kind: k, cause: c, .. } => {
                    assert_eq!((k, c, call < 3), (kind, cause, true))
                }
                error => assert_eq!(error, Error::Seal { kind, cause }),
            }
        });
        assert_eq!(manager.calls(), call + 1, "nothing is asked for after a failure");
    }
    load_with(&files, &TestManager::new().failing_at(6), IMPORTS);
}

#[test]
fn exhaustion_says_how_much_of_what() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.bss(".bss", 0x1000_0000, 4096);
    let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
    let words = ["data segment", "268435456", "4096", "only", "data arena"];
    refused_with(&files, &TestManager::new(), &[], Phase::Place, &words, |error| {
        let Error::Allocate { kind, size, align, cause } = error else { panic!("{error:?}") };
        assert_eq!((kind, size, align), (SegmentKind::Data, 0x1000_0000, 4096));
        assert!(matches!(cause, MemoryError::Exhausted { .. }));
    });
}

#[test]
fn memory_that_was_not_asked_for_is_given_back() {
    let file = object();
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    for wrong in [Wrong::Align, Wrong::End, Wrong::Kind, Wrong::Size] {
        let manager = TestManager::new().wrong(wrong);
        refused_with(&files, &manager, IMPORTS, Phase::Place, &["text"], |error| {
            assert_eq!(error, Error::BadSegment { kind: SegmentKind::Text }, "{wrong:?}");
        });
    }
}

#[test]
#[cfg(feature = "several-objects")]
fn scratch_too_small_by_one() {
    let one = object();
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&[0; 64]);
    elf.rela(text, 48, R_RISCV_ALIGN.0, 0, 14);
    elf.rela(text, 0, R_RISCV_ALIGN.0, 0, 6);
    let array = elf.section(".init_array", 3, &[0; 8]);
    elf.edit(array).kind = SHT_INIT_ARRAY.0;
    let riscv = elf.build();
    let sets: [&[&[u8]]; 3] = [&[&one], &[&riscv], &[&riscv, &riscv]];
    for files in sets {
        let objects: Vec<_> =
            files.iter().map(|file| Object::parse("test.o", file).unwrap()).collect();
        let needed = scratch_len(&objects);
        for lent in [0, 1, needed - 1] {
            let error = Plan::new(&objects, &mut vec![Scratch::ZERO; lent]).unwrap_err();
            assert_eq!((error, error.phase()), (Error::Scratch { needed, lent }, Phase::Plan));
            assert!(error.to_string().contains(&needed.to_string()));
        }
        Plan::new(&objects, &mut vec![Scratch::ZERO; needed]).unwrap();
        Plan::new(&objects, &mut vec![Scratch::ZERO; needed + 7]).unwrap();
    }
}

#[test]
fn used_scratch_memory_serves_as_well() {
    let file = object();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    for _ in 0..3 {
        let manager = TestManager::new();
        let plan = Plan::new(&objects, &mut scratch).unwrap();
        let imports = crate::support::Imports::of(IMPORTS);
        let image = plan.place(&manager).unwrap().resolve(&imports).unwrap();
        assert_eq!(image.segment_bytes(SegmentKind::Text).len(), 16);
    }
}

#[test]
fn a_plan_of_nothing_is_refused() {
    let error = Plan::new(&[], &mut [Scratch::ZERO; 4]).unwrap_err();
    assert_eq!(error.phase(), Phase::Plan);
}
