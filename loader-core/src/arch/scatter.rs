//! Values whose bits are scattered over an instruction.
//!
//! Where each bit goes is data, and one way almost without a branch serves all instructions of a
//! width: which comes next in a table of relocations is nothing that a processor could foretell.

/// The most distances over which the bits of one value are moved: C.J has these.
const MOVES: usize = 6;

/// How many of these an instruction of so many bytes can have: of four, branches and JAL have the
/// most; of eight, there are pairs with an AUIPC.
const fn moves(width: usize) -> usize {
    match width {
        4 => 4,
        8 => 1,
        _ => MOVES,
    }
}

/// How many all have, but for RISC-V's jumps and branches.
const FEW: usize = 2;

/// Values are multiplied to move their bits up, and what comes of it goes down by so much again: a
/// move down by up to this is one up by less.
const DOWN: u32 = 12;

/// Where the second instruction of a pair has its immediate, which is the value's low 12 bits.
const SECOND: u32 = 52;

/// Where the bits of a value go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scatter {
    /// What is added to the value first: half of what the low part of a pair can hold.
    round: u64,
    /// For each distance, the power of two and which bits are meant.
    moves: [(u64, u64); MOVES],
    /// The bits of the immediate in the second instruction of a pair.
    second: u64,
    /// Of these, the one that rounding has changed.
    flip: u64,
    /// The bits of the instruction that stay.
    keep: u64,
}

impl Scatter {
    /// Of pieces: `value[high:low]` goes to `to` and the bits above it.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "evaluated by the compiler for the tables, where a panic is an error"
    )]
    pub(super) const fn new(pieces: &[(u32, u32, u32)]) -> Self {
        let mut moves = [(0, 0); MOVES];
        let (mut keep, mut piece) = (u64::MAX, 0);
        while piece < pieces.len() {
            let (high, low, to) = pieces[piece];
            let bits = (1u64 << (high - low + 1)) - 1;
            let factor = 1u64 << (to + DOWN - low);
            let mut at = 0;
            while moves[at].0 != 0 && moves[at].0 != factor {
                at += 1;
            }
            moves[at].0 = factor;
            moves[at].1 |= bits << (to + DOWN);
            keep &= !(bits << to);
            piece += 1;
        }
        Self { round: 0, moves, second: 0, flip: 0, keep }
    }

    /// The same of the value's upper part, rounded as a low part of 12 bits with a sign wants it.
    pub(super) const fn rounded(pieces: &[(u32, u32, u32)]) -> Self {
        Self { round: 0x800, ..Self::new(pieces) }
    }

    /// The same, with the low part in a second instruction behind it (JALR).
    pub(super) const fn rounded_pair(pieces: &[(u32, u32, u32)]) -> Self {
        let second = 0xfff << SECOND;
        let scatter = Self::rounded(pieces);
        Self { second, flip: 0x800 << SECOND, keep: scatter.keep & !second, ..scatter }
    }

    /// Whether an instruction of so many bytes can have this many moves.
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler for the tables")]
    pub(super) const fn fits(&self, width: usize) -> bool {
        let most = moves(width);
        (most == MOVES || self.moves[most].0 == 0) && (width == 8 || self.second == 0)
    }

    /// The value in the instruction, which has `N` bytes; 0 stands for any number.
    #[inline(always)]
    pub(super) fn encode<const N: usize>(&self, old: u64, value: u64) -> u64 {
        let value = value.wrapping_add(self.round);
        let (few, others) = self.moves.split_at(FEW.min(moves(N)));
        let mut moved = gather(few, value);
        if moves(N) > FEW && others.first().is_some_and(|(factor, _)| *factor != 0) {
            let others = others.get(..moves(N).saturating_sub(FEW)).unwrap_or_default();
            moved |= gather(others, value);
        }
        let has_second = N == 8 || N == 0;
        let second = if has_second { (value << SECOND) & self.second } else { 0 };
        ((moved >> DOWN) | second | (old & self.keep)) ^ self.flip
    }
}

/// The bits of a value where some of its moves have them.
#[inline(always)]
fn gather(moves: &[(u64, u64)], value: u64) -> u64 {
    moves.iter().fold(0, |all, (factor, bits)| all | (value.wrapping_mul(*factor) & bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_move_is_left_out() {
        // The pieces of JAL, and of a pair.
        let jal = Scatter::new(&[(20, 20, 31), (10, 1, 21), (11, 11, 20), (19, 12, 12)]);
        let pair = Scatter::rounded_pair(&[(31, 12, 12)]);
        assert!(jal.fits(4) && !jal.fits(8) && pair.fits(8) && !pair.fits(4));
        assert_eq!(jal.encode::<4>(0x6f, 0x1f_fffe), 0xffff_f06f);
        assert_eq!(pair.encode::<8>(0x67_0000_0017, u64::MAX), 0xfff0_0067_0000_0017);
    }
}
