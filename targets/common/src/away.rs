//! Arenas that lie away from the image: at which address each byte of them is mapped.

use crate::Region;

/// Arenas that are mapped only at a distance from the image, where the linker script has them.
#[derive(Debug, Clone, Copy)]
pub struct AwayArenas {
    /// For code; at least [`Away::TEXT_PIECES`] times [`Away::PIECE`] long.
    pub text: Region,
    /// For read-only data; behind the text, and right before the data.
    pub rodata: Region,
    /// For writable data.
    pub data: Region,
}

/// Where away arenas are mapped: at their distance, or, for a long text, the text beyond the next
/// boundary of 1 GiB, and stretched to more than there is memory for.
///
/// Of a stretched text, only a piece in each span is memory of its own, and one at its end; all
/// that lies between is one and the same piece, again and again. So nothing must ever be there but
/// zeros that nobody reads.
#[derive(Debug, Clone, Copy)]
pub struct Away {
    /// The arenas.
    pub arenas: AwayArenas,
    /// How far above their place they are mapped: a multiple of [`PIECE`](Self::PIECE).
    pub distance: usize,
    /// For a stretched text, the bytes from one piece to the next: a multiple of
    /// [`PIECE`](Self::PIECE).
    pub span: Option<usize>,
}

impl Away {
    /// What is mapped as a whole, in bytes: what one page table of the lowest level maps.
    pub const PIECE: usize = 2 << 20;
    /// The spans of a stretched text.
    pub const SPANS: usize = 2;
    /// The pieces of memory that make up a stretched text: the last is for all between the others.
    pub const TEXT_PIECES: usize = Self::SPANS + 2;

    /// Where the text arena is mapped.
    pub const fn text(&self) -> Region {
        let text = self.arenas.text;
        match self.span {
            None => Region { start: text.start + self.distance, ..text },
            Some(span) => Region {
                start: text.start.next_multiple_of(1 << 30) + self.distance,
                size: Self::SPANS * span + Self::PIECE,
            },
        }
    }

    /// Where the arena for read-only data is mapped.
    pub const fn rodata(&self) -> Region {
        Region { start: self.arenas.rodata.start + self.distance, ..self.arenas.rodata }
    }

    /// Where the arena for writable data is mapped.
    pub const fn data(&self) -> Region {
        Region { start: self.arenas.data.start + self.distance, ..self.arenas.data }
    }

    /// Where the linker script has the byte that is mapped at `address`, and how many bytes from
    /// there on are mapped in a row; `None` where no byte of the arenas is.
    pub const fn home(&self, address: usize) -> Option<(usize, usize)> {
        let text = self.text();
        if address >= text.start && address < text.end() {
            let offset = address - text.start;
            let home = self.arenas.text.start;
            let Some(span) = self.span else { return Some((home + offset, text.size - offset)) };
            let inside = offset % Self::PIECE;
            let piece = if offset % span < Self::PIECE { offset / span } else { Self::SPANS + 1 };
            return Some((home + piece * Self::PIECE + inside, Self::PIECE - inside));
        }
        let others = Region::between(self.rodata().start, self.data().end());
        if address >= others.start && address < others.end() {
            return Some((address - self.distance, others.end() - address));
        }
        None
    }

    /// The pieces of the arenas as they are mapped: where each is, and where its home is.
    pub fn pieces(self) -> impl Iterator<Item = (usize, usize)> {
        let others = Region::between(self.rodata().start, self.data().end());
        let starts = |region: Region| (region.start..region.end()).step_by(Self::PIECE);
        let all = starts(self.text()).chain(starts(others));
        all.filter_map(move |at| Some((at, self.home(at)?.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;
    const ARENAS: AwayArenas = AwayArenas {
        text: Region { start: 320 * MIB, size: 16 * MIB },
        rodata: Region { start: 336 * MIB, size: 16 * MIB },
        data: Region { start: 352 * MIB, size: 16 * MIB },
    };

    #[test]
    fn arenas_are_where_the_distance_puts_them() {
        let away = Away { arenas: ARENAS, distance: 1024 * MIB, span: None };
        assert_eq!(away.text().start, 1344 * MIB);
        assert_eq!(away.home(1345 * MIB), Some((321 * MIB, 15 * MIB)));
        assert_eq!(away.home(1360 * MIB), Some((336 * MIB, 32 * MIB)));
        assert_eq!(away.home(1392 * MIB - 1), Some((368 * MIB - 1, 1)));
        assert_eq!((away.home(1344 * MIB - 1), away.home(1392 * MIB)), (None, None));
        assert!(away.pieces().all(|(at, home)| at - home == 1024 * MIB));
        assert_eq!(away.pieces().count(), 24);
    }

    #[test]
    fn a_stretched_text_has_memory_at_its_ends_and_where_spans_meet() {
        let away = Away { arenas: ARENAS, distance: 1024 * MIB, span: Some(64 * MIB) };
        assert_eq!(away.text(), Region { start: 2048 * MIB, size: 130 * MIB });
        let home = |offset: usize| away.home((2048 + offset) * MIB).map(|(home, _)| home / MIB);
        let offsets = [0, 1, 2, 5, 63, 64, 65, 66, 127, 128, 129];
        let homes = [320, 321, 326, 327, 327, 322, 323, 326, 327, 324, 325];
        assert_eq!(offsets.map(home), homes.map(Some));
        assert_eq!(home(130), None);
        assert_eq!(away.home(2049 * MIB + 1), Some((321 * MIB + 1, MIB - 1)));
        assert_eq!(away.home(1344 * MIB), None, "no text at its usual place");
        assert_eq!(away.home(1360 * MIB), Some((336 * MIB, 32 * MIB)));
        assert_eq!(away.pieces().count(), 65 + 16);
    }
}
