//! Loading: from files to a sealed module, and what a report says about it.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{
    Error, Keep, Module, Name, Object, Plan, PlanOptions, Resolver, Scratch, TargetAddress,
    ThreadLocals, TlsModel,
};
use qemu_protocol::{Count, File, ObjectReport, Options, Outcome, SectionReport};

use crate::memory::Manager;
use crate::threads::{DynamicBlocks, StaticBlocks};

/// A loaded module, with what it borrows lent by the caller.
pub type Loaded<'a, 'm> = Module<'a, 'a, &'m Manager>;

/// Parses every file of a program.
pub fn parse<'a>(files: &[File<'a>]) -> Result<Vec<Object<'a>>, Outcome> {
    files.iter().map(|file| Object::parse(file.name, file.bytes).map_err(refused)).collect()
}

/// What a module may ask for, and what the program asks for; where that is to leave out what nothing
/// uses, `keep` says what is used.
pub fn options<'k>(thread_locals: TlsModel, asked: Options, keep: Keep<'k>) -> PlanOptions<'k> {
    let mut options = PlanOptions::default();
    options.thread_locals = thread_locals;
    options.erratum_843419 = asked.erratum_843419;
    options.keep = if asked.gc_sections { keep } else { Keep::All };
    options.relaxation = asked.relaxation;
    options
}

/// The working memory that a plan for these objects needs.
pub fn scratch(objects: &[Object<'_>], options: PlanOptions<'_>) -> Vec<Scratch> {
    vec![Scratch::ZERO; options.scratch_len(objects)]
}

/// Plans, places, resolves and seals; chooses what IFUNCs leave to be chosen.
pub fn load<'a, 'm>(
    objects: &'a [Object<'a>],
    scratch: &'a mut [Scratch],
    options: PlanOptions<'a>,
    manager: &'m Manager,
    resolver: &dyn Resolver,
) -> Result<Loaded<'a, 'm>, Outcome> {
    let thread_locals: &dyn ThreadLocals = match options.thread_locals {
        TlsModel::Dynamic => &DynamicBlocks,
        _ => &StaticBlocks,
    };
    let module = Plan::with_options(objects, scratch, options)
        .and_then(|plan| plan.place(manager))
        .and_then(|image| image.resolve_with(resolver, thread_locals))
        .and_then(|image| image.seal());
    let mut module = module.map_err(refused)?;
    let resolutions: Vec<_> = module.resolutions().collect();
    for resolution in resolutions {
        let resolver =
            core::ptr::with_exposed_provenance::<()>(resolution.resolver.value() as usize);
        // SAFETY: the module says that a resolver lies there; it is sealed, so it may run. What
        // it gets, the processor's features, is nothing here.
        let resolver: extern "C" fn(u64, usize) -> usize =
            unsafe { core::mem::transmute(resolver) };
        module.set_resolved(&resolution, TargetAddress::new(resolver(0, 0) as u64));
    }
    Ok(module)
}

/// The outcome of a program that was refused.
fn refused(error: Error<'_>) -> Outcome {
    refusal(error.phase().name(), error.to_string())
}

/// The outcome of a program that was refused in a phase that is not the core's own.
pub fn refusal(phase: &str, message: String) -> Outcome {
    Outcome::Refused { phase: phase.into(), message }
}

/// A module's exports, sorted to be searched by halves.
pub struct Exports<'a>(Vec<(Name<'a>, TargetAddress)>);

impl<'a> Exports<'a> {
    /// The exports of a module.
    pub fn of(module: &Loaded<'a, '_>) -> Self {
        let exports = module.exports().map(|export| (export.symbol.name(), export.address));
        let mut exports: Vec<_> = exports.collect();
        exports.sort_unstable_by_key(|(name, _)| *name);
        Self(exports)
    }
}

impl Resolver for Exports<'_> {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        let at = self.0.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        Some(self.0[at].1)
    }
}

/// What a report says about each object of a module.
pub fn object_reports(module: &Loaded<'_, '_>) -> Vec<ObjectReport> {
    let plan = module.plan();
    let mut reports: Vec<ObjectReport> = plan
        .objects()
        .iter()
        .enumerate()
        .map(|(number, object)| {
            let mut counts = BTreeMap::<&str, u32>::new();
            for relocation in plan.relocations(number) {
                *counts.entry(relocation.name()).or_default() += 1;
            }
            let relocations =
                counts.into_iter().map(|(name, count)| Count { name: name.into(), count });
            ObjectReport {
                name: object.name().to_string(),
                sections: Vec::new(),
                relocations: relocations.collect(),
                got_entries: 0,
                stubs: 0,
            }
        })
        .collect();
    for section in module.sections() {
        let planned = section.planned;
        reports[planned.object].sections.push(SectionReport {
            name: planned.section.name().to_string(),
            index: planned.index,
            address: section.address.value(),
            size: planned.size,
            segment: planned.segment.name().into(),
        });
    }
    plan.got().for_each(|(object, _)| reports[object].got_entries += 1);
    plan.stub_symbols().for_each(|(object, _)| reports[object].stubs += 1);
    reports
}
