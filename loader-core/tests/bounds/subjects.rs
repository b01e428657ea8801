//! For each type: how to come to any value X, an instruction that it applies to, and how X is read
//! back. Written from the psABIs and the architecture manuals, apart from the loader's tables.

use loader_core::Machine;

use super::apply::{Inputs, PLACE};
use crate::support::decode::{aarch64, riscv64};

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// S + A
    Absolute,
    /// S + A - P
    PcRelative,
    /// S + A - P, A this many bytes less; or that of a stub
    Branch(i64),
    /// Page(S + A) - Page(P)
    Page,
    /// A GOT slot's address
    Slot,
    /// Page(slot) - Page(P)
    SlotPage,
    /// slot - P
    SlotPcRelative,
    /// slot + A - P
    SlotPcRelativeAddend,
    /// S + A - GOT
    FromGot,
    /// GOT + A - P
    GotPcRelative,
    /// Z + A
    Size,
    /// The same of thread-local variables.
    Tls(&'static Kind),
    /// TPREL(S + A)
    ThreadPointer,
    /// DTPREL(S + A)
    Block,
    /// slot - GOT: what it can be depends on how many slots there are. The tests of GOT types
    /// have enough of them.
    InGot,
}

impl Kind {
    /// What makes X this; `None` where nothing can.
    pub fn inputs(self, x: i64) -> Option<Inputs> {
        let none = Inputs::default();
        let near = |offset: i64| PLACE.checked_add_signed(offset).filter(|at| *at < 1 << 62);
        let aligned = |at: u64| (at.is_multiple_of(8) && at >= 8).then_some(at);
        match self {
            Self::Absolute => Some(Inputs { symbol: x.cast_unsigned(), ..none }),
            Self::PcRelative => Some(Inputs { symbol: PLACE.wrapping_add_signed(x), ..none }),
            Self::Branch(less) => {
                let symbol = PLACE.wrapping_add_signed(x).wrapping_add_signed(less);
                Some(Inputs { symbol, addend: -less, ..none })
            }
            Self::Page => {
                let page = (PLACE & !0xfff).wrapping_add_signed(x);
                (x & 0xfff == 0).then_some(Inputs { symbol: page | 0x123, ..none })
            }
            Self::Slot => {
                let got = aligned(x.cast_unsigned()).filter(|got| *got < 1 << 62)?;
                Some(Inputs { got: Some(got), ..none })
            }
            Self::SlotPage => {
                let page = (PLACE & !0xfff).checked_add_signed(x).filter(|page| *page < 1 << 62)?;
                (x & 0xfff == 0).then_some(Inputs { got: Some(page | 0x128), ..none })
            }
            Self::SlotPcRelative => Some(Inputs { got: Some(aligned(near(x)?)?), ..none }),
            Self::SlotPcRelativeAddend | Self::GotPcRelative => {
                let got = near(x)? & !7;
                let addend = x - got.wrapping_sub(PLACE).cast_signed();
                Some(Inputs { got: Some(aligned(got)?), addend, ..none })
            }
            Self::FromGot => {
                let got = 0x50_0000_0000;
                Some(Inputs { got: Some(got), symbol: got.wrapping_add_signed(x), ..none })
            }
            Self::Size => Some(Inputs { addend: x, ..none }),
            Self::Tls(kind) => Some(Inputs { distance: Some(0), ..kind.inputs(x)? }),
            Self::ThreadPointer => Some(Inputs { distance: Some(x), ..none }),
            Self::Block => Some(Inputs { distance: Some(0), addend: x, ..none }),
            Self::InGot => None,
        }
    }

    pub fn is_thread_local(self) -> bool {
        matches!(self, Self::Tls(_) | Self::ThreadPointer | Self::Block)
    }

    pub fn may_use_stub(self) -> bool {
        matches!(self, Self::Branch(_))
    }
}

/// A type's instruction, and how to read it.
#[derive(Clone, Copy)]
pub struct Subject {
    pub kind: Kind,
    /// What is there before.
    pub word: u64,
    /// The bits that may change.
    pub field: u64,
    /// Whether the field, as it is, holds X.
    pub holds: fn(word: u64, x: i64) -> bool,
}

type Holds = fn(u64, i64) -> bool;

const fn of(kind: Kind, word: u64, field: u64, holds: Holds) -> Option<Subject> {
    Some(Subject { kind, word, field, holds })
}

