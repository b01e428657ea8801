//! Notes take no memory: a module with them is loaded to the same bytes as without.

use loader_core::{Machine, NoteKind, Object, Plan, Scratch, scratch_len};

use super::{note, one_of_each, section};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, load};

/// Relocations to a 64-bit address. They are tested elsewhere, under their names.
const AARCH64_ADDRESS: u32 = 257;
const RISCV64_ADDRESS: u32 = 2;
const X86_64_ADDRESS: u32 = 1;

/// Code, data and a relocation, and with notes between them if they are asked for.
fn module(machine: Machine, number: u32, notes: &[Vec<u8>]) -> Elf {
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&[0; 16]);
    let data = elf.data(&[1; 24]);
    for notes in notes {
        elf.add(section(notes));
    }
    elf.rodata(&[2; 8]);
    let function = elf.global("function", text, 4);
    elf.rela(data, 8, number, function, 1);
    elf.build()
}

#[test]
fn the_same_bytes_with_and_without() {
    let machines = [
        (Machine::Aarch64, AARCH64_ADDRESS),
        (Machine::Riscv64, RISCV64_ADDRESS),
        (Machine::X86_64, X86_64_ADDRESS),
    ];
    for (machine, number) in machines {
        let without = load(&module(machine, number, &[]), &[]);
        let notes = [one_of_each(), note(NoteKind::Uses, &[b'x'; 0x4000])];
        let with = load(&module(machine, number, &notes), &[]);
        assert_eq!(with.segments, without.segments);
        assert_eq!(with.sections, without.sections);
        assert_eq!(with.exports, without.exports);
    }
}

#[test]
fn no_plan_has_them() {
    let file = module(Machine::X86_64, X86_64_ADDRESS, &[one_of_each()]);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let plan = Plan::new(&objects, &mut scratch).unwrap();
    assert!(
        plan.sections().map(|s| s.section.name().to_string()).eq([".text", ".data", ".rodata"])
    );
}

#[test]
fn malformed_notes_do_not_stop_a_load() {
    // They are the client's to read, and to refuse.
    let file = module(Machine::X86_64, X86_64_ADDRESS, &[vec![0xff; 40]]);
    load(&file, &[]);
}
