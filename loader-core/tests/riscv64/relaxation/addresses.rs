//! Addresses and thread-local variables that need no high part.

use object::elf::*;

use super::{builder, compressed, load, marked, relaxed, relaxing};
use crate::support::elf::SectionSpec;
use crate::support::{ElfBuilder, SymbolSpec, code};

/// `lui a0, 0`, `auipc a0, 0`
const LUI: u32 = 0x0000_0537;
const AUIPC: u32 = 0x0000_0517;
/// `addi a1, a0, 0`, `lw a2, 0(a0)`, `sw a2, 0(a0)`
const LOWS: [u32; 3] = [0x0005_0593, 0x0005_2603, 0x00c5_2023];

/// Absolute addresses, at both ends of what a low part makes alone and behind them, and what
/// `lows` are with them.
const VALUES: [(i64, Option<[u32; 3]>); 5] = [
    (0, Some([0x0000_0593, 0x0000_2603, 0x00c0_2023])), // li a1, 0; lw a2, 0(zero); sw a2, 0(zero)
    (0x7ff, Some([0x7ff0_0593, 0x7ff0_2603, 0x7ec0_2fa3])),
    (-0x800, Some([0x8000_0593, 0x8000_2603, 0x80c0_2023])),
    (0x800, None),
    (-0x801, None),
];

/// A high part and three low parts of it.
fn pair(high: u32) -> (ElfBuilder, u32) {
    let mut elf = builder();
    let text = elf.text(&code(&[high, LOWS[0], LOWS[1], LOWS[2]]));
    (elf, text)
}

const LOW_TYPES: [RelocationType; 3] = [R_RISCV_LO12_I, R_RISCV_LO12_I, R_RISCV_LO12_S];

#[test]
fn absolute_pairs_lose_their_lui() {
    for (value, expected) in VALUES {
        let (mut elf, text) = pair(LUI);
        let symbol = elf.absolute("symbol", value.cast_unsigned());
        marked(&mut elf, text, 0, R_RISCV_HI20, symbol);
        for (offset, number) in [4, 8, 12].into_iter().zip(LOW_TYPES) {
            marked(&mut elf, text, offset, number, symbol);
        }
        let image = relaxed(&elf);
        match expected {
            Some(expected) => assert_eq!(image.section(".text"), code(&expected), "{value:#x}"),
            None => assert_eq!(image.section(".text").len(), 16, "{value:#x}"),
        }
    }
}

#[test]
fn relative_pairs_lose_their_auipc() {
    // An AUIPC reaches the values below 0 from nowhere near: these alone are as good as none.
    for (value, expected) in VALUES.into_iter().filter(|(value, _)| *value >= 0) {
        let (mut elf, text) = pair(AUIPC);
        let symbol = elf.absolute("symbol", value.cast_unsigned());
        let label = elf.local(".L", text, 0);
        marked(&mut elf, text, 0, R_RISCV_PCREL_HI20, symbol);
        // The low parts need no mark: they say which high part is theirs.
        for (offset, number) in
            [(4, R_RISCV_PCREL_LO12_I), (8, R_RISCV_PCREL_LO12_I), (12, R_RISCV_PCREL_LO12_S)]
        {
            elf.rela(text, offset, number.0, label, 0);
        }
        let image = relaxed(&elf);
        match expected {
            Some(expected) => assert_eq!(image.section(".text"), code(&expected), "{value:#x}"),
            None => assert_eq!(image.section(".text").len(), 16, "{value:#x}"),
        }
    }
}

#[test]
fn an_undefined_weak_symbol_is_made_of_nothing() {
    let (mut elf, text) = pair(AUIPC);
    let symbol = elf.undefined_weak("nothing");
    let label = elf.local(".L", text, 0);
    marked(&mut elf, text, 0, R_RISCV_PCREL_HI20, symbol);
    for offset in [4, 8] {
        marked(&mut elf, text, offset, R_RISCV_PCREL_LO12_I, label);
    }
    marked(&mut elf, text, 12, R_RISCV_PCREL_LO12_S, label);
    assert_eq!(relaxed(&elf).section(".text"), code(&VALUES[0].1.unwrap()));
}

