//! Whole loads: from files to an [`Image`] that outlives the module, or to an error.

use std::collections::BTreeMap;
use std::error::Error as _;

use loader_core::{
    Error, Module, Name, Object, Phase, Plan, PlanOptions, Resolver, Scratch, Segment, SegmentKind,
    TargetAddress, ThreadLocals,
};

use super::{TestManager, number};

/// Symbols that the client defines.
#[derive(Default)]
pub struct Imports(BTreeMap<Vec<u8>, u64>);

impl Imports {
    pub fn of(symbols: &[(&str, u64)]) -> Self {
        Self(symbols.iter().map(|&(name, at)| (name.as_bytes().to_vec(), at)).collect())
    }
}

impl Resolver for Imports {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        self.0.get(name.as_bytes()).copied().map(TargetAddress::new)
    }
}

/// What was loaded, copied out of the module.
pub struct Image {
    pub segments: Vec<(SegmentKind, u64, Vec<u8>)>,
    /// Object, name, address, bytes.
    pub sections: Vec<(usize, String, u64, Vec<u8>)>,
    pub exports: BTreeMap<String, u64>,
    pub initialisers: Vec<u64>,
    pub finalisers: Vec<u64>,
    pub got_entries: u32,
    pub stubs: u32,
    stub_symbols: Vec<String>,
}

impl Image {
    pub fn of(module: &Module<'_, '_, &TestManager>) -> Self {
        // SAFETY: nothing of the module runs.
        let bytes = |s: &Segment| unsafe { s.bytes() }.to_vec();
        let segments: Vec<_> =
            module.segments().map(|s| (s.kind(), s.target().value(), bytes(s))).collect();
        let sections = module.sections().map(|section| {
            let planned = section.planned;
            let (start, size) = (planned.offset as usize, planned.size as usize);
            let segment = segments.iter().find(|(kind, ..)| *kind == planned.segment);
            let bytes = segment.map_or(&[][..], |(.., bytes)| &bytes[start..start + size]);
            let name = planned.section.name().to_string();
            (planned.object, name, section.address.value(), bytes.to_vec())
        });
        Self {
            sections: sections.collect(),
            exports: module
                .exports()
                .map(|s| (s.symbol.name().to_string(), s.address.value()))
                .collect(),
            initialisers: module.initialisers().map(TargetAddress::value).collect(),
            finalisers: module.finalisers().map(TargetAddress::value).collect(),
            got_entries: module.plan().got_entries(),
            stubs: module.plan().stubs(),
            stub_symbols: module
                .plan()
                .stub_symbols()
                .map(|(_, symbol)| symbol.name().to_string())
                .collect(),
            segments,
        }
    }

    /// The bytes of a section of the first object that has one of this name.
    pub fn section(&self, name: &str) -> &[u8] {
        self.sections.iter().find(|s| s.1 == name).map_or_else(|| panic!("no {name}"), |s| &s.3)
    }

    /// Its address.
    pub fn section_address(&self, name: &str) -> u64 {
        self.sections.iter().find(|s| s.1 == name).map_or_else(|| panic!("no {name}"), |s| s.2)
    }

    /// The number of `width` bytes at an offset of a section.
    pub fn field(&self, section: &str, offset: usize, width: usize) -> u64 {
        number(&self.section(section)[offset..offset + width])
    }

    /// The 32-bit instruction or word at an offset of a section.
    pub fn word(&self, section: &str, offset: usize) -> u32 {
        self.field(section, offset, 4) as u32
    }

    /// `len` bytes at a target address.
    pub fn at(&self, address: u64, len: usize) -> &[u8] {
        self.segments
            .iter()
            .find_map(|(_, target, bytes)| {
                let start = address.checked_sub(*target)? as usize;
                bytes.get(start..start.checked_add(len)?)
            })
            .unwrap_or_else(|| panic!("nothing at {address:#x}"))
    }

    /// The eight bytes at a target address: a GOT entry, say.
    pub fn pointer(&self, address: u64) -> u64 {
        number(self.at(address, 8))
    }

    pub fn has_stub_for(&self, name: &str) -> bool {
        self.stub_symbols.iter().any(|symbol| symbol == name)
    }
}

/// Takes files through all phases, and calls `then` with what comes out.
pub fn run<R>(
    files: &[(&str, &[u8])],
    manager: &TestManager,
    resolver: &dyn Resolver,
    then: impl FnOnce(Result<Module<'_, '_, &TestManager>, Error<'_>>) -> R,
) -> R {
    run_with(files, manager, PlanOptions::default(), resolver, &(), then)
}

/// The same, with options of the plan and what the client has for thread-local variables.
pub fn run_with<R>(
    files: &[(&str, &[u8])],
    manager: &TestManager,
    options: PlanOptions<'_>,
    resolver: &dyn Resolver,
    thread_locals: &dyn ThreadLocals,
    then: impl FnOnce(Result<Module<'_, '_, &TestManager>, Error<'_>>) -> R,
) -> R {
    let objects: Result<Vec<_>, _> =
        files.iter().map(|(name, bytes)| Object::parse(name, bytes)).collect();
    let objects = match objects {
        Ok(objects) => objects,
        Err(error) => return then(Err(error)),
    };
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let loaded = Plan::with_options(&objects, &mut scratch, options)
        .and_then(|plan| plan.place(manager))
        .and_then(|image| image.resolve_with(resolver, thread_locals))
        .and_then(|image| image.seal());
    then(loaded)
}

/// Loads one object into fresh memory.
pub fn load(file: &[u8], imports: &[(&str, u64)]) -> Image {
    load_with(&[("test.o", file)], &TestManager::new(), imports)
}

/// Loads objects as one module.
pub fn load_with(files: &[(&str, &[u8])], manager: &TestManager, imports: &[(&str, u64)]) -> Image {
    run(files, manager, &Imports::of(imports), |loaded| match loaded {
        Ok(module) => Image::of(&module),
        Err(error) => panic!("refused: {error}"),
    })
}

/// Has one object refused in a phase; the error's text must name all of `words`. Returns after
/// `check` has seen the error and all memory has come back.
pub fn refused(file: &[u8], phase: Phase, words: &[&str], check: impl FnOnce(Error<'_>)) {
    refused_with(&[("test.o", file)], &TestManager::new(), &[], phase, words, check);
}

/// The same for several objects, with memory and imports of the test's own.
pub fn refused_with(
    files: &[(&str, &[u8])],
    manager: &TestManager,
    imports: &[(&str, u64)],
    phase: Phase,
    words: &[&str],
    check: impl FnOnce(Error<'_>),
) {
    run(files, manager, &Imports::of(imports), |loaded| {
        let error = loaded.expect_err("loaded what must be refused");
        assert_eq!(manager.live(), 0, "memory was kept: {error}");
        let text = error.to_string();
        assert_eq!(error.phase(), phase, "{text}");
        for word in words {
            assert!(text.contains(word), "`{text}` does not say {word}");
        }
        assert!(error.source().is_none());
        check(error);
    });
}
