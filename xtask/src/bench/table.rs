//! The tables: on the terminal, and as Markdown for the README.

use super::growth::Series;
use super::numbers::{digits, median, seconds, times};
use super::on_target::OnTarget;
use super::outcome::Outcome;
use super::{Report, Row};
use crate::show;

/// The peer that is our own loader as a whole process, which whole processes are compared with.
const OURS_AS_PROCESS: &str = "cargo xtask link";

/// Cells, and what stands below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// The columns; a name that begins with `>` has numbers below it.
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Notes, in the order of their numbers.
    notes: Vec<String>,
}

impl Grid {
    fn new(header: &[&str]) -> Self {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Self { header, ..Self::default() }
    }

    /// The number of a note, which is there once.
    fn note(&mut self, text: String) -> usize {
        let known = self.notes.iter().position(|note| *note == text);
        known.unwrap_or_else(|| {
            self.notes.push(text);
            self.notes.len() - 1
        }) + 1
    }

    /// Prints it.
    pub fn show(&self) {
        let header: Vec<&str> = self.header.iter().map(String::as_str).collect();
        let mut table = show::table(&header);
        for row in &self.rows {
            table.add_row(row);
        }
        println!("{table}");
        for (at, note) in self.notes.iter().enumerate() {
            println!("  [{}] {note}", at + 1);
        }
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escaped = |cell: &String| cell.replace('|', "\\|");
        let names = self.header.iter().map(|name| escaped(name).trim_start_matches('>').to_owned());
        let rule = self.header.iter().map(|name| match name.starts_with('>') {
            true => "---:".to_owned(),
            false => "---".to_owned(),
        });
        let mut text = line(names.collect()) + &line(rule.collect());
        for row in &self.rows {
            text += &line(row.iter().map(escaped).collect());
        }
        for (at, note) in self.notes.iter().enumerate() {
            // What a peer said is its own words: nothing in them is Markdown.
            text += &format!("\n[{}] `{}`\n", at + 1, note.replace('`', "'"));
        }
        text
    }
}

/// What our loader takes, and the floor.
pub fn ours(rows: &[Row]) -> Grid {
    let header = [
        "object",
        "machine",
        ">relocations",
        ">parse",
        ">plan",
        ">place",
        ">resolve",
        ">seal",
        ">parse to sealed",
        ">floor",
        ">× floor",
        ">scratch",
    ];
    let mut grid = Grid::new(&header);
    for row in rows {
        let mut cells = vec![row.name.clone(), row.arch.to_string()];
        match &row.ours {
            Ok(ours) => {
                cells.push(show::number(ours.relocations));
                cells.extend(ours.phases().map(|(_, phase)| seconds(phase)));
                cells.extend([seconds(ours.total), seconds(ours.floor), times(ours.ratio)]);
                cells.push(format!("{} B each", digits(ours.scratch_each())));
            }
            Err(why) => {
                let note = grid.note(why.clone());
                cells.resize(header.len() - 1, String::new());
                cells.push(format!("refused [{note}]"));
            }
        }
        grid.rows.push(cells);
    }
    grid
}

/// Our loader beside the others: what each takes, and how many times as much that is.
///
/// What is measured in memory, or is a link phase, is compared with our load; a whole process with
/// ours.
pub fn peers(rows: &[Row]) -> Option<Grid> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.peers) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let mut header = vec!["object", "machine", ">loader-core"];
    let columns: Vec<String> = names.iter().map(|name| format!(">{name}")).collect();
    header.extend(columns.iter().map(String::as_str));
    let mut grid = Grid::new(&header);
    for row in rows {
        let load = row.ours.as_ref().ok().map(|ours| ours.total);
        let mut cells = vec![row.name.clone(), row.arch.to_string()];
        cells.push(load.map_or_else(|| "–".into(), seconds));
        let process = row.process();
        for name in &names {
            let outcome =
                row.peers.iter().find(|(peer, _)| peer == name).map(|(_, outcome)| outcome);
            cells.push(match outcome {
                None => "–".into(),
                Some(Outcome::Refused(why)) => format!("no [{}]", grid.note(why.clone())),
                Some(Outcome::Measured(all)) => {
                    let measured = all.iter().map(|(what, runs)| {
                        let took = median(runs.iter().copied());
                        let against = if *what == "process" { process } else { load };
                        let ratio = against
                            .filter(|ours| *ours > 0.0 && *name != OURS_AS_PROCESS)
                            .map_or_else(String::new, |ours| format!(" ({})", times(took / ours)));
                        format!("{what} {}{ratio}", seconds(took))
                    });
                    measured.collect::<Vec<_>>().join(", ")
                }
            });
        }
        grid.rows.push(cells);
    }
    Some(grid)
}

