//! Our side of a row: the object, what each phase takes, and the floor.

use anyhow::Result;
use loader_bench::IMPORTS;
use loader_bench::report::{Measurement, Run};
use serde::Serialize;

use super::numbers::median;
use super::program::Program;
use super::subject::Subject;

/// The object, and the medians of what it takes, in seconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ours {
    /// Relocations of what is loaded.
    pub relocations: u64,
    /// Symbols.
    pub symbols: u64,
    /// Sections.
    pub sections: u64,
    /// Bytes of working memory.
    pub scratch: u64,
    /// Bytes of text, read-only data and data.
    pub segments: [u64; 3],
    /// The phases.
    pub phases: Phases,
    /// All phases.
    pub total: f64,
    /// The floor.
    pub floor: f64,
    /// How many times the floor a load takes: each load and the run of the floor right behind it.
    pub ratio: f64,
    /// The runs, in nanoseconds.
    pub runs: Vec<Run>,
}

/// Seconds of each phase.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Phases {
    /// Parse.
    pub parse: f64,
    /// Plan.
    pub plan: f64,
    /// Place.
    pub place: f64,
    /// Resolve.
    pub resolve: f64,
    /// Seal.
    pub seal: f64,
}

impl Ours {
    /// Loads a subject so many times.
    ///
    /// # Errors
    /// The loader refuses it.
    pub fn of(program: &Program, subject: &Subject, times: usize) -> Result<Self> {
        program.measure(&subject.path, IMPORTS, times).map(Into::into)
    }

    /// The phases with their names.
    pub fn phases(&self) -> [(&'static str, f64); 5] {
        let Phases { parse, plan, place, resolve, seal } = self.phases;
        [("parse", parse), ("plan", plan), ("place", place), ("resolve", resolve), ("seal", seal)]
    }

    /// Bytes of working memory for each section and symbol.
    pub fn scratch_each(&self) -> f64 {
        self.scratch as f64 / (self.sections + self.symbols).max(1) as f64
    }
}

impl From<Measurement> for Ours {
    fn from(measured: Measurement) -> Self {
        let Measurement { relocations, symbols, sections, scratch, segments, runs } = measured;
        let of = |what: fn(&Run) -> u64| median(runs.iter().map(|run| what(run) as f64 * 1e-9));
        let phases = Phases {
            parse: of(|run| run.parse),
            plan: of(|run| run.plan),
            place: of(|run| run.place),
            resolve: of(|run| run.resolve),
            seal: of(|run| run.seal),
        };
        let (total, floor) = (of(|run| run.total), of(|run| run.floor));
        let ratio = median(runs.iter().map(|run| run.total as f64 / run.floor.max(1) as f64));
        Self {
            relocations,
            symbols,
            sections,
            scratch,
            segments,
            phases,
            total,
            floor,
            ratio,
            runs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_that_of_pairs() {
        // The machine was slow for one pair: both took long, and the ratio is what it is.
        let run = |total, floor| Run { total, floor, resolve: total / 2, ..Run::default() };
        let runs = vec![run(200, 100), run(2200, 1000), run(230, 100)];
        let ours = Ours::from(Measurement { runs, ..Measurement::default() });
        assert!((ours.ratio - 2.2).abs() < 1e-9);
        assert!((ours.total - 230e-9).abs() < 1e-15);
        assert!((ours.phases.resolve - 115e-9).abs() < 1e-15);
        let ours = Ours { scratch: 160, sections: 4, symbols: 6, ..Ours::default() };
        assert!((ours.scratch_each() - 16.0).abs() < 1e-9);
    }
}