/// Data of so many bytes, over bits that are all set.
fn data(kind: Kind, bytes: u32) -> Option<Subject> {
    match bytes {
        1 => of(kind, u64::MAX, 0xff, |word, x| word as u8 == x as u8),
        2 => of(kind, u64::MAX, 0xffff, |word, x| word as u16 == x as u16),
        4 => of(kind, u64::MAX, 0xffff_ffff, |word, x| word as u32 == x as u32),
        _ => of(kind, u64::MAX, u64::MAX, |word, x| word == x.cast_unsigned()),
    }
}

/// The subject for a type.
pub fn subject(machine: Machine, number: u32) -> Option<Subject> {
    match machine {
        Machine::Aarch64 => aarch64_subject(number),
        Machine::Riscv64 => riscv64_subject(number),
        _ => x86_64_subject(number),
    }
}

const IMM12: u64 = 0x3f_fc00;
const IMM16: u64 = 0x1f_ffe0;
const IMM19: u64 = 0xff_ffe0;
const ADR: u64 = 0x60ff_ffe0;

/// An unsigned immediate of 12 bits, in units of 1 << `scale`.
fn low(kind: Kind, scale: u32) -> Option<Subject> {
    fn bits(x: i64) -> u64 {
        x.cast_unsigned() & 0xfff
    }
    match scale {
        0 => of(kind, 0x3940_0c41, IMM12, |w, x| aarch64::imm12(w as u32) == bits(x)),
        1 => of(kind, 0x7940_0c41, IMM12, |w, x| aarch64::imm12(w as u32) * 2 == bits(x)),
        2 => of(kind, 0xb940_0c41, IMM12, |w, x| aarch64::imm12(w as u32) * 4 == bits(x)),
        3 => of(kind, 0xf940_0c41, IMM12, |w, x| aarch64::imm12(w as u32) * 8 == bits(x)),
        _ => of(kind, 0x3dc0_0c41, IMM12, |w, x| aarch64::imm12(w as u32) * 16 == bits(x)),
    }
}

fn add(kind: Kind) -> Option<Subject> {
    of(kind, 0x9100_0c41, IMM12, |w, x| aarch64::imm12(w as u32) == x.cast_unsigned() & 0xfff)
}

/// Sixteen bits of X from a shift on, as they are.
fn movk(kind: Kind, group: u32) -> Option<Subject> {
    fn bits(w: u64) -> u64 {
        aarch64::imm16(w as u32).0
    }
    fn part(x: i64, shift: u32) -> u64 {
        x.cast_unsigned() >> shift & 0xffff
    }
    match group {
        0 => of(kind, 0xf280_0c41, IMM16, |w, x| bits(w) == part(x, 0)),
        1 => of(kind, 0xf2a0_0c41, IMM16, |w, x| bits(w) == part(x, 16)),
        2 => of(kind, 0xf2c0_0c41, IMM16, |w, x| bits(w) == part(x, 32)),
        _ => of(kind, 0xf2e0_0c41, IMM16, |w, x| bits(w) == part(x, 48)),
    }
}

/// MOVZ or MOVN: X without the bits below the group.
fn signed(kind: Kind, group: u32) -> Option<Subject> {
    // What MOVN makes has ones below the group, what MOVZ makes has zeros.
    fn same(w: u64, x: i64, shift: u32) -> bool {
        aarch64::imm16(w as u32).1 >> shift == x >> shift
    }
    let field = IMM16 | 0x6000_0000;
    match group {
        0 => of(kind, 0xd280_0c41, field, |w, x| same(w, x, 0)),
        1 => of(kind, 0xd2a0_0c41, field, |w, x| same(w, x, 16)),
        _ => of(kind, 0xd2c0_0c41, field, |w, x| same(w, x, 32)),
    }
}

fn adr(kind: Kind) -> Option<Subject> {
    of(kind, 0x1000_0021, ADR, |w, x| aarch64::adr(w as u32) == x)
}

fn adrp(kind: Kind) -> Option<Subject> {
    // The field holds 33 bits of X.
    of(kind, 0x9000_0021, ADR, |w, x| aarch64::adrp(w as u32) == x << 31 >> 31)
}

fn literal(kind: Kind) -> Option<Subject> {
    of(kind, 0x5800_0021, IMM19, |w, x| aarch64::imm19(w as u32) == x)
}