impl Row {
    /// Seconds that our loader takes as a whole process, where that was measured.
    fn process(&self) -> Option<f64> {
        let ours = self.peers.iter().find(|(name, _)| *name == OURS_AS_PROCESS);
        let Some((_, Outcome::Measured(all))) = ours else { return None };
        let runs = all.iter().find(|(what, _)| *what == "process")?;
        Some(median(runs.1.iter().copied()))
    }
}

/// A load on each machine: what the loader takes, phase by phase and without the memory manager, and
/// the most that it needs of each memory.
pub fn on_target(all: &[OnTarget]) -> Option<Grid> {
    let first = all.first()?;
    let mut header = vec![String::from("machine")];
    header.extend(first.phases.iter().map(|phase| format!(">{}", phase.name)));
    header.extend([">all", ">each relocation"].map(String::from));
    header.extend(first.arenas.iter().map(|arena| format!(">{}", arena.name)));
    header.extend([">scratch", ">each"].map(String::from));
    let mut grid = Grid { header, ..Grid::default() };
    for load in all {
        let mut cells = vec![load.arch.to_string()];
        cells.extend(load.phases.iter().map(|phase| show::number(phase.loader)));
        cells.extend([show::number(load.loader()), digits(load.per_relocation())]);
        cells.extend(load.arenas.iter().map(|arena| show::number(arena.bytes)));
        cells.extend([
            show::number(load.scratch_bytes),
            format!("{} B", digits(load.scratch_each())),
        ]);
        grid.rows.push(cells);
    }
    Some(grid)
}

/// How load time grows.
pub fn growth(all: &[Series]) -> Option<Grid> {
    let sizes: Vec<u64> = all.first()?.points.iter().map(|point| point.size).collect();
    let mut header = vec!["generated object".to_owned(), "machine".into()];
    header.extend(sizes.iter().map(|size| format!(">{}", show::number(*size))));
    header.extend([">exponent", ">the floor's", ">instructions", ">exponent"].map(String::from));
    let mut grid = Grid { header, ..Grid::default() };
    for series in all {
        let mut cells = vec![series.kind.to_owned(), series.arch.to_string()];
        let each = |point: &super::growth::Point| point.seconds / point.size as f64;
        cells.extend(series.points.iter().map(|point| seconds(each(point))));
        let shown =
            |exponent: Option<f64>| exponent.map_or_else(|| "–".into(), |e| format!("{e:.2}"));
        cells.push(shown(series.time_exponent()));
        cells.push(shown(series.floor_exponent()));
        cells.push(series.instructions_each().map_or_else(|| "–".into(), digits));
        cells.push(shown(series.instruction_exponent()));
        grid.rows.push(cells);
    }
    Some(grid)
}

