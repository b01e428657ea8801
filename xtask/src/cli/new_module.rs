//! The command line of `new-module`.

use std::path::PathBuf;

use clap::Args;

use super::Machines;
use crate::new_module::{Language, Name};

/// The arguments of `new-module`.
///
/// Writes a folder of this name: a module that greets its arguments through the kernel, what it says
/// about itself, what it is built by (make, or cargo), and a README. Nothing is overwritten. Building it
/// makes one object for each machine, which `inspect` and `qemu` take.
#[derive(Debug, Args)]
#[command(after_help = NEW_MODULE_EXAMPLES)]
pub struct NewModuleArgs {
    /// What it is called: letters, digits, `-` and `_`
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// What it is written in
    #[arg(long, value_enum, value_name = "LANG")]
    pub lang: Language,
    /// The machine that it is built for; the default is all
    #[arg(long, value_enum, value_name = "ARCH")]
    pub arch: Option<Machines>,
    /// Where its folder goes; the default is here
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

const NEW_MODULE_EXAMPLES: &str = "\
Examples:
  cargo xtask new-module blink --lang c
  cargo xtask new-module blink --lang rust --arch riscv64 --dir ~/modules";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arch::Arch;
    use crate::cli::{Cli, Verb};

    fn parse(args: &[&str]) -> Result<NewModuleArgs, clap::Error> {
        let all = ["xtask", "new-module"].iter().chain(args);
        Cli::try_parse_from(all).map(|cli| match cli.verb {
            Verb::NewModule(args) => args,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_module_has_a_name_and_a_language() {
        let args = parse(&["blink", "--lang", "c++", "--arch", "riscv64"]).unwrap();
        assert_eq!((args.name.as_str(), args.lang), ("blink", Language::Cxx));
        assert_eq!(args.arch, Some(Machines::One(Arch::Riscv64)));
        assert_eq!(parse(&["blink", "--lang", "rust"]).unwrap().lang, Language::Rust);
        for bad in [&["blink"][..], &["--lang", "c"], &["a/b", "--lang", "c"]] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse(&["blink", "--lang", "fortran"]).is_err());
    }
}
