//! `cargo xtask inspect`: how an object would be loaded, without running anything.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use comfy_table::Cell;
use loader_core::{
    Keep, Object, Plan, PlanOptions, Scratch, SegmentKind, TargetAddress, Unsupported,
};

use crate::archive::Archive;
use crate::cli::{InspectArgs, LoaderArgs, UsageError};
use crate::show::{self, number};

mod metadata;
mod reading;

use reading::Reading;

/// Where an object is taken to lie whose code and constants may stay there.
const HOME: u64 = 0x1000_0000;

/// Shows the plan for each object.
///
/// # Errors
/// A file cannot be read.
pub fn run(args: &InspectArgs) -> Result<ExitCode> {
    let names: Vec<&str> = args.keep.iter().map(String::as_str).collect();
    let mut good = true;
    // Files may lie anywhere that aligns them.
    let home = [Some(TargetAddress::new(HOME))];
    let homes: &[_] = if args.in_place { &home } else { &[] };
    for path in &args.files {
        good &= inspect(path, options(args.loader, &names, homes))?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the object would be loaded, both readers see the same in it, and what it says about
/// its module can be read.
fn inspect(path: &Path, options: PlanOptions<'_>) -> Result<bool> {
    let shown = path.display();
    let read = || -> Result<Vec<u8>> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        ensure!(
            !Archive::is_archive(&bytes),
            "{shown} is an archive: extract its members with `ar x` to inspect them"
        );
        Ok(bytes)
    };
    let bytes = read().map_err(UsageError)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let other = Reading::of(&bytes);
    let object = match Object::parse(&name, &bytes) {
        Ok(object) => object,
        Err(error) => {
            show::heading(&name);
            println!("refused: {error}");
            if let Err(error) = other {
                println!("goblin cannot read it either: {error}");
            }
            return Ok(false);
        }
    };
    show::heading(&format!("{name} for {}", object.machine().name()));
    if let Ok(reading) = &other {
        show_refused(&object, reading);
    }
    let readable = metadata::show(&object);
    let objects = [object];
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let plan = match Plan::with_options(&objects, &mut scratch, options) {
        Ok(plan) => plan,
        Err(error) => {
            println!("refused: {error}");
            return Ok(false);
        }
    };
    show_plan(&plan, options);
    let differences = match other {
        Ok(reading) => reading.differences(&plan, options),
        Err(error) => vec![format!("goblin cannot read the file: {error}")],
    };
    if differences.is_empty() {
        println!("A second reader of ELF files (goblin) sees the same in this one.");
    }
    for difference in &differences {
        println!("goblin differs: {difference}");
    }
    Ok(readable && differences.is_empty())
}

fn show_plan(plan: &Plan<'_, '_>, options: PlanOptions<'_>) {
    let mut table = show::table(&["segment", ">bytes", ">alignment", ">sections"]);
    for kind in SegmentKind::ALL {
        let segment = plan.segment(kind);
        let sections = plan.sections().filter(|section| section.segment == kind).count();
        table.add_row([
            Cell::new(kind),
            Cell::new(number(segment.size)),
            Cell::new(number(segment.align)),
            Cell::new(sections),
        ]);
    }
    println!("{table}");
    let mut table = show::table(&["section", ">index", "segment", ">offset", ">bytes"]);
    for section in plan.sections() {
        table.add_row([
            Cell::new(section.section.name()),
            Cell::new(section.index),
            Cell::new(section.segment),
            Cell::new(format!("{:#x}", section.offset)),
            Cell::new(number(section.size)),
        ]);
    }
    println!("{table}");
    if options.keep != Keep::All {
        let mut table = show::table(&["unused section", ">index", ">bytes"]);
        for unused in plan.unused_sections() {
            let size = number(unused.section.size());
            table.add_row([
                Cell::new(unused.section.name()),
                Cell::new(unused.index),
                Cell::new(size),
            ]);
        }
        println!("{table}");
    }
    show_in_place(plan, options);
    println!("GOT entries: {}    stubs: {}", plan.got_entries(), plan.stubs());
    let sizes = plan.sections().map(|section| (section.section.size(), section.size));
    let (file, memory) = sizes.fold((0, 0), |(file, memory), (a, b)| (file + a, memory + b));
    if memory < file {
        println!("padding and code that goes: {} bytes", number(file - memory));
    } else if memory > file {
        println!("room for patches: {} bytes", number(memory - file));
    }
    println!("relocations: {}", show::list(counts(plan)));
    println!("imports: {}", show::list(imports(plan)));
    let records = options.scratch_len(plan.objects()) * size_of::<Scratch>();
    println!("working memory while loading: {} bytes", number(records as u64));
}

/// What stays in the file, where that was asked for.
fn show_in_place(plan: &Plan<'_, '_>, options: PlanOptions<'_>) {
    if options.in_place.is_empty() {
        return;
    }
    let mut table = show::table(&["stays in place", ">index", "as", ">in the file at", ">bytes"]);
    let mut total = 0;
    for section in plan.in_place_sections() {
        let size = section.section.size();
        total += size;
        table.add_row([
            Cell::new(section.section.name()),
            Cell::new(section.index),
            Cell::new(section.kind),
            Cell::new(format!("{:#x}", section.address.value() - HOME)),
            Cell::new(number(size)),
        ]);
    }
    if total > 0 {
        println!("{table}");
    }
    println!("stays in place: {} bytes", number(total));
}

/// The relocation types that would be applied, with their counts.
fn counts(plan: &Plan<'_, '_>) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for relocation in plan.relocations(0) {
        *counts.entry(relocation.name()).or_insert(0) += 1;
    }
    counts.into_iter().map(|(name, count)| format!("{name} × {}", number(count))).collect()
}

fn imports(plan: &Plan<'_, '_>) -> Vec<String> {
    let weak = |weak| if weak { " (weak)" } else { "" };
    plan.imports().map(|import| format!("{}{}", import.name, weak(import.weak))).collect()
}

/// Every relocation type that would be refused: a load would stop at the first.
fn show_refused(object: &Object<'_>, reading: &Reading) {
    let mut table = show::table(&["refused relocation", ">count", "because"]);
    for (kind, count) in reading.kinds(|_| true) {
        let row = object.machine().relocation(kind);
        let reason = match row.map(|row| row.unsupported()) {
            Some(None) => continue,
            Some(Some(reason)) => because(reason),
            None => "the psABI does not define it",
        };
        let name = row.map_or_else(|| format!("type {kind}"), |row| row.name().to_owned());
        table.add_row([name, number(count), reason.to_owned()]);
    }
    if table.row_count() > 0 {
        println!("{table}");
    }
}

/// What the plan is asked for: what the system images have, and what the user wants.
fn options<'p>(
    asked: LoaderArgs,
    names: &'p [&'p str],
    homes: &'p [Option<TargetAddress>],
) -> PlanOptions<'p> {
    let mut options = asked.plan_options(names);
    options.in_place = homes;
    options
}

const fn because(reason: Unsupported) -> &'static str {
    match reason {
        Unsupported::Dynamic => "it belongs into linked images",
        Unsupported::PointerAuthentication => "it needs the client's pointer authentication keys",
        Unsupported::Reserved => "the psABI reserves it",
        Unsupported::Vendor => "it announces one of a vendor's own",
        _ => "it is not supported",
    }
}
