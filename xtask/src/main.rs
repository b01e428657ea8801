//! `cargo xtask`: the one way to build, run, test, measure and inspect.

use std::process::ExitCode;

use clap::Parser;

mod arch;
mod archive;
mod baseline;
mod bench;
mod cases;
mod checks;
mod cli;
mod diff;
mod features;
mod gdb;
mod header;
mod image;
mod link;
mod modules;
mod new_module;
mod parallel;
mod process;
mod program;
mod progress;
mod qemu;
mod relocations;
mod remote;
mod report;
mod runtime;
mod selection;
mod setup;
mod show;
mod size;
mod stdout;
mod toolchain;
mod verb;
mod visibility;

fn main() -> ExitCode {
    stdout::end_when_nobody_reads();
    let done = match cli::Cli::parse().verb {
        cli::Verb::Bench(args) => verb::bench::run(&args),
        cli::Verb::Boot(args) => verb::boot::run(&args),
        cli::Verb::Diff(args) => verb::diff::run(&args),
        cli::Verb::Header(args) => verb::header::run(&args),
        cli::Verb::Inspect(args) => verb::inspect::run(&args),
        cli::Verb::Link(args) => verb::link::run(&args),
        cli::Verb::NewModule(args) => verb::new_module::run(&args),
        cli::Verb::Qemu(args) => verb::qemu::run(&args),
        cli::Verb::Relocations(args) => verb::relocations::run(&args),
        cli::Verb::Remote(args) => verb::remote::run(&args),
        cli::Verb::Size(args) => verb::size::run(&args),
        cli::Verb::Soak(args) => verb::soak::run(&args),
        cli::Verb::Test(args) => verb::test::run(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        let code = if error.is::<cli::UsageError>() {
            2
        } else if error.is::<setup::SetupError>() {
            3
        } else {
            1
        };
        ExitCode::from(code)
    })
}
