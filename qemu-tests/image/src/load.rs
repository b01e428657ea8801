//! Loading: from files to a module that others find, and what a report says about it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{
    Binding, DebugSections, Keep, Kept, LoadRequest, Metadata, Module, ModuleId, Name, Object,
    Plan, PlanOptions, PreparedModule, RegistryError, Scratch, SegmentKind, TargetAddress,
    ThreadLocals, TlsImage, TlsModel, Version,
};
use qemu_protocol::{
    Count, File, LinkReport, ModuleReport, ObjectReport, Options, Outcome, RegionReport,
    SectionReport,
};
use target_common::CallEnd;

use crate::cell::{self, Stack};
use crate::containment;
use crate::debugger::{self, Shown};
use crate::manager::Manager;
use crate::modules::Modules;
use crate::select::{self, Chosen};
use crate::target;
use crate::threads::{DynamicBlocks, StaticBlocks};
use crate::unwind::{self, Registered};

/// What the registry calls the kernel.
const KERNEL: &str = "the kernel";

/// A module to be loaded.
pub struct Wanted<'w> {
    pub name: &'w str,
    /// Whether it is rather called what its metadata says.
    pub keeps_name: bool,
    pub files: &'w [File<'static>],
    /// Where they are those of several modules that need each other, how many each has.
    pub parts: &'w [usize],
    /// What is taken where it is needed, members of these.
    pub archives: &'w [File<'static>],
    pub options: PlanOptions<'w>,
    /// Whether what can stay in its files does.
    pub in_place: bool,
    pub manager: &'static Manager,
    /// The namespace that its exports go into, whatever its metadata says.
    pub namespace: Option<&'w str>,
    /// The namespaces that it sees.
    pub grants: &'w [&'w str],
    /// The function that the job calls, if it calls one in this module.
    pub entry: Option<&'w str>,
    /// How many milliseconds each of its IFUNCs' resolvers may run; 0: as long as it likes.
    pub limit_ms: u32,
}

/// A module that is loaded, and what is to be called in it.
pub struct Loaded {
    pub id: ModuleId,
    pub manager: &'static Manager,
    pub initialisers: Vec<TargetAddress>,
    pub finalisers: Vec<TargetAddress>,
    pub entry: Option<TargetAddress>,
    pub thread_locals: Option<TlsImage>,
    pub report: ModuleReport,
    pub objects: Vec<ObjectReport>,
    pub load_ns: u64,
    /// What unwinders know of it: before what that is read from goes.
    pub unwinding: Option<Registered>,
    /// What a debugger knows of it, where one is asked for.
    pub shown: Option<Shown>,
}

/// What a module may ask for, and what the program asks for; where that is to leave out what nothing
/// uses, `keep` says what is used.
pub fn options<'k>(thread_locals: TlsModel, asked: Options, keep: Keep<'k>) -> PlanOptions<'k> {
    let mut options = PlanOptions::default();
    options.thread_locals = thread_locals;
    options.erratum_843419 = asked.erratum_843419;
    options.keep = if asked.gc_sections { keep } else { Keep::All };
    options.relaxation = asked.relaxation;
    options.kept = Kept::Symbols; // a fault names the function
    options.terminate_unwind_tables = true; // the crate `unwinding` wants it
    options.debug = if asked.debug { DebugSections::All } else { DebugSections::None };
    options
}

