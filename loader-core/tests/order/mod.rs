//! Which modules are loaded, and in which order.

mod cycles;
mod limits;
mod loads;
mod random;
mod refused;
mod sequence;

use loader_core::{
    Candidate, Cycles, LoadOrder, Machine, NoteKind, Object, OrderError, Scratch, Version,
};
use object::elf;

use crate::support::ElfBuilder;
use crate::support::elf::SectionSpec;
use crate::support::lies::Elf;

/// A module made of notes, and of a function that calls others.
#[derive(Clone, Default)]
pub struct Spec {
    notes: Vec<u8>,
    export: Option<String>,
    imports: Vec<String>,
}

impl Spec {
    /// A module of this name that needs these, in any version.
    pub fn new(name: &str, needs: &[&str]) -> Self {
        needs.iter().fold(Self::default().note(NoteKind::Name, &[], name), |spec, needed| {
            spec.needs(needed, [0, 0, 0], [u32::MAX; 3])
        })
    }

    pub fn version(self, version: [u32; 3]) -> Self {
        self.note(NoteKind::Version, &version, "")
    }

    /// Needs a module from one version on, up to another.
    pub fn needs(self, name: &str, min: [u32; 3], max: [u32; 3]) -> Self {
        self.note(NoteKind::Dependency, &[min, max].concat(), name)
    }

    /// Exports a function that calls those.
    pub fn calls(mut self, export: &str, imports: &[&str]) -> Self {
        self.export = Some(export.into());
        self.imports = imports.iter().map(|&name| name.into()).collect();
        self
    }

    fn note(mut self, kind: NoteKind, words: &[u32], text: &str) -> Self {
        let size = 4 * words.len() + text.len();
        let header = [12, size as u32, kind.number()];
        self.notes.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        self.notes.extend(b"loader-core\0");
        self.notes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        self.notes.extend(text.as_bytes());
        self.notes.resize(self.notes.len().next_multiple_of(4), 0);
        self
    }

    pub fn build(&self) -> Elf {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let call = [0xe8, 0, 0, 0, 0];
        let text = elf.text(&[&call.repeat(self.imports.len())[..], &[0xc3]].concat());
        elf.add(SectionSpec {
            name: ".note.loader-core".into(),
            kind: elf::SHT_NOTE.0,
            align: 4,
            bytes: self.notes.clone(),
            ..SectionSpec::default()
        });
        if let Some(name) = &self.export {
            elf.global(name, text, 0);
        }
        for (number, name) in self.imports.iter().enumerate() {
            let symbol = elf.undefined(name);
            let offset = (call.len() * number + 1) as u64;
            elf.rela(text, offset, elf::R_X86_64_PLT32.0, symbol, -4);
        }
        elf.build()
    }
}

/// What there is, and what is asked for.
#[derive(Clone)]
pub struct Question {
    pub modules: Vec<Spec>,
    pub wanted: Vec<String>,
    pub present: Vec<(String, Version)>,
    pub cycles: Cycles,
}

impl Question {
    /// Wants modules, out of these and no others.
    pub fn new(modules: &[(&str, &[&str])], wanted: &[&str]) -> Self {
        Self::of(modules.iter().map(|(name, needs)| Spec::new(name, needs)).collect(), wanted)
    }

    pub fn of(modules: Vec<Spec>, wanted: &[&str]) -> Self {
        let wanted = wanted.iter().map(|&name| name.into()).collect();
        Self { modules, wanted, present: Vec::new(), cycles: Cycles::Refuse }
    }

    /// Where this one is loaded already.
    pub fn present(mut self, name: &str, version: [u32; 3]) -> Self {
        let [major, minor, patch] = version;
        self.present.push((name.into(), Version::new(major, minor, patch)));
        self
    }

    pub fn grouped(mut self) -> Self {
        self.cycles = Cycles::Group;
        self
    }

    /// Has it answered with exactly the working memory that it takes, which was used before.
    pub fn ask<R>(
        &self,
        then: impl FnOnce(Result<LoadOrder<'_, '_, '_>, OrderError<'_, '_>>) -> R,
    ) -> R {
        let files: Vec<_> = self.modules.iter().map(Spec::build).collect();
        let objects: Vec<_> =
            (0..).zip(&files).map(|(number, file)| (format!("{number}.o"), file)).collect();
        let objects: Vec<_> =
            objects.iter().map(|(name, file)| [Object::parse(name, file).unwrap()]).collect();
        let candidates: Vec<_> =
            objects.iter().map(|object| Candidate::new(object).unwrap()).collect();
        let wanted: Vec<_> = self.wanted.iter().map(String::as_str).collect();
        let present = |name: &str| {
            let found = self.present.iter().find(|(present, _)| present == name);
            found.map(|(_, version)| *version)
        };
        let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
        let first = LoadOrder::new(&candidates, &wanted, &present, self.cycles, &mut scratch);
        let first = format!("{first:?}");
        let again = LoadOrder::new(&candidates, &wanted, &present, self.cycles, &mut scratch);
        assert_eq!(format!("{again:?}"), first);
        then(again)
    }

    /// The names of each step.
    pub fn steps(&self) -> Vec<Vec<String>> {
        self.ask(|order| match order {
            Ok(order) => order.steps().map(|step| step.candidates().map(name).collect()).collect(),
            Err(error) => panic!("refused: {error}"),
        })
    }

    /// The names of all, which are to be loaded one by one.
    pub fn names(&self) -> Vec<String> {
        let steps = self.steps();
        assert!(steps.iter().all(|step| step.len() == 1), "{steps:?}");
        steps.into_iter().flatten().collect()
    }

    /// Why there is no order.
    pub fn refusal(&self) -> String {
        self.ask(|order| order.expect_err("an order was found").to_string())
    }
}

pub fn name(candidate: &Candidate<'_, '_>) -> String {
    candidate.name().unwrap().into()
}
