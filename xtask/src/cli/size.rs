//! The command line of `size`.

use std::path::PathBuf;

use clap::Args;

use super::Machines;
use super::paths::to_be_written;

/// The arguments of `size`.
///
/// Links small programs around the loader, as small as the compiler makes them, and counts what in them is
/// the loader's: what it needs of Rust's core library included; memcpy and its like, and the programs' own
/// side, apart. Unwind tables do not count.
#[derive(Debug, Args)]
#[command(after_help = SIZE_EXAMPLES)]
pub struct SizeArgs {
    /// The machine; the default is all
    #[arg(long, value_enum, value_name = "ARCH")]
    pub arch: Option<Machines>,
    /// Measure the loader with each optional feature alone as well; takes some minutes
    #[arg(long, conflicts_with_all = ["check", "rebase"])]
    pub features: bool,
    /// Show this many of the largest functions and tables of each
    #[arg(long, value_name = "N", num_args = 0..=1, default_value_t = 0, default_missing_value = "20")]
    pub symbols: usize,
    /// Fail where anything is more than 2 % larger than in the baseline; with another compiler than the
    /// baseline's, nothing is compared
    #[arg(long)]
    pub check: bool,
    /// Make what is measured the baseline
    #[arg(long, conflicts_with = "check")]
    pub rebase: bool,
    /// Write all sizes and symbols to this file
    #[arg(long, value_name = "FILE.json", value_parser = to_be_written())]
    pub report: Option<PathBuf>,
}

const SIZE_EXAMPLES: &str = "\
The bar is what parse to sealed is to come to, for one machine and without optional features; nothing
fails for it.

Exit codes: 0 measured, and no larger with --check; 1 larger; 2 a wrong command line; 3 a tool is missing.

Examples:
  cargo xtask size
  cargo xtask size --arch riscv64 --symbols 40
  cargo xtask size --arch aarch64 --features
  cargo xtask size --check --report size.json";
