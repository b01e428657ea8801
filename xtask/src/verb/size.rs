//! `cargo xtask size`: what the loader takes of an image, by what a client uses of it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use crate::arch::Arch;
use crate::baseline::{Baseline, Change, TOLERANCE, compare};
use crate::cli::{Machines, SizeArgs};
use crate::report;
use crate::setup::{Tools, root};
use crate::show;
use crate::size::{self, BAR, BASELINE, Measured, PROBES, Probe, SEALED, Sizes};

/// Runs the command.
///
/// # Errors
/// There is no Rust for a machine, a build fails, or a file cannot be read or written.
pub fn run(args: &SizeArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    let archs = args.arch.unwrap_or(Machines::All).list();
    let compiler = size::compiler(&tools, &archs)?;
    let mut probes = PROBES.to_vec();
    if args.features {
        probes.extend(size::of_features());
    }
    let measured = size::measure(&tools, &archs, &probes)?;
    show(&archs, &probes, &measured, args.symbols);
    println!("by {compiler}");
    if let Some(path) = &args.report {
        report::write(path, &Record { compiler: &compiler, bar: BAR, images: &measured })?;
    }
    let path = root().join(BASELINE);
    if args.rebase {
        rebase(&path, &compiler, &measured, args.arch.is_none())?;
    }
    let good = !args.check || check(&Baseline::read(&path)?, &compiler, &archs, &measured);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The report file.
#[derive(Serialize)]
struct Record<'a> {
    compiler: &'a str,
    /// How much text parse to sealed may be.
    bar: u64,
    images: &'a [Measured],
}

