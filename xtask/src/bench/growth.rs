//! How a load grows with the object: generated ones of four sizes, each ten times the one before.

use anyhow::{Context, Result};
use loader_bench::Kind;
use loader_bench::generated::FAR;
use serde::Serialize;

use super::callgrind::{self, What};
use super::numbers::{exponent, median};
use super::ours::Ours;
use super::program::Program;
use crate::arch::Arch;
use crate::progress;
use crate::setup::{Tools, build_dir};

/// The sizes, in relocations or symbols.
const SIZES: [u64; 4] = [3_000, 30_000, 300_000, 3_000_000];
/// Those of a quick run.
const QUICK: [u64; 2] = [3_000, 30_000];
/// The largest whose instructions are counted: that takes fifty times as long as running them.
const COUNTED: u64 = 300_000;

/// One kind of object on one machine.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// The kind.
    pub kind: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// What its sizes count.
    pub unit: &'static str,
    /// The machine.
    pub arch: Arch,
    /// The sizes.
    pub points: Vec<Point>,
}

/// One size.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// Relocations, or symbols.
    pub size: u64,
    /// Seconds of a load: the median.
    pub seconds: f64,
    /// Seconds of the floor.
    pub floor: f64,
    /// The shortest load. The system's other programs make none shorter.
    pub shortest: f64,
    /// Instructions of a load, where they were counted.
    pub instructions: Option<u64>,
    /// Instructions of the floor.
    pub floor_instructions: Option<u64>,
}

impl Series {
    /// How a load's time grows: the exponent.
    pub fn time_exponent(&self) -> Option<f64> {
        exponent(&self.values(|point| Some(point.seconds)))
    }

    /// How the floor's time grows: caches and their misses, which every loader has.
    pub fn floor_exponent(&self) -> Option<f64> {
        exponent(&self.values(|point| Some(point.floor)))
    }

    /// How the number of instructions grows.
    pub fn instruction_exponent(&self) -> Option<f64> {
        exponent(&self.values(|point| point.instructions.map(|count| count as f64)))
    }

    /// The largest size whose instructions were counted: how many for each relocation, or symbol.
    pub fn instructions_each(&self) -> Option<f64> {
        let counted = self.points.iter().rev();
        let mut each =
            counted.filter_map(|point| Some(point.instructions? as f64 / point.size as f64));
        each.next()
    }

    fn values(&self, value: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
        let points = self.points.iter();
        points.filter_map(|point| Some((point.size as f64, value(point)?))).collect()
    }
}

/// All generated objects: their kinds, and the machines that have them.
pub fn all() -> impl Iterator<Item = (Kind, Arch)> {
    let pairs = Kind::ALL.into_iter().flat_map(|kind| Arch::ALL.map(|arch| (kind, arch)));
    pairs.filter(|(kind, arch)| kind.is_for(crate::relocations::machine(*arch)))
}

/// Measures all kinds, on all machines, in all sizes.
///
/// # Errors
/// An object cannot be written, or is refused; Valgrind is missing.
pub fn measure(tools: &Tools, program: &Program, quick: bool) -> Result<Vec<Series>> {
    let sizes: &[u64] = if quick { &QUICK } else { &SIZES };
    std::fs::create_dir_all(build_dir())?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(build_dir())?;
    let step = progress::counted("generated objects", all().count() * sizes.len());
    let mut series = Vec::new();
    for (kind, arch) in all() {
        let mut points = Vec::new();
        for &size in sizes {
            step.say(format!("{kind}, {arch}, {size}"));
            let object = program.generate(folder.path(), kind, arch, size)?;
            let what = || format!("{kind}, {arch}, {size}");
            let ours: Ours =
                program.measure(&object, FAR, times(size, quick)).with_context(what)?.into();
            let count = |of| match !quick && size <= COUNTED {
                true => callgrind::count(&tools.valgrind()?, program, &object, FAR, of).map(Some),
                false => Ok(None),
            };
            let instructions = count(What::Ours).with_context(what)?;
            let floor_instructions = count(What::Floor).with_context(what)?;
            let shortest = ours.runs.iter().map(|run| run.total).min().unwrap_or(0) as f64 * 1e-9;
            let floor = median(ours.runs.iter().map(|run| run.floor as f64 * 1e-9));
            points.push(Point {
                size,
                seconds: ours.total,
                floor,
                shortest,
                instructions,
                floor_instructions,
            });
            std::fs::remove_file(&object)?; // the largest have 300 MB
            step.advance();
        }
        let (about, unit) = (kind.about(), kind.unit());
        series.push(Series { kind: kind.name(), about, unit, arch, points });
    }
    step.finish();
    Ok(series)
}

/// How often an object is loaded: small ones more often, as they take no time.
fn times(size: u64, quick: bool) -> usize {
    let most = if quick { 21 } else { 201 };
    (3_000_000 / size.max(1)).clamp(5, most) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(power: f64) -> Series {
        let point = |size: u64| Point {
            size,
            seconds: 1e-8 * (size as f64).powf(power),
            floor: 4e-9 * size as f64,
            shortest: 0.0,
            instructions: (size <= COUNTED).then_some(size * 60),
            floor_instructions: None,
        };
        let points = SIZES.map(point).into();
        let (kind, about, unit) = ("calls", "calls", "relocation");
        Series { kind, about, unit, arch: Arch::X86_64, points }
    }

    #[test]
    fn growth_is_told_from_the_floors() {
        let quadratic = series(2.0);
        assert!((quadratic.time_exponent().unwrap() - 2.0).abs() < 1e-9);
        assert!((quadratic.floor_exponent().unwrap() - 1.0).abs() < 1e-9);
        assert!((quadratic.instruction_exponent().unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(quadratic.instructions_each(), Some(60.0));
    }

    #[test]
    fn every_machine_has_its_kinds() {
        assert_eq!(all().filter(|(_, arch)| *arch == Arch::X86_64).count(), 3);
        assert_eq!(all().filter(|(_, arch)| *arch == Arch::Riscv64).count(), 5);
        assert_eq!(
            [times(3_000, false), times(3_000_000, false), times(30_000, true)],
            [201, 5, 21]
        );
    }
}