#[test]
fn low_parts_that_are_not_marked_keep_their_base() {
    let (mut elf, text) = pair(LUI);
    let symbol = elf.absolute("symbol", 0x7ff);
    elf.rela(text, 0, R_RISCV_HI20.0, symbol, 0);
    for (offset, number) in [4, 8, 12].into_iter().zip(LOW_TYPES) {
        elf.rela(text, offset, number.0, symbol, 0);
    }
    let expected = code(&[LUI, 0x7ff5_0593, 0x7ff5_2603, 0x7ec5_2fa3]);
    assert_eq!(relaxed(&elf).section(".text"), expected);
}

/// Adds variables at these offsets of the block.
fn variables(elf: &mut ElfBuilder, offsets: [u64; 2]) -> [u32; 2] {
    let tdata = elf.add(SectionSpec {
        name: ".tdata".into(),
        kind: SHT_PROGBITS.0,
        flags: 0x403,
        align: 16,
        bytes: vec![1; 0x1000],
        ..SectionSpec::default()
    });
    offsets.map(|offset| {
        let name = format!("at{offset}");
        elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new(&name, tdata, offset) })
    })
}

#[test]
fn local_exec_code_counts_from_the_thread_pointer() {
    let mut elf = builder();
    let [near, far] = variables(&mut elf, [0x7ff, 0x800]);
    // lui a0, %tprel_hi; add a0, a0, tp; lw a2, %tprel_lo(a0)
    let access = [LUI, 0x0045_0533, 0x0005_2603];
    let text = elf.text(&code(&[access, access].concat()));
    for (start, variable) in [(0, near), (12, far)] {
        marked(&mut elf, text, start, R_RISCV_TPREL_HI20, variable);
        marked(&mut elf, text, start + 4, R_RISCV_TPREL_ADD, variable);
        marked(&mut elf, text, start + 8, R_RISCV_TPREL_LO12_I, variable);
    }
    // lw a2, 0x7ff(tp); lui a0, 1; add a0, a0, tp; lw a2, -0x800(a0)
    let expected = [0x7ff2_2603, 0x0000_1537, 0x0045_0533, 0x8005_2603];
    assert_eq!(load(&compressed(&elf), relaxing()).section(".text"), code(&expected));
}

#[test]
fn descriptor_sequences_may_be_interleaved() {
    let mut elf = builder();
    let [near, far] = variables(&mut elf, [0x7ff, 0x800]);
    // For each: auipc a2 or a3; ld a4, (that); addi a0, that; jalr t0, (a4)
    let text = elf.text(&code(&[
        0x0000_0617,
        0x0000_0697,
        0x0006_3703,
        0x0006_0513,
        0x0007_02e7,
        0x0006_b703,
        0x0006_8513,
        0x0007_02e7,
    ]));
    for (variable, offsets) in [(near, [0, 8, 12, 16]), (far, [4, 20, 24, 28])] {
        let label = elf.local(".L", text, offsets[0]);
        marked(&mut elf, text, offsets[0], R_RISCV_TLSDESC_HI20, variable);
        for (offset, number) in offsets[1..].iter().zip([
            R_RISCV_TLSDESC_LOAD_LO12,
            R_RISCV_TLSDESC_ADD_LO12,
            R_RISCV_TLSDESC_CALL,
        ]) {
            elf.rela(text, *offset, number.0, label, 0);
        }
    }
    // li a0, 0x7ff; lui a0, 1; addi a0, a0, -0x800
    let expected = [0x7ff0_0513, 0x0000_1537, 0x8005_0513];
    assert_eq!(load(&compressed(&elf), relaxing()).section(".text"), code(&expected));
}
