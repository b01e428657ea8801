//! Relocation entries (`SHT_RELA`).

use object::elf;
use object::endian::LittleEndian as LE;

use crate::elf::Number;
#[cfg(feature = "riscv64")]
use crate::features::DELETIONS;

/// A relocation entry as it lies in the file.
pub(crate) type RawRela = elf::Rela64<LE>;

/// One relocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rela {
    pub(crate) offset: u64,
    pub(crate) symbol: u32,
    pub(crate) number: u32,
    pub(crate) addend: i64,
}

impl Rela {
    pub(crate) fn new(raw: &RawRela) -> Self {
        let info = raw.r_info.read();
        Self {
            offset: raw.r_offset.read(),
            symbol: (info >> 32) as u32,
            number: info as u32,
            addend: raw.r_addend.read(),
        }
    }
}

/// The relocations of one section.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RelaTable<'o> {
    raw: &'o [RawRela],
}

impl<'o> RelaTable<'o> {
    pub(crate) const fn new(raw: &'o [RawRela]) -> Self {
        Self { raw }
    }

    pub(crate) const fn len(self) -> usize {
        self.raw.len()
    }

    pub(crate) fn get(self, index: usize) -> Option<Rela> {
        self.raw.get(index).map(Rela::new)
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Rela> + 'o {
        self.raw.iter().map(Rela::new)
    }

    /// All from the `at`-th on, as they lie in the file.
    pub(crate) fn raw_from(self, at: usize) -> &'o [RawRela] {
        self.raw.get(at..).unwrap_or_default()
    }

    /// The index of the first entry whose offset is not below `offset`, in a sorted table.
    #[cfg(feature = "riscv64")]
    pub(crate) fn first_at(self, offset: u64) -> usize {
        self.raw.partition_point(|raw| raw.r_offset.read() < offset)
    }

    /// How many `R_RISCV_ALIGN` there are, and whether the offsets ascend.
    #[cfg(feature = "riscv64")]
    pub(crate) fn paddings_and_order(self) -> (usize, bool) {
        let (mut paddings, mut is_sorted, mut last) = (0usize, true, 0);
        for raw in self.raw {
            let offset = raw.r_offset.read();
            is_sorted &= last <= offset;
            last = offset;
            let is_padding = DELETIONS && raw.r_info.read() as u32 == elf::R_RISCV_ALIGN.0;
            paddings = paddings.wrapping_add(is_padding.into()); // no more than there are entries
        }
        (paddings, is_sorted)
    }

    /// Whether the offsets ascend.
    #[cfg(feature = "riscv64")]
    pub(crate) fn is_sorted(self) -> bool {
        self.raw.is_sorted_by_key(|raw| raw.r_offset.read())
    }
}