/// A row for each probe, with three numbers for each machine; the bar; and symbols.
fn show(archs: &[Arch], probes: &[Probe], measured: &[Measured], symbols: usize) {
    let parts = ["text", "rodata", "data"];
    let columns = archs.iter().flat_map(|arch| {
        let [text, rodata, data] = parts.map(|part| format!(">{part}"));
        [text.replace('>', &format!(">{arch} ")), rodata, data]
    });
    let header: Vec<String> = ["loader".into()].into_iter().chain(columns).collect();
    let mut table = show::table(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for probe in probes {
        let images = measured.iter().filter(|image| image.probe == *probe);
        let numbers = images.flat_map(|image| three(image.image.loader));
        let feature = if probe.of_feature { "+ " } else { "" };
        table.add_row([format!("{feature}{}", probe.name)].into_iter().chain(numbers));
    }
    let support = measured.iter().filter(|image| image.probe == SEALED);
    let support = support.flat_map(|image| three(image.image.support));
    table.add_row(["memcpy …".to_owned()].into_iter().chain(support));
    println!("{table}");
    PROBES.iter().for_each(|probe| println!("{}: {}", probe.name, probe.about));
    if let Some(first) = probes.iter().find(|probe| probe.of_feature) {
        println!("+ {} and its like: {}", first.name, first.about);
    }
    println!("memcpy …: compiler support, not in any of the numbers above");
    for image in measured.iter().filter(|image| image.probe == SEALED) {
        println!("{}", bar(image.arch, image.image.loader.text));
    }
    if symbols > 0 {
        measured.iter().for_each(|image| show_symbols(image, symbols));
    }
}

fn three(Sizes { text, rodata, data, .. }: Sizes) -> [String; 3] {
    [text, rodata, data].map(show::number)
}

/// How far text is from what it may be.
fn bar(arch: Arch, text: u64) -> String {
    let far = show::number(text.abs_diff(BAR));
    let over = if text > BAR { "over" } else { "below" };
    let (text, limit) = (show::number(text), show::number(BAR));
    format!("{} on {arch}: {text} bytes of text, {far} {over} the bar of {limit}", SEALED.name)
}

fn show_symbols(measured: &Measured, most: usize) {
    show::heading(&format!("{} on {}", measured.probe.name, measured.arch));
    let mut table = show::table(&["symbol", "part", ">bytes", ">count"]);
    for symbol in measured.image.symbols.iter().take(most) {
        let part = format!("{:?}", symbol.part).to_lowercase();
        let (size, count) = (show::number(symbol.size), show::number(symbol.count.into()));
        table.add_row([symbol.name.clone(), part, size, count]);
    }
    let [text, rodata, data] = three(measured.image.unnamed);
    println!("{table}\nwithout a name: {text} of text, {rodata} of rodata, {data} of data");
}

/// Makes these the baseline; where they are not `all`, the other machines' stay.
fn rebase(path: &Path, compiler: &str, measured: &[Measured], all: bool) -> Result<()> {
    let mut baseline = if all { Baseline::default() } else { Baseline::read(path)? };
    baseline.take(compiler, &size::numbers(measured));
    baseline.write(path)?;
    println!("wrote {BASELINE}");
    Ok(())
}

/// Whether nothing is larger than it was.
fn check(baseline: &Baseline, compiler: &str, archs: &[Arch], measured: &[Measured]) -> bool {
    let Some(was) = baseline.of(compiler) else {
        let whose = show::list(baseline.compilers().map(str::to_owned).collect());
        println!("not compared: the baseline is of {whose}");
        return true;
    };
    let was = size::of_machines(was, archs);
    let changes = compare(&was, &size::numbers(measured), TOLERANCE);
    let (worse, better): (Vec<_>, Vec<_>) = changes.into_iter().partition(Change::fails);
    better.iter().for_each(|change| println!("smaller: {change}"));
    worse.iter().for_each(|change| println!("LARGER: {change}"));
    if worse.is_empty() {
        println!("no larger than {BASELINE} has it");
    } else {
        println!("if that has to be: cargo xtask size --rebase");
    }
    worse.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Image;

    const COMPILER: &str = "rustc 1";

    fn measured(arch: Arch, text: u64) -> Measured {
        let loader = Sizes { text, ..Sizes::default() };
        Measured { probe: SEALED, arch, image: Image { loader, ..Image::default() } }
    }

    fn is_good(now: u64, compiler: &str, archs: &[Arch]) -> bool {
        let mut baseline = Baseline::default();
        let was = Arch::ALL.map(|arch| measured(arch, 1000));
        baseline.take(COMPILER, &size::numbers(&was));
        let now: Vec<_> = archs.iter().map(|&arch| measured(arch, now)).collect();
        check(&baseline, compiler, archs, &now)
    }

    #[test]
    fn larger_fails_and_smaller_does_not() {
        for archs in [&Arch::ALL[..], &[Arch::Riscv64]] {
            assert!(is_good(1000, COMPILER, archs) && is_good(1020, COMPILER, archs));
            assert!(!is_good(1021, COMPILER, archs));
            assert!(is_good(1, COMPILER, archs));
        }
    }

    #[test]
    fn another_compiler_is_not_compared() {
        assert!(is_good(2000, "rustc 2", &Arch::ALL));
    }

    #[test]
    fn a_machine_that_is_measured_alone_leaves_the_others_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let of = |text| Arch::ALL.map(|arch| measured(arch, text));
        rebase(&path, COMPILER, &of(1000), true).unwrap();
        rebase(&path, COMPILER, &of(500)[..1], false).unwrap();
        let numbers = Baseline::read(&path).unwrap();
        let numbers = numbers.of(COMPILER).unwrap();
        assert_eq!(numbers["sealed aarch64 text"], 500);
        assert_eq!(numbers["sealed x86_64 text"], 1000);
    }

    #[test]
    fn the_distance_to_the_bar_is_told() {
        let over = "sealed on aarch64: 10,241 bytes of text, 1 over the bar of 10,240";
        assert_eq!(bar(Arch::Aarch64, BAR + 1), over);
        assert!(bar(Arch::Aarch64, BAR).contains(", 0 below the bar"));
    }
}