fn aarch64_subject(number: u32) -> Option<Subject> {
    use Kind::*;
    match number {
        257 => data(Absolute, 8),
        258 => data(Absolute, 4),
        259 => data(Absolute, 2),
        260 => data(PcRelative, 8),
        261 => data(PcRelative, 4),
        262 => data(PcRelative, 2),
        263 | 264 => movk(Absolute, 0),
        265 | 266 => movk(Absolute, 1),
        267 | 268 => movk(Absolute, 2),
        269 => movk(Absolute, 3),
        270..=272 => signed(Absolute, number - 270),
        273 => literal(PcRelative),
        274 => adr(PcRelative),
        275 | 276 => adrp(Page),
        277 => add(Absolute),
        278 => low(Absolute, 0),
        279 => of(PcRelative, 0x3600_0001, 0x7_ffe0, |w, x| aarch64::imm14(w as u32) == x),
        280 => of(PcRelative, 0x5400_0001, IMM19, |w, x| aarch64::imm19(w as u32) == x),
        282 => of(Branch(0), 0x1400_0000, 0x3ff_ffff, |w, x| aarch64::imm26(w as u32) == x),
        283 => of(Branch(0), 0x9400_0000, 0x3ff_ffff, |w, x| aarch64::imm26(w as u32) == x),
        284..=286 => low(Absolute, number - 283),
        287 | 289 | 291 => signed(PcRelative, (number - 287) / 2),
        288 | 290 | 292 => movk(PcRelative, (number - 288) / 2),
        293 => movk(PcRelative, 3),
        299 => low(Absolute, 4),
        300..=306 | 310 | 313 => of(InGot, 0, 0, |_, _| false),
        307 => data(FromGot, 8),
        308 => data(FromGot, 4),
        309 => literal(SlotPcRelative),
        311 => adrp(SlotPage),
        312 => low(Slot, 3),
        314 => data(Branch(0), 4),
        315 => data(SlotPcRelativeAddend, 4),
        316 => of(Absolute, 0xd503_201f, 0xffff_ffff, |w, x| w as u32 == x as u32),
        512 | 517 | 561 => adr(Tls(&SlotPcRelative)),
        513 | 518 | 541 | 562 => adrp(Tls(&SlotPage)),
        514 | 519 | 564 => add(Tls(&Slot)),
        515 | 516 | 520 | 521 | 539 | 540 | 565 | 566 => of(InGot, 0, 0, |_, _| false),
        522 | 543 | 560 => literal(Tls(&SlotPcRelative)),
        542 | 563 => low(Tls(&Slot), 3),
        523 => signed(Block, 2),
        524 => signed(Block, 1),
        525 => movk(Block, 1),
        526 => signed(Block, 0),
        527 => movk(Block, 0),
        528 => high_add(Block),
        529 | 530 => add(Block),
        531..=538 => low(Block, (number - 531) / 2),
        544 => signed(ThreadPointer, 2),
        545 => signed(ThreadPointer, 1),
        546 => movk(ThreadPointer, 1),
        547 => signed(ThreadPointer, 0),
        548 => movk(ThreadPointer, 0),
        549 => high_add(ThreadPointer),
        550 | 551 => add(ThreadPointer),
        552..=559 => low(ThreadPointer, (number - 552) / 2),
        570 | 571 => low(ThreadPointer, 4),
        572 | 573 => low(Block, 4),
        _ => None,
    }
}

fn high_add(kind: Kind) -> Option<Subject> {
    of(kind, 0x9140_0c41, IMM12, |w, x| aarch64::imm12(w as u32) == x.cast_unsigned() >> 12 & 0xfff)
}

