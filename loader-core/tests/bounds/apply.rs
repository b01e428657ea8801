//! One relocation, with everything that its value is made of placed at will.

use loader_core::{Error, Machine, PlanOptions, SegmentKind, TlsModel};
use object::elf::*;

use super::subjects::Subject;
use crate::support::elf::SectionSpec;
use crate::support::load::run_with;
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Imports, SymbolSpec, TestManager};

/// The address of the field.
pub const PLACE: u64 = 0x40_0000_0010;
/// Where it lies in its section.
const OFFSET: usize = 16;

/// What a value is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs {
    pub symbol: u64,
    pub addend: i64,
    /// The GOT's address; a multiple of 8.
    pub got: Option<u64>,
    /// Whether the symbol is a thread-local variable, whose block is this far from the thread
    /// pointer.
    pub distance: Option<i64>,
}

/// Why it was not applied.
#[derive(Debug)]
pub enum Failure {
    OutOfRange(i64),
    Misaligned(i64),
    Other(String),
}

/// Applies it; returns the field, and whether there is a stub that can stand for the symbol.
pub fn apply(
    machine: Machine,
    number: u32,
    subject: &Subject,
    inputs: &Inputs,
) -> Result<([u8; 8], bool), Failure> {
    let mut bytes = vec![0; OFFSET];
    bytes.extend(subject.word.to_le_bytes());
    bytes.extend([0; 8]);
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&bytes);
    let (symbol, got_offset) = if inputs.distance.is_some() {
        let image = elf.add(SectionSpec {
            name: ".tdata".into(),
            kind: SHT_PROGBITS.0,
            flags: 0x403,
            align: 1,
            bytes: vec![0; 8],
            ..SectionSpec::default()
        });
        (elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("symbol", image, 0) }), 8)
    } else {
        (elf.undefined("symbol"), 0)
    };
    elf.rela(text, OFFSET as u64, number, symbol, inputs.addend);
    let start = PLACE - OFFSET as u64;
    let read_only = inputs.got.map_or(start ^ 0x100_0000, |got| got.wrapping_sub(got_offset));
    let manager = TestManager::at(start, read_only, start ^ 0x200_0000);
    let imports = Imports::of(&[("symbol", inputs.symbol)]);
    let client = Client::at(inputs.distance.unwrap_or(0));
    #[cfg_attr(not(feature = "thread-locals"), expect(unused_mut))]
    let mut options = PlanOptions::default();
    #[cfg(feature = "thread-locals")]
    {
        options.thread_locals = TlsModel::Dynamic;
    }
    let file = elf.build();
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    run_with(&files, &manager, options, &imports, &client, |loaded| match loaded {
        Ok(module) => {
            let text = module.segments().find(|s| s.kind() == SegmentKind::Text).unwrap();
            // SAFETY: nothing of the module runs.
            let (before, rest) = unsafe { text.bytes() }.split_at(OFFSET);
            assert!(before.iter().all(|&byte| byte == 0), "written before the field");
            let word = *rest.first_chunk().unwrap();
            assert_eq!(rest[8..16], [0; 8], "written behind the field");
            Ok((word, module.plan().stubs() != 0))
        }
        Err(Error::OutOfRange { value, .. }) => Err(Failure::OutOfRange(value)),
        Err(Error::Misaligned { value, .. }) => Err(Failure::Misaligned(value)),
        Err(error) => Err(Failure::Other(error.to_string())),
    })
}