/// Loads a module and publishes it; chooses what IFUNCs leave to be chosen.
pub fn load(modules: &Modules, wanted: &Wanted<'_>) -> Result<Loaded, Outcome> {
    let before = wanted.manager.books();
    let start = target::now_ns();
    let objects = parse(wanted.files)?;
    let chosen = select::choose(modules, objects, wanted.archives, wanted.grants, wanted.entry)?;
    let Chosen { objects, taken } = chosen;
    if let (true, Some(entry)) = (objects.is_empty(), wanted.entry) {
        // All are modules of their own, and none is the program's.
        return Err(refusal("entry", format!("no object defines `{entry}`")));
    }
    let homes = if wanted.in_place { homes(wanted.files) } else { Vec::new() };
    let mut options = wanted.options;
    options.in_place = &homes;
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let thread_locals: &dyn ThreadLocals = match options.thread_locals {
        TlsModel::Dynamic => &DynamicBlocks,
        _ => &StaticBlocks,
    };
    let request = LoadRequest::new(&objects, &mut scratch)
        .with_options(options)
        .with_thread_locals(thread_locals)
        .granted(wanted.grants)
        .grouped(wanted.parts);
    let own = Metadata::of(&objects).ok().and_then(|metadata| metadata.name());
    let name = if wanted.keeps_name { own } else { None };
    let request = if name.is_none() { request.named(wanted.name) } else { request };
    let request = match wanted.namespace {
        Some(namespace) => request.exporting_to(namespace),
        None => request,
    };
    let mut module = modules.load_lending(request, wanted.manager).map_err(refused)?;
    let resolutions: Vec<_> = module.resolutions().collect();
    for resolution in resolutions {
        let address = resolve(resolution.resolver, wanted.limit_ms)?;
        module.set_resolved(&resolution, address);
    }
    let load_ns = target::now_ns() - start;
    let shown = debugger::show(&module, options.debug).map_err(|error| refused(error.into()))?;
    let entry = match wanted.entry {
        Some(entry) => Some(entry_of(&module, entry)?),
        None => None,
    };
    let loaded = wanted.manager.books();
    let mut report = ModuleReport {
        name: name.unwrap_or(wanted.name).into(),
        version: String::new(),
        objects: objects.iter().map(|object| object.name().to_string()).collect(),
        taken,
        needs: Vec::new(),
        links: link_reports(modules, &module),
        arenas: wanted.manager.report(&before, &loaded),
        regions: region_reports(wanted.manager, module.plan()),
    };
    let (initialisers, finalisers) =
        (module.initialisers().collect(), module.finalisers().collect());
    let (thread_locals, objects) = (module.thread_locals(), object_reports(&module));
    let unwind_tables = unwind::tables(&module);
    let id = module.publish();
    let images = shown.as_ref().map(Shown::images);
    // SAFETY: `unload` has them forgotten before the module goes, and what is shown of it goes after
    // them in any case.
    let unwinding = Some(unsafe { unwind::register(id, unwind_tables, images) });
    let reader = modules.reader();
    report.needs = reader.needs(id).map(|module| module.name.into()).collect();
    if report.links.iter().any(|link| link.resolved_by == KERNEL) {
        report.needs.push(KERNEL.into());
    }
    let version = reader.get(id).map(|module| module.version).unwrap_or_default();
    if version != Version::default() {
        report.version = version.to_string();
    }
    Ok(Loaded {
        id,
        manager: wanted.manager,
        initialisers,
        finalisers,
        entry,
        thread_locals,
        report,
        objects,
        load_ns,
        unwinding,
        shown,
    })
}

/// Has the resolver of an IFUNC choose, within the program's limit.
fn resolve(resolver: TargetAddress, limit_ms: u32) -> Result<TargetAddress, Outcome> {
    let stack = Stack::new().region();
    // SAFETY: the module says that a resolver lies there; it is sealed, so it may run. What it gets, the
    // processor's features, is nothing here. The hart runs no program yet, whose stack this is.
    let call = || unsafe { cell::call(resolver.value() as usize, &[0; 6], stack) };
    match containment::contained(containment::nanoseconds(limit_ms), call)? {
        CallEnd::Returned(address) => Ok(TargetAddress::new(address)),
        CallEnd::Escaped(_) => {
            Err(refusal("resolve", "the resolver of an IFUNC has not returned".into()))
        }
    }
}

