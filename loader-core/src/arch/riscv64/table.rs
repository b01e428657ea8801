//! Every RISC-V relocation type: RISC-V ELF psABI, "Relocations".

use super::encode::*;
use crate::arch::Machine;
use crate::arch::relocation::{Action, Formula, Range, Relocation, Slot};
use crate::arch::rows::{Named, index, names, rows};
use crate::arch::words::*;
use Formula::*;

/// One row a type, by number.
pub(super) static ROWS: [Relocation; TYPES.len()] = rows(TYPES, Machine::Riscv64);

/// Their names.
pub(in crate::arch) static NAMES: [&str; TYPES.len()] = names(TYPES);

/// For each number its row.
pub(super) static INDEX: [u8; 192] = index(TYPES);

const ALIGN: Action = Action::Align;
const BRANCH: Formula = Branch { addend: 0 };
const DESCRIPTOR_LOW: Action = Action::DescriptorLow(I_TYPE);
const PAIR_LOW_I: Action = Action::PairLow(I_TYPE);
const PAIR_LOW_S: Action = Action::PairLow(S_TYPE);
const SET_ULEB128: Action = Action::SetUleb128;
const SUB_ULEB128: Action = Action::SubUleb128;

#[rustfmt::skip] // one row a type
const TYPES: &[Named] = &[
    row(0, "R_RISCV_NONE", NOTHING),
    row(1, "R_RISCV_32", apply(Absolute, WORD32, Range::either(32))),
    row(2, "R_RISCV_64", apply(Absolute, WORD64, ANY)),
    row(3, "R_RISCV_RELATIVE", DYNAMIC),
    row(4, "R_RISCV_COPY", DYNAMIC),
    row(5, "R_RISCV_JUMP_SLOT", DYNAMIC),
    row(6, "R_RISCV_TLS_DTPMOD32", DYNAMIC),
    row(7, "R_RISCV_TLS_DTPMOD64", DYNAMIC),
    row(8, "R_RISCV_TLS_DTPREL32", DYNAMIC),
    row(9, "R_RISCV_TLS_DTPREL64", DYNAMIC),
    row(10, "R_RISCV_TLS_TPREL32", DYNAMIC),
    row(11, "R_RISCV_TLS_TPREL64", DYNAMIC),
    row(12, "R_RISCV_TLSDESC", DYNAMIC),
    row(16, "R_RISCV_BRANCH", apply(ShortBranch, B_TYPE, Range::signed(13).aligned(2))),
    row(17, "R_RISCV_JAL", apply(BRANCH, J_TYPE, Range::signed(21).aligned(2))),
    row(18, "R_RISCV_CALL", apply(BRANCH, CALL_PAIR, HI20)),
    row(19, "R_RISCV_CALL_PLT", apply(BRANCH, CALL_PAIR, HI20)),
    row(20, "R_RISCV_GOT_HI20", apply(GotSlotPcRelativeNoAddend(Slot::Address), AUIPC, HI20)),
    row(21, "R_RISCV_TLS_GOT_HI20", apply(GotSlotPcRelativeNoAddend(Slot::InitialExec), AUIPC, HI20)),
    row(22, "R_RISCV_TLS_GD_HI20", apply(GotSlotPcRelativeNoAddend(Slot::GeneralDynamic), AUIPC, HI20)),
    row(23, "R_RISCV_PCREL_HI20", apply(PcRelative, AUIPC, HI20)),
    row(24, "R_RISCV_PCREL_LO12_I", PAIR_LOW_I),
    row(25, "R_RISCV_PCREL_LO12_S", PAIR_LOW_S),
    row(26, "R_RISCV_HI20", apply(Absolute, LUI, HI20)),
    row(27, "R_RISCV_LO12_I", apply(Absolute, I_TYPE, ANY)),
    row(28, "R_RISCV_LO12_S", apply(Absolute, S_TYPE, ANY)),
    row(29, "R_RISCV_TPREL_HI20", apply(ThreadPointer, LUI, HI20)),
    row(30, "R_RISCV_TPREL_LO12_I", apply(ThreadPointer, I_TYPE, ANY)),
    row(31, "R_RISCV_TPREL_LO12_S", apply(ThreadPointer, S_TYPE, ANY)),
    row(32, "R_RISCV_TPREL_ADD", NOTHING),
    row(33, "R_RISCV_ADD8", apply(Absolute, ADD8, ANY)),
    row(34, "R_RISCV_ADD16", apply(Absolute, ADD16, ANY)),
    row(35, "R_RISCV_ADD32", apply(Absolute, ADD32, ANY)),
    row(36, "R_RISCV_ADD64", apply(Absolute, ADD64, ANY)),
    row(37, "R_RISCV_SUB8", apply(Absolute, SUB8, ANY)),
    row(38, "R_RISCV_SUB16", apply(Absolute, SUB16, ANY)),
    row(39, "R_RISCV_SUB32", apply(Absolute, SUB32, ANY)),
    row(40, "R_RISCV_SUB64", apply(Absolute, SUB64, ANY)),
    row(41, "R_RISCV_GOT32_PCREL", apply(GotSlotPcRelative(Slot::Address), WORD32, Range::signed(32))),
    row(42, "R_RISCV_GNU_VTENTRY", RESERVED),
    row(43, "R_RISCV_ALIGN", ALIGN),
    row(44, "R_RISCV_RVC_BRANCH", apply(ShortBranch, CB_TYPE, Range::signed(9).aligned(2))),
    row(45, "R_RISCV_RVC_JUMP", apply(ShortBranch, CJ_TYPE, Range::signed(12).aligned(2))),
    row(46, "R_RISCV_RVC_LUI", RESERVED),
    row(47, "R_RISCV_GPREL_I", RESERVED),
    row(48, "R_RISCV_GPREL_S", RESERVED),
    row(49, "R_RISCV_TPREL_I", RESERVED),
    row(50, "R_RISCV_TPREL_S", RESERVED),
    row(51, "R_RISCV_RELAX", NOTHING),
    row(52, "R_RISCV_SUB6", apply(Absolute, SUB6, ANY)),
    row(53, "R_RISCV_SET6", apply(Absolute, SET6, ANY)),
    row(54, "R_RISCV_SET8", apply(Absolute, WORD8, ANY)),
    row(55, "R_RISCV_SET16", apply(Absolute, WORD16, ANY)),
    row(56, "R_RISCV_SET32", apply(Absolute, WORD32, ANY)),
    row(57, "R_RISCV_32_PCREL", apply(PcRelative, WORD32, Range::signed(32))),
    row(58, "R_RISCV_IRELATIVE", DYNAMIC),
    row(59, "R_RISCV_PLT32", apply(FunctionOffset, WORD32, Range::signed(32))),
    row(60, "R_RISCV_SET_ULEB128", SET_ULEB128),
    row(61, "R_RISCV_SUB_ULEB128", SUB_ULEB128),
    row(62, "R_RISCV_TLSDESC_HI20", apply(GotSlotPcRelativeNoAddend(Slot::Descriptor), AUIPC, HI20)),
    row(63, "R_RISCV_TLSDESC_LOAD_LO12", DESCRIPTOR_LOW),
    row(64, "R_RISCV_TLSDESC_ADD_LO12", DESCRIPTOR_LOW),
    row(65, "R_RISCV_TLSDESC_CALL", DESCRIPTOR_PART),
    row(191, "R_RISCV_VENDOR", VENDOR),
];