/// All of it, for the README.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("On {}; medians.\n\n", report.machine);
    if !report.objects.is_empty() {
        text += &ours(&report.objects).markdown();
    }
    if let Some(peers) = peers(&report.objects) {
        text += "\nBeside others on the same objects, and how many times as long they take: links and loads as loader-core's load, whole processes as `cargo xtask link`'s:\n\n";
        text += &peers.markdown();
    }
    if let Some(on_target) = on_target(&report.on_target) {
        text += "\nThe first object on its machine (QEMU, counting instructions), and the most memory in use:\n\n";
        text += &on_target.markdown();
    }
    if let Some(growth) = growth(&report.growth) {
        text += "\nTime for each relocation, or symbol, of generated objects ([docs/bench](docs/bench)):\n\n";
        text += &growth.markdown();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::growth::Point;
    use super::super::on_target::{Peak, Phase};
    use super::super::ours::{Ours, Phases};
    use super::*;
    use crate::arch::Arch;

    fn row() -> Row {
        let phases = Phases { parse: 10e-6, plan: 60e-6, place: 50e-6, resolve: 80e-6, seal: 1e-7 };
        let (scratch, sections, symbols) = (48_000, 1_000, 2_000);
        let ours = Ours {
            relocations: 19_853,
            total: 200e-6,
            floor: 100e-6,
            ratio: 2.0,
            phases,
            scratch,
            sections,
            symbols,
            ..Ours::default()
        };
        Row {
            name: "sqlite-sections".into(),
            arch: Arch::X86_64,
            compiler: "gcc 12".into(),
            ours: Ok(ours),
            peers: vec![
                ("llvm-jitlink", Outcome::Measured(vec![("link", vec![0.2, 0.1, 0.9])])),
                ("llvm-rtdyld", Outcome::Refused("Unknown | relocation".into())),
                ("cargo xtask link", Outcome::Measured(vec![("process", vec![0.01])])),
                ("mold", Outcome::Measured(vec![("process", vec![0.02])])),
            ],
        }
    }

    #[test]
    fn a_row_has_phases_floor_and_ratio() {
        let text = ours(&[row()]).markdown();
        assert_eq!(
            text.lines().nth(2).unwrap(),
            "| sqlite-sections | x86_64 | 19,853 | 10.0 µs | 60.0 µs | 50.0 µs | 80.0 µs | 100 ns | \
             200 µs | 100 µs | 2.00× | 16.0 B each |"
        );
        assert!(text.lines().nth(1).unwrap().starts_with("| --- | --- | ---: |"), "{text}");
    }

    #[test]
    fn peers_are_told_by_how_many_times_as_long() {
        let text = peers(&[row()]).unwrap().markdown();
        let line = text.lines().nth(2).unwrap();
        // The median of three, against our load; a process against our process.
        assert!(line.contains("| 200 µs | link 200 ms (1,000×) | no [1] |"), "{line}");
        assert!(line.ends_with("| process 10.0 ms | process 20.0 ms (2.00×) |"), "{line}");
        assert!(text.ends_with("\n[1] `Unknown | relocation`\n"), "{text}");
        assert!(peers(&[Row { peers: Vec::new(), ..row() }]).is_none());
    }

    #[test]
    fn what_is_refused_is_shown_with_its_message() {
        let refused = Row { ours: Err("no.o: not for us".into()), ..row() };
        let grid = ours(&[refused.clone(), row(), refused]);
        assert_eq!(grid.notes, ["no.o: not for us"]);
        assert!(grid.rows.iter().all(|row| row.len() == grid.header.len()));
        assert_eq!(grid.rows[0].last().unwrap(), "refused [1]");
        let nothing = Row { ours: Err("no".into()), ..row() };
        assert_eq!(peers(&[nothing]).unwrap().rows[0][2..4], ["–", "link 200 ms"]);
    }

    #[test]
    fn a_target_has_phases_and_peaks() {
        let phase = |name: &str, loader| Phase { name: name.into(), loader, manager: 7 };
        let load = OnTarget {
            arch: Arch::Riscv64,
            counter: "time",
            phases: vec![phase("parse", 1_000), phase("plan", 500)],
            sections: 10,
            symbols: 20,
            relocations: 100,
            scratch_records: 30,
            scratch_bytes: 480,
            arenas: vec![Peak { name: "text".into(), bytes: 8_192 }],
        };
        let text = on_target(&[load]).unwrap().markdown();
        assert!(
            text.ends_with("| riscv64 | 1,000 | 500 | 1,500 | 15.0 | 8,192 | 480 | 16.0 B |\n"),
            "{text}"
        );
        assert!(on_target(&[]).is_none());
    }

    #[test]
    fn growth_has_an_exponent() {
        let point = |size: u64| Point {
            size,
            seconds: size as f64 * 10e-9,
            floor: size as f64 * 4e-9,
            shortest: 0.0,
            instructions: Some(size * 64),
            floor_instructions: None,
        };
        let points = vec![point(3_000), point(30_000)];
        let (kind, about, unit) = ("calls", "calls", "relocation");
        let series = Series { kind, about, unit, arch: Arch::Riscv64, points };
        let text = growth(&[series]).unwrap().markdown();
        assert!(
            text.ends_with("| calls | riscv64 | 10.0 ns | 10.0 ns | 1.00 | 1.00 | 64.0 | 1.00 |\n"),
            "{text}"
        );
        assert!(growth(&[]).is_none());
    }
}
