//! Growth as pictures: one for each kind, as SVG and as PNG, drawn by gnuplot.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::growth::Series;
use crate::arch::Arch;
use crate::process;
use crate::show;

/// Longest that one picture may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Draws each kind into a folder; the files that were written.
///
/// # Errors
/// gnuplot fails.
pub fn draw(gnuplot: &Path, folder: &Path, series: &[Series]) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let mut kinds: Vec<&str> = series.iter().map(|series| series.kind).collect();
    kinds.dedup();
    let mut files = Vec::new();
    for kind in kinds {
        let lines: Vec<&Series> = series.iter().filter(|series| series.kind == kind).collect();
        for (extension, terminal) in TERMINALS {
            let file = folder.join(format!("{kind}.{extension}"));
            let mut command = Command::new(gnuplot);
            let words = tempfile::NamedTempFile::new()?;
            std::fs::write(&words, script(terminal, &format!("{kind}.{extension}"), &lines))?;
            // In the folder: a path in gnuplot's words would have to be quoted.
            command.current_dir(folder).arg(words.path());
            process::run(&mut command, LIMIT)?.checked("gnuplot")?;
            files.push(file);
        }
    }
    Ok(files)
}

/// The kinds of files, and what gnuplot is told for them.
const TERMINALS: [(&str, &str); 2] = [
    ("png", "pngcairo size 960,640 font 'sans,13' linewidth 1.5"),
    ("svg", "svg size 960,640 font 'sans,15' linewidth 1.5 background '#ffffff'"),
];

/// Colours that are told apart by everybody.
const fn colour(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "#0072b2",
        Arch::Riscv64 => "#d55e00",
        Arch::X86_64 => "#009e73",
    }
}

/// What gnuplot is told: the points, and how they are drawn.
fn script(terminal: &str, file: &str, lines: &[&Series]) -> String {
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let (about, unit) = lines.first().map_or(("", ""), |series| (series.about, series.unit));
    say(format!("set terminal {terminal}"));
    say(format!("set output '{file}'"));
    say(format!("set title '{about}: time of a load, and of the floor' noenhanced"));
    say(format!("set xlabel '{unit}s'\nset ylabel 'ns for each {unit}'"));
    say("set logscale xy\nset xrange [2000:4500000]\nset yrange [1:]".into());
    let tics = lines.iter().flat_map(|series| &series.points).map(|point| point.size);
    let tics: BTreeSet<u64> = tics.collect();
    let tics = tics.into_iter().map(|size| format!("'{}' {size}", show::number(size)));
    say(format!("set xtics ({})\nset mxtics 1", tics.collect::<Vec<_>>().join(", ")));
    say("set grid xtics ytics lt 1 lc rgb '#c8c8c8' lw 0.7\nset border lc rgb '#606060'".into());
    say("set key tmargin center horizontal samplen 3 width 2".into());
    let mut plots = Vec::new();
    for series in lines {
        let (arch, colour) = (series.arch, colour(series.arch));
        let name = arch.name();
        say(block(&format!("$ours_{name}"), series, |point| point.seconds));
        say(block(&format!("$floor_{name}"), series, |point| point.floor));
        plots.push(format!(
            "$ours_{name} with linespoints lc rgb '{colour}' lw 2 pt 7 ps 0.9 title '{name}' \
             noenhanced"
        ));
        plots.push(format!(
            "$floor_{name} with lines lc rgb '{colour}' lw 1.2 dt 2 title 'floor, {name}' \
             noenhanced"
        ));
    }
    say(format!("plot {}", plots.join(", ")));
    text
}

/// Nanoseconds for each relocation, or symbol, by size.
fn block(name: &str, series: &Series, seconds: fn(&super::growth::Point) -> f64) -> String {
    let mut text = format!("{name} << END\n");
    for point in &series.points {
        let each = seconds(point) * 1e9 / point.size as f64;
        let _ = writeln!(text, "{} {each:.3}", point.size); // a string takes all
    }
    text + "END"
}

#[cfg(test)]
mod tests {
    use super::super::growth::Point;
    use super::*;

    #[test]
    fn lines_are_in_nanoseconds_for_each() {
        let point = |size: u64, seconds| Point {
            size,
            seconds,
            floor: seconds / 2.0,
            shortest: seconds,
            instructions: None,
            floor_instructions: None,
        };
        let series = Series {
            kind: "calls",
            about: "calls",
            unit: "relocation",
            arch: Arch::X86_64,
            points: vec![point(3_000, 30e-6), point(30_000, 600e-6)],
        };
        let text = script("svg", "calls.svg", &[&series]);
        assert!(text.contains("$ours_x86_64 << END\n3000 10.000\n30000 20.000\nEND\n"), "{text}");
        assert!(text.contains("$floor_x86_64 << END\n3000 5.000\n"), "{text}");
        assert!(text.contains("set output 'calls.svg'") && text.contains("relocations"), "{text}");
        assert_eq!(text.matches(" title '").count() - 1, 2, "{text}");
    }
}
