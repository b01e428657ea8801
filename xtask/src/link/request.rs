//! What a command line asks for: files read, members of archives chosen, names defined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use loader_core::{Archive, Binding, LinkInput, Name, Object, Plan, SymbolPlace};

use super::map::Text;
use super::place::{Define, Place};
use super::thread_locals::ThreadLocals;
use super::{Decision, Failure, Output, Placement};
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::cli::{LoaderArgs, UsageError};
use crate::selection;

/// What is to be linked, and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Objects and archives, in the order in which a linker gets them.
    pub files: Vec<PathBuf>,
    /// Where things go.
    pub places: Vec<Place>,
    /// The symbols that the objects do not define.
    pub defines: Vec<Define>,
    /// Where an executable starts.
    pub entry: Option<String>,
    /// Whether what nothing defines is 0.
    pub allow_undefined: bool,
    /// What the core is asked for.
    pub loader: LoaderArgs,
}

impl Request {
    /// Links.
    ///
    /// # Errors
    /// [`UsageError`] where the request makes no sense; anything else where the objects cannot be
    /// linked so.
    pub fn link(&self) -> Result<Output> {
        let files: Vec<_> =
            self.files.iter().map(|path| read(path)).collect::<Result<_>>().map_err(UsageError)?;
        let archives: Vec<_> =
            files.iter().map(archive).collect::<Result<_>>().map_err(UsageError)?;
        let mut inputs = Vec::new();
        for (file, archive) in files.iter().zip(&archives) {
            inputs.push(match archive {
                Some(archive) => LinkInput::Archive(archive),
                None => LinkInput::Object(parse(file)?),
            });
        }
        let objects = self.choose(&inputs)?;
        if objects.is_empty() {
            let why = "nothing of these archives is needed: name an object, or --entry";
            return Err(UsageError(anyhow!(why)).into());
        }
        self.check_names(&objects)?;
        let entry = self.entry.as_deref();
        let names: Vec<&str> = entry.into_iter().collect();
        let mut undefined = Vec::new();
        let linked = super::link(&objects, self.loader.plan_options(&names), |plan| {
            let placement = Placement::of(plan, &self.places).map_err(UsageError)?;
            undefined = self.undefined(plan)?;
            let defines = self.defines.iter();
            let mut symbols: BTreeMap<_, _> =
                defines.map(|define| (define.name.clone().into_bytes(), define.address)).collect();
            symbols.extend(undefined.iter().map(|name| (name.0.clone(), 0)));
            let arch = Arch::of_machine(plan.machine()).context("none of the machines")?;
            Ok(Decision { placement, symbols, thread_locals: ThreadLocals::of(arch, plan) })
        });
        let mut output = match linked {
            Ok(output) => output,
            Err(Failure::Core(error)) => bail!("{error}"),
            Err(Failure::Other(error)) => return Err(error),
        };
        output.map.undefined = undefined;
        if let Some(entry) = entry {
            let address = output.symbol(entry).or_else(|| {
                let defined = self.defines.iter().find(|define| define.name == entry)?;
                Some(super::Hex(defined.address))
            });
            let missing = || UsageError(anyhow!("--entry {entry}: nothing defines it"));
            output.map.entry = Some(address.ok_or_else(missing)?);
        }
        Ok(output)
    }

    /// The objects to be linked: members of archives as a linker takes them, the entry being needed.
    fn choose<'o>(&self, inputs: &[LinkInput<'_, 'o>]) -> Result<Vec<Object<'o>>> {
        let provided = |name: Name<'_>| {
            self.defines.iter().any(|define| define.name.as_bytes() == name.as_bytes())
        };
        let chosen = selection::choose(inputs, self.entry.as_deref(), &provided);
        let chosen = chosen.map_err(|error| anyhow!("{error}"))?;
        Ok(chosen.into_iter().map(|chosen| chosen.object).collect())
    }

    /// Refuses to define what an object defines, and what is defined twice.
    fn check_names(&self, objects: &[Object<'_>]) -> Result<()> {
        for (at, Define { name, .. }) in self.defines.iter().enumerate() {
            if self.defines.iter().skip(at + 1).any(|other| other.name == *name) {
                return Err(UsageError(anyhow!("--define {name} is given twice")).into());
            }
            let defines = |object: &&Object<'_>| {
                object.symbols().any(|(_, symbol)| {
                    symbol.name() == Name::from(name.as_str())
                        && symbol.binding() != Binding::Local
                        && symbol.place() != SymbolPlace::Undefined
                })
            };
            if let Some(object) = objects.iter().find(defines) {
                let why = anyhow!("--define {name}: {} defines it", object.name());
                return Err(UsageError(why).into());
            }
        }
        Ok(())
    }

    /// What nothing defines, and must be: allowed to be 0.
    fn undefined(&self, plan: &Plan<'_, '_>) -> Result<Vec<Text>> {
        let is_defined = |name: Name<'_>| {
            self.defines.iter().any(|define| define.name.as_bytes() == name.as_bytes())
        };
        let missing: Vec<_> =
            plan.imports().filter(|import| !import.weak && !is_defined(import.name)).collect();
        // A thread-local variable is nowhere at 0, nor at an address that is defined.
        let refused: Vec<String> = missing
            .iter()
            .filter(|import| !self.allow_undefined || import.thread_local)
            .map(|import| format!("{} (for {})", import.name, plan.objects()[import.object].name()))
            .collect();
        if !refused.is_empty() {
            bail!(
                "undefined: {}; link what defines them as well, or --define NAME=0x…",
                refused.join(", ")
            );
        }
        Ok(missing.into_iter().map(|import| import.name.into()).collect())
    }
}

/// Reads a file, which keeps the name that the command line has for it.
fn read(path: &Path) -> Result<NamedBytes> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    if !Archive::is_archive(&bytes) {
        Arch::of_object(&bytes).with_context(|| format!("{shown} is refused"))?;
    }
    Ok(NamedBytes { name: shown.to_string(), bytes })
}

fn archive(file: &NamedBytes) -> Result<Option<Archive<'_>>> {
    if !Archive::is_archive(&file.bytes) {
        return Ok(None);
    }
    let archive = Archive::parse(&file.name, &file.bytes);
    archive.map(Some).map_err(|error| anyhow!("{error}"))
}

fn parse(file: &NamedBytes) -> Result<Object<'_>> {
    Object::parse(&file.name, &file.bytes).map_err(|error| anyhow!("{error}"))
}
