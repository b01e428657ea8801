//! `loader-bench`: what one object takes to load. `cargo xtask bench` builds and runs it.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use lexopt::prelude::*;
use loader_bench::report::{Measurement, Run};
use loader_bench::{Floor, IMPORTS, Ours, count};

const USAGE: &str = "\
usage: loader-bench FILE [--times N] [--skip-warm] [--imports ADDRESS]
       loader-bench FILE --once ours|floor [--imports ADDRESS]

Loads an object N times, each load followed by a run of the floor, and prints what each phase took,
in nanoseconds, as JSON. A first run of both is thrown away, unless --skip-warm keeps it. With
--once, one load or one run of the floor, for callgrind to count. All imports lie at ADDRESS.";

fn main() -> ExitCode {
    let done = Arguments::read().and_then(|arguments| {
        let file = std::fs::read(&arguments.file);
        let file = file.map_err(|error| format!("{}: {error}", arguments.file))?;
        match arguments.once {
            Some(what) => once(&file, what, arguments.imports),
            None => measure(&file, &arguments),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// What `--once` does.
#[derive(Clone, Copy)]
enum Once {
    Floor,
    Ours,
}

struct Arguments {
    file: String,
    times: usize,
    skip_warm: bool,
    imports: u64,
    once: Option<Once>,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        Self::parse().map_err(|error| format!("{error}\n{USAGE}"))
    }

    fn parse() -> Result<Self, lexopt::Error> {
        let (mut file, mut times, mut skip_warm) = (None, 10, false);
        let (mut imports, mut once) = (IMPORTS, None);
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("imports") => imports = parser.value()?.parse_with(number)?,
                Long("once") => once = Some(parser.value()?.parse_with(what)?),
                Long("skip-warm") => skip_warm = true,
                Long("times") => times = parser.value()?.parse()?,
                Value(path) if file.is_none() => file = Some(path.string()?),
                _ => return Err(argument.unexpected()),
            }
        }
        let file = file.ok_or("no file")?;
        Ok(Self { file, times, skip_warm, imports, once })
    }
}

fn what(text: &str) -> Result<Once, &'static str> {
    match text {
        "floor" => Ok(Once::Floor),
        "ours" => Ok(Once::Ours),
        _ => Err("neither ours nor floor"),
    }
}

fn number(text: &str) -> Result<u64, std::num::ParseIntError> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    }
}

fn once(file: &[u8], what: Once, imports: u64) -> Result<(), String> {
    match what {
        Once::Floor => count::floor(&mut Floor::new(file)?),
        Once::Ours => count::ours(&mut Ours::new(file, imports)?)?,
    }
    Ok(())
}

fn measure(file: &[u8], arguments: &Arguments) -> Result<(), String> {
    let mut ours = Ours::new(file, arguments.imports)?;
    let mut floor = Floor::new(file)?;
    if !arguments.skip_warm {
        pair(&mut ours, &mut floor)?;
    }
    let mut runs = Vec::with_capacity(arguments.times);
    for _ in 0..arguments.times {
        runs.push(pair(&mut ours, &mut floor)?);
    }
    let measured = Measurement {
        relocations: floor.relocations(),
        symbols: floor.symbols(),
        sections: ours.sections().into(),
        scratch: ours.scratch_bytes() as u64,
        segments: ours.segments(),
        runs,
    };
    let text = serde_json::to_string(&measured).map_err(|error| error.to_string())?;
    println!("{text}");
    Ok(())
}

/// A load, and a run of the floor.
fn pair(ours: &mut Ours<'_>, floor: &mut Floor<'_>) -> Result<Run, String> {
    let [start, parsed, planned, placed, resolved, sealed] = ours.load(Instant::now)?;
    let floor_start = Instant::now();
    black_box(floor.run());
    let floor_end = Instant::now();
    let between = |from: Instant, to: Instant| to.duration_since(from).as_nanos() as u64;
    Ok(Run {
        parse: between(start, parsed),
        plan: between(parsed, planned),
        place: between(planned, placed),
        resolve: between(placed, resolved),
        seal: between(resolved, sealed),
        total: between(start, sealed),
        floor: between(floor_start, floor_end),
    })
}