/// Unloads a module; its finalisers have run. What is in use then goes into its report.
pub fn unload(modules: &Modules, loaded: &mut Loaded) -> Result<(), Outcome> {
    let leaving = modules.unload(loaded.id);
    let leaving = leaving.map_err(|error| refusal("unload", error.to_string()))?;
    loaded.unwinding = None;
    loaded.shown = None; // a debugger takes its breakpoints out of memory that is still the module's
    leaving.finish();
    loaded.manager.close(&mut loaded.report.arenas);
    Ok(())
}

/// Where files lie: in the job's window, which is readable and executable and never written. Members
/// of archives are not aligned, and have no place here.
fn homes(files: &[File<'_>]) -> Vec<Option<TargetAddress>> {
    let home = |file: &File<'_>| TargetAddress::new(file.bytes.as_ptr().expose_provenance() as u64);
    files.iter().map(|file| Some(home(file))).collect()
}

/// Parses every file of a module.
pub fn parse(files: &[File<'static>]) -> Result<Vec<Object<'static>>, Outcome> {
    let parsed = files.iter().map(|file| Object::parse(file.name, file.bytes));
    parsed.collect::<Result<_, _>>().map_err(|error| refused(error.into()))
}

/// The outcome of a program that was refused.
fn refused(error: RegistryError<'_>) -> Outcome {
    let phase = match error {
        RegistryError::Load(error) => error.phase().name(),
        _ => "registry",
    };
    refusal(phase, error.to_string())
}

/// The outcome of a program that was refused in a phase that is not the core's own.
pub fn refusal(phase: &str, message: String) -> Outcome {
    Outcome::Refused { phase: phase.into(), message }
}

/// The program's entry: an export, or, as what starts a program is no other module, a symbol
/// that is hidden from those.
fn entry_of(
    module: &Module<'_, '_, &'static Manager>,
    name: &str,
) -> Result<TargetAddress, Outcome> {
    let hidden = || {
        module
            .symbols()
            .find(|s| s.symbol.binding() != Binding::Local && s.symbol.name() == Name::from(name))
            .map(|symbol| symbol.address)
    };
    let found = module.symbol(name).or_else(hidden);
    found.ok_or_else(|| refusal("entry", format!("no object defines `{name}`")))
}

/// The regions of an MPU that a plan's segments take, where that is what they are placed in.
fn region_reports(manager: &Manager, plan: &Plan<'_, '_>) -> Vec<RegionReport> {
    if !matches!(manager, Manager::Mpu(_)) {
        return Vec::new();
    }
    let region = |kind: SegmentKind| {
        let region = plan.segment(kind).region(target::PAGE as u64)?;
        let (size, waste) = (region.size, region.waste);
        (size != 0).then(|| RegionReport { segment: kind.name().into(), size, waste })
    };
    SegmentKind::ALL.into_iter().filter_map(region).collect()
}

/// Who resolved what.
fn link_reports(
    modules: &Modules,
    module: &PreparedModule<'_, 'static, 'static, 'static, '_, &'static Manager>,
) -> Vec<LinkReport> {
    let reader = modules.reader();
    let objects = module.plan().objects();
    let name_of = |object: usize| objects.get(object).map(Object::name).unwrap_or_default();
    let links = module.plan().references().map(|reference| {
        let symbol = reference.name.to_string();
        let resolved_by = match reference.definition {
            Some(object) => name_of(object).to_string(),
            None => {
                let found = module.resolved(&reader, reference.name);
                found.map_or("", |found| found.module_name).into()
            }
        };
        LinkReport { needed_by: name_of(reference.object).to_string(), resolved_by, symbol }
    });
    links.collect()
}

/// What a report says about each object of a module.
fn object_reports(module: &Module<'_, '_, &'static Manager>) -> Vec<ObjectReport> {
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
    for section in plan.in_place_sections() {
        reports[section.object].sections.push(SectionReport {
            name: section.section.name().to_string(),
            index: section.index,
            address: section.address.value(),
            size: section.section.size(),
            segment: "in place".into(),
        });
    }
    plan.got().for_each(|(object, _)| reports[object].got_entries += 1);
    plan.stub_symbols().for_each(|(object, _)| reports[object].stubs += 1);
    reports
}
