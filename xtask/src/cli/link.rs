//! The command line of `link`.

use std::path::PathBuf;

use clap::Args;

use super::LoaderArgs;
use crate::link::Format;
use crate::link::place::{Define, Place};

/// The arguments of `link`.
///
/// The loader's core links the objects, as if they were loaded at these addresses. A map in JSON
/// says where everything is (docs/link-map.md). Members of archives are taken as they are needed,
/// in the order of the command line.
#[derive(Debug, Args)]
#[command(after_help = LINK_EXAMPLES)]
pub struct LinkArgs {
    /// Where segments go (text, rodata, data), and sections that lie by themselves
    /// (FILE:SECTION, or FILE:#INDEX)
    #[arg(long, value_name = "WHAT=0x…", value_delimiter = ',', value_parser = Place::parse)]
    pub place: Vec<Place>,
    /// The address of a symbol that the objects do not define; can be given more than once
    #[arg(long, value_name = "NAME=0x…", value_parser = Define::parse)]
    pub define: Vec<Define>,
    /// The function at which an executable starts
    #[arg(long, value_name = "SYMBOL")]
    pub entry: Option<String>,
    /// Take 0 for what nothing defines
    #[arg(long)]
    pub allow_undefined: bool,
    #[command(flatten)]
    pub loader: LoaderArgs,
    /// What to write: a file for each segment, or one executable
    #[arg(long, value_enum, default_value_t = Format::Raw)]
    pub format: Format,
    /// The folder for the files; it is made where it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Where the map goes; the default is map.json in the folder
    #[arg(long, value_name = "FILE.json")]
    pub map: Option<PathBuf>,
    /// Objects (ELF, ET_REL) and archives
    #[arg(value_name = "OBJECT|ARCHIVE", required = true)]
    pub files: Vec<PathBuf>,
}

const LINK_EXAMPLES: &str = "\
Examples:
  cargo xtask link app.o libhal.a --place text=0x8000000,rodata=0x8010000,data=0x20000000 \\
      --define uart_write=0x1000 --out build
  cargo xtask link app.o --place text=0x8000000,rodata=0x8010000,app.o:.text.hot=0x10000000 --out build
  cargo xtask link app.o --place text=0x40100000,rodata=0x40200000 --entry start --format elf --out build";
