//! `SHN_ABS`: a symbol whose value is its address.

use loader_core::Machine;
use object::elf::{self, R_AARCH64_CALL26, R_X86_64_64};

use super::{both_orders, definer, user};
use crate::support::lies::{section, symbol};
use crate::support::{ElfBuilder, code, load};

#[test]
fn its_value_is_its_address_wherever_the_module_is() {
    for value in [0u64, 1, 0x1234_5678_9abc_def0, u64::MAX] {
        let owner = definer("owner", |elf, _| elf.absolute("name", value));
        both_orders(&owner, &user("name"), &[("name", 0xdead)], |image, _| {
            assert_eq!(image.field(".data.owner", 0, 8), value);
            assert_eq!(image.field(".data.user", 0, 8), value);
            assert_eq!(image.exports["name"], value);
        });
    }
}

#[test]
fn a_far_one_is_called_through_a_stub() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9400_0000]));
    let rom = elf.absolute("rom_function", 0xffff_0000_0000);
    elf.rela(text, 0, R_AARCH64_CALL26.0, rom, 0);
    let image = load(&elf.build(), &[]);
    assert!(image.has_stub_for("rom_function"));
}

#[test]
fn the_null_symbol_is_zero() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0xff; 8]);
    elf.rela(data, 0, R_X86_64_64.0, 0, 0x42);
    assert_eq!(load(&elf.build(), &[]).field(".data", 0, 8), 0x42);
    // Whatever it says, and wherever the null section is.
    let lie = elf.build().set_symbol(0, symbol::VALUE, 8);
    assert_eq!(load(&lie, &[]).field(".data", 0, 8), 0x42);
    let placed = lie
        .set_section(0, section::TYPE, elf::SHT_PROGBITS.0.into())
        .set_section(0, section::FLAGS, elf::SHF_ALLOC.0)
        .set_section(0, section::SIZE, 16);
    assert_eq!(load(&placed, &[]).field(".data", 0, 8), 0x42);
}
