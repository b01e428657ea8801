//! The command line of `bench`.

use std::path::PathBuf;

use clap::Args;

use super::paths::to_be_written;

/// The arguments of `bench`.
///
/// Loads real and generated objects by our loader, phase by phase, beside the least that any loader has
/// to do (the floor) and beside other loaders and linkers. Without an option this takes some minutes,
/// and a machine that does nothing else.
#[derive(Debug, Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub struct BenchArgs {
    /// Measure less, and no other loaders: less than a minute, once all that is measured is compiled
    #[arg(long)]
    pub quick: bool,
    /// Count instructions, and compare with the committed baseline
    #[arg(long, conflicts_with_all = ["quick", "report", "rebase", "write_docs", "files"])]
    pub check: bool,
    /// Count instructions, and write them as the new baseline
    #[arg(long, conflicts_with_all = ["quick", "report", "write_docs", "files"])]
    pub rebase: bool,
    /// Write the README's tables and the pictures in docs/bench
    #[arg(long, conflicts_with_all = ["quick", "files"])]
    pub write_docs: bool,
    /// Write all numbers to this file
    #[arg(long, value_name = "FILE.json", value_parser = to_be_written())]
    pub report: Option<PathBuf>,
    /// Measure these objects instead (ELF, ET_REL); without --quick other loaders are compiled first,
    /// which takes some minutes
    #[arg(value_name = "OBJECT")]
    pub files: Vec<PathBuf>,
}

const BENCH_EXAMPLES: &str = "\
Exit codes: 0 measured, or as the baseline has it (--check); 1 a load takes over 2 % more instructions
than the baseline has; 2 a wrong command line; 3 a tool is missing. Where another compiler than the
baseline's is in use, --check says so and ends with 0.

Examples:
  cargo xtask bench --quick
  cargo xtask bench --report bench.json --write-docs
  cargo xtask bench driver.o
  cargo xtask bench --check";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Verb};
    use clap::Parser;

    fn bench(args: &[&str]) -> Result<BenchArgs, clap::Error> {
        let all = ["xtask", "bench"].iter().chain(args);
        Cli::try_parse_from(all).map(|cli| match cli.verb {
            Verb::Bench(args) => args,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_check_is_nothing_else() {
        assert!(bench(&["--check"]).unwrap().check);
        for other in ["--quick", "--rebase", "--write-docs", "a.o"] {
            assert!(bench(&["--check", other]).is_err(), "{other}");
        }
        assert!(bench(&["--rebase"]).unwrap().rebase);
        assert!(bench(&["--rebase", "--quick"]).is_err());
    }

    #[test]
    fn documents_are_of_whole_runs() {
        let args = bench(&["--report", "a.json", "--write-docs"]).unwrap();
        assert_eq!((args.report, args.write_docs), (Some("a.json".into()), true));
        assert!(bench(&["--quick", "--write-docs"]).is_err());
        assert!(bench(&["--write-docs", "a.o"]).is_err());
        assert_eq!(bench(&["--quick", "a.o", "b.o"]).unwrap().files.len(), 2);
    }
}
