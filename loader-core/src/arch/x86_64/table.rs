//! Every x86-64 relocation type: System V psABI, AMD64 supplement, "Relocation types".

use crate::arch::Machine;
use crate::arch::relocation::{Formula, Range, Relocation, Slot};
use crate::arch::rows::{Named, index, names, rows};
use crate::arch::words::*;
use Formula::*;

/// One row a type, by number.
pub(super) static ROWS: [Relocation; TYPES.len()] = rows(TYPES, Machine::X86_64);

/// Their names.
pub(in crate::arch) static NAMES: [&str; TYPES.len()] = names(TYPES);

/// For each number its row.
pub(super) static INDEX: [u8; 52] = index(TYPES);

/// The field of a call ends the instruction, so A is -4 where the symbol itself is called.
const CALL: Formula = Branch { addend: -4 };

#[rustfmt::skip] // one row a type
const TYPES: &[Named] = &[
    row(0, "R_X86_64_NONE", NOTHING),
    row(1, "R_X86_64_64", apply(Absolute, WORD64, ANY)),
    row(2, "R_X86_64_PC32", apply(PcRelative, WORD32, Range::signed(32))),
    row(3, "R_X86_64_GOT32", apply(GotSlotOffset, WORD32, Range::signed(32))),
    row(4, "R_X86_64_PLT32", apply(CALL, WORD32, Range::signed(32))),
    row(5, "R_X86_64_COPY", DYNAMIC),
    row(6, "R_X86_64_GLOB_DAT", DYNAMIC),
    row(7, "R_X86_64_JUMP_SLOT", DYNAMIC),
    row(8, "R_X86_64_RELATIVE", DYNAMIC),
    row(9, "R_X86_64_GOTPCREL", apply(GotSlotPcRelative(Slot::Address), WORD32, Range::signed(32))),
    row(10, "R_X86_64_32", apply(Absolute, WORD32, Range::unsigned(32))),
    row(11, "R_X86_64_32S", apply(Absolute, WORD32, Range::signed(32))),
    row(12, "R_X86_64_16", apply(Absolute, WORD16, Range::either(16))),
    row(13, "R_X86_64_PC16", apply(PcRelative, WORD16, Range::signed(16))),
    row(14, "R_X86_64_8", apply(Absolute, WORD8, Range::either(8))),
    row(15, "R_X86_64_PC8", apply(PcRelative, WORD8, Range::signed(8))),
    row(16, "R_X86_64_DTPMOD64", DYNAMIC),
    row(17, "R_X86_64_DTPOFF64", apply(ModuleBlock, WORD64, ANY)),
    row(18, "R_X86_64_TPOFF64", apply(ThreadPointer, WORD64, ANY)),
    row(19, "R_X86_64_TLSGD", apply(GotSlotPcRelative(Slot::GeneralDynamic), WORD32, Range::signed(32))),
    row(20, "R_X86_64_TLSLD", apply(GotSlotPcRelative(Slot::LocalDynamic), WORD32, Range::signed(32))),
    row(21, "R_X86_64_DTPOFF32", apply(ModuleBlock, WORD32, Range::signed(32))),
    row(22, "R_X86_64_GOTTPOFF", apply(GotSlotPcRelative(Slot::InitialExec), WORD32, Range::signed(32))),
    row(23, "R_X86_64_TPOFF32", apply(ThreadPointer, WORD32, Range::signed(32))),
    row(24, "R_X86_64_PC64", apply(PcRelative, WORD64, ANY)),
    row(25, "R_X86_64_GOTOFF64", apply(GotOffset, WORD64, ANY)),
    row(26, "R_X86_64_GOTPC32", apply(GotPcRelative, WORD32, Range::signed(32))),
    row(27, "R_X86_64_GOT64", apply(GotSlotOffset, WORD64, ANY)),
    row(28, "R_X86_64_GOTPCREL64", apply(GotSlotPcRelative(Slot::Address), WORD64, ANY)),
    row(29, "R_X86_64_GOTPC64", apply(GotPcRelative, WORD64, ANY)),
    row(30, "R_X86_64_GOTPLT64", apply(GotSlotOffset, WORD64, ANY)),
    row(31, "R_X86_64_PLTOFF64", apply(GotOffset, WORD64, ANY)),
    row(32, "R_X86_64_SIZE32", apply(Size, WORD32, Range::unsigned(32))),
    row(33, "R_X86_64_SIZE64", apply(Size, WORD64, ANY)),
    row(34, "R_X86_64_GOTPC32_TLSDESC", apply(GotSlotPcRelative(Slot::Descriptor), WORD32, Range::signed(32))),
    row(35, "R_X86_64_TLSDESC_CALL", DESCRIPTOR_PART),
    row(36, "R_X86_64_TLSDESC", DYNAMIC),
    row(37, "R_X86_64_IRELATIVE", DYNAMIC),
    row(38, "R_X86_64_RELATIVE64", DYNAMIC),
    row(39, "R_X86_64_PC32_BND", apply(PcRelative, WORD32, Range::signed(32))),
    row(40, "R_X86_64_PLT32_BND", apply(CALL, WORD32, Range::signed(32))),
    row(41, "R_X86_64_GOTPCRELX", apply(GotSlotRelaxable, WORD32, Range::signed(32))),
    row(42, "R_X86_64_REX_GOTPCRELX", apply(GotSlotRelaxable, WORD32, Range::signed(32))),
    row(43, "R_X86_64_CODE_4_GOTPCRELX", apply(GotSlotRelaxable, WORD32, Range::signed(32))),
    row(44, "R_X86_64_CODE_4_GOTTPOFF", apply(GotSlotPcRelative(Slot::InitialExec), WORD32, Range::signed(32))),
    row(45, "R_X86_64_CODE_4_GOTPC32_TLSDESC", apply(GotSlotPcRelative(Slot::Descriptor), WORD32, Range::signed(32))),
    row(46, "R_X86_64_CODE_5_GOTPCRELX", apply(GotSlotPcRelative(Slot::Address), WORD32, Range::signed(32))),
    row(47, "R_X86_64_CODE_5_GOTTPOFF", apply(GotSlotPcRelative(Slot::InitialExec), WORD32, Range::signed(32))),
    row(48, "R_X86_64_CODE_5_GOTPC32_TLSDESC", apply(GotSlotPcRelative(Slot::Descriptor), WORD32, Range::signed(32))),
    row(49, "R_X86_64_CODE_6_GOTPCRELX", apply(GotSlotPcRelative(Slot::Address), WORD32, Range::signed(32))),
    row(50, "R_X86_64_CODE_6_GOTTPOFF", apply(GotSlotPcRelative(Slot::InitialExec), WORD32, Range::signed(32))),
    row(51, "R_X86_64_CODE_6_GOTPC32_TLSDESC", apply(GotSlotPcRelative(Slot::Descriptor), WORD32, Range::signed(32))),
];
