//! Compiling many C sources for a machine, on all processors.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolFlags, SymbolKind, elf};

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::parallel;
use crate::process;
use crate::progress;

/// What one file may take at most, on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(300);

/// A source, and what to call its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The source.
    pub source: PathBuf,
    /// The object's name.
    pub name: String,
}

impl Unit {
    /// A source whose object is named like it, behind `prefix`.
    pub fn new(source: PathBuf, prefix: &str) -> Self {
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{prefix}{stem}.o");
        Self { source, name }
    }
}

/// The flags that choose the machine.
pub fn machine_flags(arch: Arch) -> Vec<String> {
    let target = format!("--target={}", arch.clang_target());
    std::iter::once(target).chain(arch.clang_flags().iter().map(ToString::to_string)).collect()
}

/// `-isystem` and the path.
///
/// # Errors
/// The path is not Unicode.
pub fn system_headers(path: &Path) -> Result<[String; 2]> {
    Ok(["-isystem".into(), text(path)?])
}

/// The path as a flag.
///
/// # Errors
/// It is not Unicode.
pub fn text(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not Unicode", path.display()))?;
    Ok(text.to_owned())
}

/// Bytes as what initialises an array of `char`, each with a comma behind it.
pub fn bytes_as_c(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        // As a signed number, or it would not fit into a `char` of machines where that is signed.
        let separator = if at.is_multiple_of(20) { "\n    " } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{},", byte.cast_signed());
    }
    text
}

/// Compiles `units`; the objects come in their order.
///
/// # Errors
/// One does not compile: what the compiler said. Or an object holds what no module may.
pub fn compile(
    clang: &Path,
    flags: &[String],
    units: &[Unit],
    message: impl Into<String>,
) -> Result<Vec<NamedBytes>> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let step = progress::counted(message, units.len());
    let objects = parallel::map(units, |unit| {
        let object = scratch.path().join(&unit.name);
        let mut command = Command::new(clang);
        command.args(flags).arg("-c").arg(&unit.source).args([OsStr::new("-o"), object.as_ref()]);
        let done = process::run(&mut command, LIMIT)?;
        done.checked("clang").with_context(|| format!("in {}", unit.source.display()))?;
        let bytes = fs::read(&object).with_context(|| format!("no object {}", unit.name))?;
        if let Some(what) = unloadable(&bytes) {
            bail!("{} has {what}, which modules may not have", unit.source.display());
        }
        step.advance();
        Ok(NamedBytes { name: unit.name.clone(), bytes })
    });
    let objects: Result<Vec<_>> = objects.into_iter().collect();
    if objects.is_ok() {
        step.finish();
    }
    objects
}

/// What in an object a module of the runtime may not have: thread-local storage, and symbols
/// that only running code can resolve.
pub fn unloadable(object: &[u8]) -> Option<&'static str> {
    let file = object::File::parse(object).ok()?;
    let tls = |kind| matches!(kind, SectionKind::Tls | SectionKind::UninitializedTls);
    if file.sections().any(|section| tls(section.kind()))
        || file.symbols().any(|symbol| symbol.kind() == SymbolKind::Tls)
    {
        return Some("thread-local storage");
    }
    let indirect = |flags| match flags {
        SymbolFlags::Elf { st_info, .. } => st_info.st_type() == elf::STT_GNU_IFUNC,
        _ => false,
    };
    let indirect = file.symbols().any(|symbol| indirect(symbol.flags()));
    indirect.then_some("an indirect function")
}
