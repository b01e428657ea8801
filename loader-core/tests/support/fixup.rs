//! One relocation applied to one field, at any place, against any address.

use loader_core::{Error, Machine};

use super::load::{Imports, run};
use super::{ElfBuilder, TestManager};

/// Where the field lies in its section.
pub const OFFSET: u64 = 16;

/// A relocation of type `number` against an imported symbol, and the field it applies to.
#[derive(Clone, Copy)]
pub struct Fixup<'a> {
    pub machine: Machine,
    pub number: u32,
    /// The bytes of the field, as the assembler left them.
    pub field: &'a [u8],
    /// The address of the field; `OFFSET` less is a multiple of 16.
    pub place: u64,
    pub symbol: u64,
    pub addend: i64,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Addend(i64),
    /// The field's bytes.
    Bytes(Vec<u8>),
    Instruction(u64),
    Misaligned(i64),
    Other(String),
    OutOfRange(i64),
    /// A call stub took the symbol's place; the field's bytes.
    Stub(Vec<u8>),
}

impl Fixup<'_> {
    /// Loads an object that has this relocation only.
    pub fn apply(&self) -> Outcome {
        let start = self.place - OFFSET;
        let mut bytes = vec![0; OFFSET as usize];
        bytes.extend(self.field);
        bytes.extend([0; 8]);
        let mut elf = ElfBuilder::new(self.machine);
        let text = elf.text(&bytes);
        let symbol = elf.undefined("symbol");
        elf.rela(text, OFFSET, self.number, symbol, self.addend);
        let manager = TestManager::at(start, start ^ 0x100_0000, start ^ 0x200_0000);
        let imports = Imports::of(&[("symbol", self.symbol)]);
        run(&[("test.o", &elf.build())], &manager, &imports, |loaded| match loaded {
            Ok(module) => {
                let text = module.segments().next().unwrap();
                assert_eq!(text.target().value(), start);
                // SAFETY: nothing of the module runs.
                let (before, rest) = unsafe { text.bytes() }.split_at(OFFSET as usize);
                let (field, after) = rest.split_at(self.field.len());
                assert!(before.iter().all(|&byte| byte == 0), "written before the field");
                assert_eq!(after[..8], [0; 8], "written behind the field");
                let target = self.symbol.wrapping_add_signed(self.addend);
                let stubbed = module.plan().stubs() != 0 && !self.reaches(field, target);
                if stubbed { Outcome::Stub(field.into()) } else { Outcome::Bytes(field.into()) }
            }
            Err(error) => self.failure(error),
        })
    }

    /// Whether a branch, as it is written, goes to the symbol and not to a stub.
    fn reaches(&self, field: &[u8], target: u64) -> bool {
        super::decode::branch_offset(self.machine, field)
            .is_none_or(|offset| self.place.wrapping_add_signed(offset) == target)
    }

    fn failure(&self, error: Error<'_>) -> Outcome {
        let relocation = self.machine.relocation(self.number).unwrap();
        assert!(error.to_string().contains(relocation.name()), "{error}");
        match error {
            Error::Addend { addend, .. } => Outcome::Addend(addend),
            Error::Instruction { found, .. } => Outcome::Instruction(found),
            Error::Misaligned { value, .. } => Outcome::Misaligned(value),
            Error::OutOfRange { value, from, to, .. } => {
                assert_eq!(from.value(), self.place);
                assert_eq!(to.value(), self.symbol);
                Outcome::OutOfRange(value)
            }
            error => Outcome::Other(error.to_string()),
        }
    }
}
