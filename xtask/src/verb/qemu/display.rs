//! What a run looks like on the screen.

use anyhow::Result;
use qemu_protocol::{Outcome, ProgramReport};

use super::modules::show_modules;
use super::{exit_code, output};
use crate::cli::QemuArgs;
use crate::qemu::{Boot, Stop};
use crate::show::{self, Sum};
use crate::stdout;

/// Objects up to this many are shown in full without `--verbose`.
const FEW_OBJECTS: usize = 8;

/// Everything about one run.
pub(super) fn show_run(boot: &Boot, args: &QemuArgs) -> Result<()> {
    let program = boot.programs.first();
    let report = program.and_then(|program| program.report.as_ref());
    if !args.quiet {
        let name = program.map_or("nothing", |program| &program.name);
        show::heading(&format!("{name} on {}", boot.arch));
    }
    stdout::print(output(boot))?;
    if !args.quiet && output(boot).last().is_some_and(|byte| *byte != b'\n') {
        println!();
    }
    if boot.stop != Stop::Done {
        if program.is_none() {
            eprint!("{}", String::from_utf8_lossy(&boot.preamble));
        }
        eprintln!("error: {}: {}", boot.arch, boot.stop);
    }
    for report in boot.runtime.iter().chain(report) {
        if let Outcome::Refused { phase, message } = &report.outcome {
            let hint = match &phase[..] {
                "entry" => {
                    "; --call names another function, in an object that is no module by itself"
                }
                _ => "",
            };
            eprintln!("error: {} refused in {phase}: {message}{hint}", report.program);
        }
    }
    let refused = report.is_some_and(|r| matches!(r.outcome, Outcome::Refused { .. }));
    if args.quiet || refused {
        return Ok(());
    }
    if let Some(report) = report {
        show_objects(report, args);
    }
    if let Some(runtime) = &boot.runtime {
        show_runtime(runtime, args);
    }
    // The demo's machines are compared in a table at the end, which says this too.
    if let Some(report) = report.filter(|_| args.verbose || !args.files.is_empty()) {
        show_modules(&report.modules, args.verbose);
        show::heading("memory");
        show::arenas(report);
        println!("load time: {}", show::time(report.load_ns));
        println!("result: {}", show::outcome(&report.outcome));
    }
    Ok(())
}

fn show_objects(report: &ProgramReport, args: &QemuArgs) {
    if args.files.is_empty() && !args.verbose {
        println!("\n{} objects: {}", report.objects.len(), Sum::of(&report.objects));
    } else if report.objects.len() > FEW_OBJECTS && !args.verbose {
        show::objects("objects", &report.objects);
    } else {
        for object in &report.objects {
            show::object(object, args.verbose);
        }
    }
}

pub(super) fn show_runtime(runtime: &ProgramReport, args: &QemuArgs) {
    if args.verbose {
        show::objects("the C runtime", &runtime.objects);
        show::arenas(runtime);
    }
    println!(
        "\nC runtime: {} objects of its archives, {}; loaded in {}",
        runtime.objects.len(),
        Sum::of(&runtime.objects),
        show::time(runtime.load_ns),
    );
}

/// The machines side by side.
pub(super) fn show_comparison(boots: &[Boot], same: bool) {
    show::heading("summary");
    let header = [
        "machine",
        ">objects",
        ">sections",
        ">relocations",
        ">GOT",
        ">stubs",
        ">text",
        ">rodata",
        ">data",
        ">load time",
        "result",
    ];
    let mut table = show::table(&header);
    for boot in boots {
        let report = boot.programs.first().and_then(|program| program.report.as_ref());
        let Some(report) = report else {
            table.add_row([boot.arch.name().into(), show::verdict(&boot.stop, false)]);
            continue;
        };
        let sum = Sum::of(&report.objects);
        let used = |name: &str| {
            let arena = report.arenas.iter().find(|arena| arena.name == name);
            arena.map_or(0, |arena| arena.loaded.saturating_sub(arena.before))
        };
        let counts = [
            report.objects.len() as u64,
            sum.sections,
            sum.relocations,
            sum.got_entries,
            sum.stubs,
            used("text"),
            used("rodata"),
            used("data"),
        ];
        let mut row = vec![comfy_table::Cell::new(boot.arch)];
        row.extend(counts.map(|count| show::number(count).into()));
        row.push(show::time(report.load_ns).into());
        let good = exit_code(boot) == 0;
        row.push(show::verdict(show::outcome(&report.outcome), good));
        table.add_row(row);
    }
    println!("{table}");
    if boots.len() > 1 {
        let first = boots.first().map(|boot| String::from_utf8_lossy(output(boot)));
        let lines = first.map_or(0, |text| text.lines().count());
        if same {
            println!("All {} machines printed the same {lines} lines.", boots.len());
        } else {
            println!("The machines printed different things: this is a failure.");
        }
    }
}
