//! `generate-object KIND MACHINE COUNT FILE`: writes an object to be measured.
//!
//! A program of its own, built as the measured one is: millions of symbols take their time.

use std::process::ExitCode;

use loader_bench::Kind;
use loader_core::Machine;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [kind, machine, count, file] => write(kind, machine, count, file),
        _ => Err("usage: generate-object KIND MACHINE COUNT FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn write(kind: &str, machine: &str, count: &str, file: &str) -> Result<(), String> {
    let machines = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];
    let found = machines.into_iter().find(|known| known.name() == machine);
    let machine = found.ok_or_else(|| format!("there is no machine {machine}"))?;
    let count = count.parse().map_err(|error| format!("{count}: {error}"))?;
    let bytes = kind.parse::<Kind>()?.generate(machine, count)?;
    std::fs::write(file, bytes).map_err(|error| format!("{file}: {error}"))
}
