//! Types of thread-local code that stays as it is, because the blocks come at first use: a linker
//! of a static program has no such slots, and would make the code local-exec. It gets them as
//! types that know nothing of threads, with the slots that ours has.

use super::Held::{Descriptor, Module, ThreadPointerOffset, Variable};
use super::How::{FromThreadPointer, Same, SlotAddress, SlotOffset};
use super::{Expression, row};
use crate::arch::Arch;
use crate::diff::types::SlotForm;

/// How our loader writes the slot's address into the field of one of these types, where it can be
/// told from the field alone.
pub(super) const fn slot_form(arch: Arch, number: u32) -> Option<SlotForm> {
    Some(match (arch, number) {
        (Arch::Aarch64, 513 | 518 | 541 | 562) => SlotForm::Adrp,
        (Arch::Aarch64, 542 | 563) => SlotForm::Low12,
        (Arch::Aarch64, 560) => SlotForm::Literal,
        (Arch::Aarch64, 565) => SlotForm::Group(1),
        (Arch::Aarch64, 566) => SlotForm::Group(0),
        (Arch::Riscv64, 62) => SlotForm::Auipc,
        (Arch::X86_64, 19 | 20 | 34 | 45) => SlotForm::Relative(4),
        _ => return None,
    })
}

/// AAELF64, "Relocations for thread-local storage": each says of a slot of its own what a type
/// says of a symbol or of its slot.
pub(super) const AARCH64: &[Expression] = &[
    row(512, 274, SlotAddress(Variable)), // TLSGD_ADR_PREL21
    row(513, 275, SlotAddress(Variable)), // TLSGD_ADR_PAGE21
    row(514, 277, SlotAddress(Variable)), // TLSGD_ADD_LO12_NC
    row(517, 274, SlotAddress(Module)),   // TLSLD_ADR_PREL21
    row(518, 275, SlotAddress(Module)),   // TLSLD_ADR_PAGE21
    row(519, 277, SlotAddress(Module)),   // TLSLD_ADD_LO12_NC
    row(539, 271, SlotOffset(ThreadPointerOffset)), // TLSIE_MOVW_GOTTPREL_G1
    row(540, 264, SlotOffset(ThreadPointerOffset)), // TLSIE_MOVW_GOTTPREL_G0_NC
    row(541, 275, SlotAddress(ThreadPointerOffset)), // TLSIE_ADR_GOTTPREL_PAGE21
    row(542, 286, SlotAddress(ThreadPointerOffset)), // TLSIE_LD64_GOTTPREL_LO12_NC
    row(543, 273, SlotAddress(ThreadPointerOffset)), // TLSIE_LD_GOTTPREL_PREL19
    row(560, 273, SlotAddress(Descriptor)), // TLSDESC_LD_PREL19
    row(561, 274, SlotAddress(Descriptor)), // TLSDESC_ADR_PREL21
    row(562, 275, SlotAddress(Descriptor)), // TLSDESC_ADR_PAGE21
    row(563, 286, SlotAddress(Descriptor)), // TLSDESC_LD64_LO12
    row(564, 277, SlotAddress(Descriptor)), // TLSDESC_ADD_LO12
    row(565, 271, SlotOffset(Descriptor)), // TLSDESC_OFF_G1
    row(566, 264, SlotOffset(Descriptor)), // TLSDESC_OFF_G0_NC
    row(567, 0, Same),                    // TLSDESC_LDR: a marker
    row(568, 0, Same),                    // TLSDESC_ADD
    row(569, 0, Same),                    // TLSDESC_CALL
];

/// The RISC-V psABI, "Thread Local Storage".
pub(super) const RISCV64: &[Expression] = &[
    row(21, 23, SlotAddress(ThreadPointerOffset)), // TLS_GOT_HI20 as PCREL_HI20
    row(22, 23, SlotAddress(Variable)),            // TLS_GD_HI20
    row(62, 23, SlotAddress(Descriptor)),          // TLSDESC_HI20
    row(63, 24, Same),                             // TLSDESC_LOAD_LO12 as PCREL_LO12_I
    row(64, 24, Same),                             // TLSDESC_ADD_LO12
    row(65, 0, Same),                              // TLSDESC_CALL: a marker
];

/// The x86-64 psABI, "Relocation types".
pub(super) const X86_64: &[Expression] = &[
    row(17, 18, FromThreadPointer),               // DTPOFF64 as TPOFF64
    row(19, 2, SlotAddress(Variable)),            // TLSGD
    row(20, 2, SlotAddress(Module)),              // TLSLD
    row(21, 23, FromThreadPointer),               // DTPOFF32 as TPOFF32
    row(22, 2, SlotAddress(ThreadPointerOffset)), // GOTTPOFF
    row(34, 2, SlotAddress(Descriptor)),          // GOTPC32_TLSDESC
    row(35, 0, Same),                             // TLSDESC_CALL: a marker
    row(44, 2, SlotAddress(ThreadPointerOffset)), // CODE_4_GOTTPOFF
    row(45, 2, SlotAddress(Descriptor)),          // CODE_4_GOTPC32_TLSDESC
    row(50, 2, SlotAddress(ThreadPointerOffset)), // CODE_6_GOTTPOFF
];
