//! What a debugger is shown: images, their memory, GDB's list of them.

mod contents;
mod gdb;
mod hostile;
mod memory;
mod reader;

use loader_core::{
    Compression, DebugSections, Decompress, DecompressError, Error, Machine, Module, PlanOptions,
};
use object::elf;

use crate::support::elf::{ALLOC, EXEC, SectionSpec};
use crate::support::load::run_with;
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Imports, TestManager};

const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

/// The numbers of a machine's absolute relocations of 4 and 8 bytes.
const fn words(machine: Machine) -> (u32, u32) {
    match machine {
        Machine::Aarch64 => (258, 257),
        Machine::Riscv64 => (1, 2),
        _ => (10, 1),
    }
}

/// An object with a function at the start of `.text.NAME` that debug sections speak of.
struct Described {
    elf: ElfBuilder,
    text: u32,
    function: u32,
}

impl Described {
    fn new(machine: Machine, name: &str) -> Self {
        let mut elf = ElfBuilder::new(machine);
        let text = elf.section(&format!(".text.{name}"), ALLOC | EXEC, &[0; 32]);
        let function = elf.global(name, text, 0);
        Self { elf, text, function }
    }

    /// Adds a debug section of zeros.
    fn debug(&mut self, name: &str, size: usize) -> u32 {
        self.elf.section(name, 0, &vec![0; size])
    }

    /// Adds a compressed one: `ch_type`, `ch_size`, and what is behind the header.
    fn compressed(&mut self, name: &str, kind: u32, size: u64, bytes: &[u8]) -> u32 {
        let header = [u64::from(kind), size, 1].map(u64::to_le_bytes).concat();
        self.elf.add(SectionSpec {
            name: name.into(),
            kind: elf::SHT_PROGBITS.0,
            flags: elf::SHF_COMPRESSED.0,
            align: 8,
            bytes: [&header, bytes].concat(),
            ..SectionSpec::default()
        })
    }
}

/// Uncompresses what was never compressed: the same bytes.
struct Same;

impl Decompress for Same {
    fn decompress(
        &self,
        _: Compression,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<(), DecompressError> {
        let fits = from.len() == to.len();
        fits.then(|| to.copy_from_slice(from)).ok_or(DecompressError::Damaged)
    }
}

fn options(debug: DebugSections) -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    options.debug = debug;
    options
}

/// Loads objects and calls `then` with the module.
fn with_module<R>(
    files: &[(&str, &[u8])],
    options: PlanOptions<'_>,
    then: impl FnOnce(&Module<'_, '_, &TestManager>) -> R,
) -> R {
    let manager = TestManager::new();
    run_with(files, &manager, options, &Imports::default(), &Client::at(0x40), |loaded| {
        then(&loaded.unwrap_or_else(|error| panic!("refused: {error}")))
    })
}

/// The image of the first of some objects.
fn image(files: &[(&str, &[u8])]) -> Vec<u8> {
    with_module(files, options(DebugSections::All), |module| {
        let mut image = vec![0xaa; module.plan().debug_size(0) as usize];
        module.write_debug_image(0, &mut image, &Same).unwrap();
        image
    })
}

/// Why the image of one object is refused.
fn refused(file: &[u8], check: impl FnOnce(Error<'_>)) {
    with_module(&[("test.o", file)], options(DebugSections::All), |module| {
        let manager = TestManager::new();
        check(module.debug_images(&manager, &()).expect_err("made an image of it"));
        assert_eq!(manager.live(), 0);
    });
}
