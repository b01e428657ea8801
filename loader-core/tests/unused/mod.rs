//! Plans that leave out what nothing uses: what is reached, and what becomes of the rest. That
//! linkers keep the same of real objects is compared by `cargo xtask test --only differential`.

mod hostile;
mod names;
mod reach;
mod scratch;
mod ties;
mod unwind;

use std::collections::BTreeSet;

use loader_core::{Keep, Machine, Object, Plan, PlanOptions, Scratch};
use object::elf::R_X86_64_64;

use crate::support::lies::Elf;
use crate::support::load::run_with;
use crate::support::{ElfBuilder, Image, Imports, TestManager};

const CONSTANT: u64 = 2;
const WRITABLE: u64 = 3;
const CODE: u64 = 6;

fn keeping(keep: Keep<'_>) -> PlanOptions<'_> {
    let mut options = PlanOptions::default();
    options.keep = keep;
    options
}

fn builder() -> ElfBuilder {
    ElfBuilder::new(Machine::X86_64)
}

/// Adds a section that points to symbols.
fn pointing(elf: &mut ElfBuilder, name: &str, flags: u64, to: &[u32]) -> u32 {
    let section = elf.section(name, flags, &vec![0; to.len().max(1) * 8]);
    for (at, &symbol) in (0u64..).step_by(8).zip(to) {
        elf.rela(section, at, R_X86_64_64.0, symbol, 0);
    }
    section
}

/// The sections that a plan has, and those that it leaves out, by name, with the objects' numbers
/// where there are several.
fn planned(files: &[&Elf], keep: Keep<'_>) -> [Vec<String>; 2] {
    let objects: Vec<_> =
        files.iter().map(|bytes| Object::parse("test.o", bytes).unwrap()).collect();
    let options = keeping(keep);
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
    let name = |object: usize, name: loader_core::Name<'_>| match files.len() {
        1 => name.to_string(),
        _ => format!("{object}{name}"),
    };
    let kept = plan.sections().map(|s| name(s.object, s.section.name()));
    let unused = plan.unused_sections().map(|s| {
        assert_eq!(objects[s.object].section(s.index).unwrap().name(), s.section.name());
        name(s.object, s.section.name())
    });
    let [kept, unused]: [Vec<_>; 2] = [kept.collect(), unused.collect()];
    let all: BTreeSet<_> = kept.iter().chain(&unused).collect();
    assert_eq!(all.len(), kept.len() + unused.len(), "each is one or the other");
    [kept, unused]
}

/// What a plan of one object has that keeps what the symbols with these names reach.
fn kept(file: &Elf, names: &[&str]) -> Vec<String> {
    planned(&[file], Keep::Named(names))[0].clone()
}

/// Loads objects as one module.
fn loaded(files: &[(&str, &[u8])], keep: Keep<'_>, imports: &[(&str, u64)]) -> Image {
    let manager = TestManager::new();
    let image =
        run_with(
            files,
            &manager,
            keeping(keep),
            &Imports::of(imports),
            &(),
            |loaded| match loaded {
                Ok(module) => Image::of(&module),
                Err(error) => panic!("refused: {error}"),
            },
        );
    assert_eq!(manager.live(), 0);
    image
}