fn riscv64_subject(number: u32) -> Option<Subject> {
    use Kind::*;
    const U: u64 = 0xffff_f000;
    const I: u64 = 0xfff0_0000;
    const S: u64 = 0xfe00_0f80;
    /// What an upper part is, if the lower one is sign-extended.
    fn upper(w: u64, x: i64) -> bool {
        let low = x << 52 >> 52;
        riscv64::u_imm(w as u32) == (x - low) as i32 as i64
    }
    fn i_type(w: u64, x: i64) -> bool {
        riscv64::i_imm(w as u32) == x << 52 >> 52
    }
    fn s_type(w: u64, x: i64) -> bool {
        riscv64::s_imm(w as u32) == x << 52 >> 52
    }
    const ONES: u64 = u64::MAX;
    match number {
        1 => data(Absolute, 4),
        2 => data(Absolute, 8),
        16 => of(PcRelative, 0x00b5_0063, S, |w, x| riscv64::b_imm(w as u32) == x),
        17 => of(Branch(0), 0xef, U, |w, x| riscv64::j_imm(w as u32) == x),
        18 | 19 => of(Branch(0), 0x80e7_0000_0097, I << 32 | U, |w, x| {
            riscv64::call(w as u32, (w >> 32) as u32) == x
        }),
        20 => of(SlotPcRelative, 0x517, U, upper),
        21 | 22 | 62 => of(Tls(&SlotPcRelative), 0x517, U, upper),
        23 => of(PcRelative, 0x517, U, upper),
        26 => of(Absolute, 0x537, U, upper),
        27 => of(Absolute, 0x0005_0513, I, i_type),
        28 => of(Absolute, 0x00a5_3023, S, s_type),
        29 => of(ThreadPointer, 0x537, U, upper),
        30 => of(ThreadPointer, 0x0005_0513, I, i_type),
        31 => of(ThreadPointer, 0x00a5_3023, S, s_type),
        33 => of(Absolute, ONES, 0xff, |w, x| w as u8 == (x as u8).wrapping_sub(1)),
        34 => of(Absolute, ONES, 0xffff, |w, x| w as u16 == (x as u16).wrapping_sub(1)),
        35 => of(Absolute, ONES, 0xffff_ffff, |w, x| w as u32 == (x as u32).wrapping_sub(1)),
        36 => of(Absolute, ONES, ONES, |w, x| w == (x.cast_unsigned()).wrapping_sub(1)),
        37 => of(Absolute, ONES, 0xff, |w, x| w as u8 == !(x as u8)),
        38 => of(Absolute, ONES, 0xffff, |w, x| w as u16 == !(x as u16)),
        39 => of(Absolute, ONES, 0xffff_ffff, |w, x| w as u32 == !(x as u32)),
        40 => of(Absolute, ONES, ONES, |w, x| w == !x.cast_unsigned()),
        41 => data(SlotPcRelativeAddend, 4),
        44 => of(PcRelative, 0xc101, 0x1c7c, |w, x| riscv64::cb_imm(w as u16) == x),
        45 => of(PcRelative, 0xa001, 0x1ffc, |w, x| riscv64::cj_imm(w as u16) == x),
        52 => of(Absolute, ONES, 0x3f, |w, x| w as u8 & 0x3f == !(x as u8) & 0x3f),
        53 => of(Absolute, ONES, 0x3f, |w, x| w as u8 & 0x3f == x as u8 & 0x3f),
        54 => data(Absolute, 1),
        55 => data(Absolute, 2),
        56 => data(Absolute, 4),
        57 => data(PcRelative, 4),
        59 => data(Branch(0), 4),
        _ => None,
    }
}

fn x86_64_subject(number: u32) -> Option<Subject> {
    use Kind::*;
    match number {
        1 => data(Absolute, 8),
        2 | 39 => data(PcRelative, 4),
        3 | 27 | 30 => of(InGot, 0, 0, |_, _| false),
        4 | 40 => data(Branch(4), 4),
        // Those that can be relaxed are not, where the instruction is none that has another form.
        9 | 41 | 42 | 43 | 46 | 49 => data(SlotPcRelativeAddend, 4),
        10 | 11 => data(Absolute, 4),
        12 => data(Absolute, 2),
        13 => data(PcRelative, 2),
        14 => data(Absolute, 1),
        15 => data(PcRelative, 1),
        17 => data(Block, 8),
        18 => data(ThreadPointer, 8),
        19 | 20 | 22 | 34 | 44 | 45 | 47 | 48 | 50 | 51 => data(Tls(&SlotPcRelativeAddend), 4),
        21 => data(Block, 4),
        23 => data(ThreadPointer, 4),
        24 => data(PcRelative, 8),
        25 | 31 => data(FromGot, 8),
        26 => data(GotPcRelative, 4),
        28 => data(SlotPcRelativeAddend, 8),
        29 => data(GotPcRelative, 8),
        32 => data(Size, 4),
        33 => data(Size, 8),
        _ => None,
    }
}
