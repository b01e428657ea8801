//! From a case to programs: every variant compiled, every damage done.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use qemu_protocol::{Harts, Options, Surroundings, Task};

use super::compile;
use super::directives::{Expectation, Sentence};
use super::discover::Case;
use super::facts::facts;
use super::judge::Verdict;
use super::libraries::Libraries;
use super::settings::Settings;
use super::variants::{Compiler, Variant};
use crate::arch::Arch;
use crate::archive::{Linker, NamedBytes};
use crate::runtime;
use crate::selection::{self, by_image};
use crate::setup::Tools;

/// Something that passes or fails: a case in one variant, with one damage where it has some.
#[derive(Debug)]
pub struct Test {
    /// The case, the variant and the damage.
    pub name: String,
    /// The programs to run: more than one where many copies are damaged.
    pub trials: Vec<Trial>,
    /// What went wrong before there was anything to run.
    pub failure: Option<String>,
}

/// A program and how it should fare.
#[derive(Debug)]
pub struct Trial {
    /// Its objects.
    pub files: Vec<File>,
    /// Its archives.
    pub archives: Vec<File>,
    /// The function to call.
    pub entry: String,
    /// `argv`, from `argv[1]` on.
    pub args: Vec<String>,
    /// How often to load and run it.
    pub repeat: u32,
    /// What it asks of the loader.
    pub options: Options,
    /// What it finds around it.
    pub surroundings: Surroundings,
    /// What is done with it.
    pub task: Task,
    /// How it should fare.
    pub verdict: Verdict,
}

/// An object; copies share the bytes.
#[derive(Clone, Debug)]
pub struct File {
    /// What reports and errors call it.
    pub name: String,
    /// Its contents.
    pub bytes: Arc<[u8]>,
}

/// All tests of `case` for `arch`.
pub fn tests(tools: &Tools, case: &Case, arch: Arch, libraries: &Libraries) -> Vec<Test> {
    let compilers = case.directives.compilers();
    let compilers = compilers.as_deref().unwrap_or(case.language.compilers());
    let mut tests = Vec::new();
    for &compiler in compilers {
        let settings = case.directives.settings(arch, compiler);
        let mut held = BTreeSet::new();
        for variant in variants(case, &settings, arch, compiler) {
            let name = format!("{} [{variant}]", case.name);
            let is_twin = variant.options.user && !settings.options.user;
            match program(tools, case, &settings, arch, &variant, libraries) {
                Ok((files, archives))
                    if is_twin && !run_in_user_mode(&files, &archives, &settings, libraries) => {}
                Ok((files, archives)) => {
                    held.extend(
                        files.iter().flat_map(|file| facts(&file.bytes).unwrap_or_default()),
                    );
                    let own = compile::object_name(&case.source);
                    let Variant { options, surroundings, .. } = variant;
                    let archives = &archives;
                    let given = Given { settings: &settings, archives, options, surroundings };
                    tests.extend(damaged(&name, given, &case.text, &own, files));
                }
                Err(error) => tests.push(Test::failed(name, format!("{error:#}"))),
            }
        }
        let missing: Vec<&str> = settings
            .holds
            .iter()
            .filter(|fact| !held.contains(*fact))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let name = format!("{} [{}]", case.name, compiler.name());
            let missing = missing.join(", ");
            tests.push(Test::failed(name, format!("no object holds {missing} any more")));
        }
    }
    tests
}

impl Test {
    fn failed(name: String, failure: String) -> Self {
        Self { name, trials: Vec::new(), failure: Some(failure) }
    }
}

fn variants(case: &Case, settings: &Settings, arch: Arch, compiler: Compiler) -> Vec<Variant> {
    let usual = || {
        let sets = case.language.flags(arch).iter();
        sets.map(|set| set.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let sets: Vec<Vec<String>> = settings.flags.clone().unwrap_or_else(usual);
    let orders: &[bool] = if settings.both_orders { &[false, true] } else { &[false] };
    let surroundings = surroundings(settings);
    let mut variants = Vec::new();
    let count = sets.len();
    for (number, flags) in sets.into_iter().enumerate() {
        let mut asked = options(settings, arch, number);
        if number == count / 2 && is_plain(settings) {
            asked.push(Options { user: true, ..settings.options });
        }
        let ways = orders.iter().flat_map(|order| asked.iter().map(move |asked| (*order, *asked)));
        for (reversed, options) in ways {
            variants.extend(surroundings.iter().map(|&surroundings| Variant {
                compiler,
                flags: flags.clone(),
                reversed,
                options,
                surroundings,
            }));
        }
    }
    variants
}

/// What programs of a case ask of the loader, each in turn: on RISC-V those of every other set of
/// flags are relaxed, too, but for damaged ones.
fn options(settings: &Settings, arch: Arch, set: usize) -> Vec<Options> {
    let mut all = vec![settings.options];
    if arch == Arch::Riscv64 && set.is_multiple_of(2) && settings.damages.is_empty() {
        all.push(Options { relaxation: true, ..settings.options });
    }
    all
}

/// Whether a case may be run in user mode as well: one that ends by itself, beside the image and on the
/// first hart.
fn is_plain(settings: &Settings) -> bool {
    let Settings { away, far, harts, dynamic_thread_locals, task, damages, options, twin, .. } =
        settings;
    let ends = matches!(settings.expect, Expectation::Ends(_) | Expectation::TimesOut(_));
    let is_beside = away.is_empty() && far.is_empty() && *harts == Harts::First;
    let is_usual = !dynamic_thread_locals && *task == Task::Call && damages.is_empty();
    *twin
        && ends
        && is_beside
        && is_usual
        && !options.in_place
        && !options.user
        && settings.entry == "main"
}

/// Whether all that a program needs is there in user mode.
fn run_in_user_mode(
    files: &[File],
    archives: &[File],
    settings: &Settings,
    libraries: &Libraries,
) -> bool {
    let [files, archives] = [files, archives].map(lent);
    let linker = selection::linker(&files, &archives, &settings.entry, &by_image);
    libraries.run_in_user_mode(&linker)
}

/// What programs of a case find around them, each in turn.
fn surroundings(settings: &Settings) -> Vec<Surroundings> {
    let Settings { dynamic_thread_locals, harts, limit_ms, long_text, manager, .. } = *settings;
    let usual = Surroundings::default();
    let usual =
        Surroundings { dynamic_thread_locals, harts, limit_ms, long_text, manager, ..usual };
    let away = settings.away.iter().map(|&away| Surroundings { away, ..usual });
    let far = settings.far.iter().map(|&far| Surroundings { far, ..usual });
    let all: Vec<_> = away.chain(far).collect();
    if all.is_empty() { vec![usual] } else { all }
}

impl Trial {
    /// A linker that has added all that the program is made of.
    pub fn linker(&self) -> Linker {
        let [files, archives] = [&self.files, &self.archives].map(|files| lent(files));
        selection::linker(&files, &archives, &self.entry, &by_image)
    }
}

/// The program's objects, the case's own first, whatever the order they are handed over in; and its
/// archives.
fn program(
    tools: &Tools,
    case: &Case,
    settings: &Settings,
    arch: Arch,
    variant: &Variant,
    libraries: &Libraries,
) -> Result<(Vec<File>, Vec<File>)> {
    let folder = case.source.parent().context("a case has a folder")?;
    let by = (variant.compiler, &variant.flags[..]);
    let mut objects = compile(tools, case, settings, arch, by)?;
    let mut archives = Vec::new();
    for (name, members) in &settings.archives {
        let members = members.iter().map(|name| compiled(tools, &folder.join(name), arch, by));
        let bytes = runtime::in_memory(&members.collect::<Result<Vec<_>>>()?)?;
        archives.push(NamedBytes { name: name.clone(), bytes });
    }
    if settings.library {
        for path in [tools.picolibc(arch)?, tools.libgcc(arch)?] {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            archives.push(NamedBytes { name, bytes: std::fs::read(&path)? });
        }
    }
    if variant.compiler == Compiler::Rustc {
        let members = libraries.rust_for(&objects);
        objects.extend(members);
    }
    if variant.reversed {
        objects.reverse();
    }
    let files = |all: Vec<NamedBytes>| all.into_iter().map(File::from).collect();
    Ok((files(objects), files(archives)))
}

fn lent(files: &[File]) -> Vec<selection::File<'_>> {
    files.iter().map(|file| (&*file.name, &*file.bytes)).collect()
}

/// What a compiler, given these flags, makes of the case's sources, its own first.
///
/// # Errors
/// The compiler is missing, or refuses one of them.
pub fn compile(
    tools: &Tools,
    case: &Case,
    settings: &Settings,
    arch: Arch,
    by: (Compiler, &[String]),
) -> Result<Vec<NamedBytes>> {
    let folder = case.source.parent().context("a case has a folder")?;
    let sources = settings.with.iter().map(|name| folder.join(name));
    let sources: Vec<PathBuf> = [case.source.clone()].into_iter().chain(sources).collect();
    sources.iter().map(|source| compiled(tools, source, arch, by)).collect()
}

fn compiled(
    tools: &Tools,
    source: &Path,
    arch: Arch,
    (compiler, flags): (Compiler, &[String]),
) -> Result<NamedBytes> {
    let bytes = compile::object(tools, arch, source, compiler, flags)?;
    Ok(NamedBytes { name: compile::object_name(source), bytes })
}

impl From<NamedBytes> for File {
    fn from(named: NamedBytes) -> Self {
        Self { name: named.name, bytes: named.bytes.into() }
    }
}

/// What a program is given beside its objects.
#[derive(Clone, Copy)]
struct Given<'s> {
    settings: &'s Settings,
    archives: &'s [File],
    options: Options,
    surroundings: Surroundings,
}

/// The tests of one compiled program: itself, or one for each damage to the object called `own`.
fn damaged(
    name: &str,
    given: Given<'_>,
    source: &Arc<str>,
    own: &str,
    files: Vec<File>,
) -> Vec<Test> {
    let settings = given.settings;
    let times = if settings.harts == Harts::Both { 2 } else { 1 } * settings.repeat as usize;
    let runs = Verdict {
        expect: settings.expect.clone(),
        output: settings.output.repeat(times),
        stubs: settings.stubs,
        taken: settings.taken.clone(),
        source: Arc::clone(source),
    };
    if settings.damages.is_empty() {
        let trials = vec![trial(given, files, runs)];
        return vec![Test { name: name.into(), trials, failure: None }];
    }
    let each = settings.damages.iter().map(|(damage, sentence)| {
        let name = format!("{name} {damage}");
        let mut verdict = runs.clone();
        match sentence {
            Sentence::Any => verdict.expect = Expectation::Any,
            Sentence::Refused(refusal) => verdict.expect = Expectation::Refused(refusal.clone()),
            Sentence::Runs => {}
        }
        let Some(at) = files.iter().position(|file| file.name == own) else {
            return Test::failed(name, format!("there is no {own} to damage"));
        };
        match files.get(at).map_or(Ok(Vec::new()), |own| damage.apply(&own.bytes)) {
            Ok(copies) => {
                let trials = copies.into_iter().map(|bytes| {
                    let mut files = files.clone();
                    if let Some(own) = files.get_mut(at) {
                        own.bytes = bytes.into();
                    }
                    trial(given, files, verdict.clone())
                });
                Test { name, trials: trials.collect(), failure: None }
            }
            Err(error) => Test::failed(name, format!("{error:#}")),
        }
    });
    each.collect()
}

fn trial(given: Given<'_>, files: Vec<File>, verdict: Verdict) -> Trial {
    let Given { settings, archives, options, surroundings } = given;
    Trial {
        files,
        archives: archives.to_vec(),
        entry: settings.entry.clone(),
        args: settings.args.clone(),
        repeat: settings.repeat,
        options,
        surroundings,
        task: settings.task,
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::damage_sample::sample;
    use crate::cases::directives::Directives;

    fn settings(source: &str) -> Settings {
        Directives::read(source).unwrap().settings(Arch::X86_64, Compiler::Gcc)
    }

    fn given(settings: &Settings) -> Given<'_> {
        let (options, surroundings) = (Options::default(), Surroundings::default());
        Given { settings, archives: &[], options, surroundings }
    }

    fn files() -> Vec<File> {
        let file = |name: &str| File { name: name.into(), bytes: sample().into() };
        vec![file("other.o"), file("own.o")]
    }

    #[test]
    fn a_whole_program_is_one_test() {
        let settings = settings("//! repeat: 3\n//! output: x\n");
        let [test] =
            damaged("name", given(&settings), &"".into(), "own.o", files()).try_into().unwrap();
        let [trial] = test.trials.try_into().unwrap();
        assert_eq!((trial.files.len(), trial.repeat), (2, 3));
        assert_eq!(trial.verdict.output, "x\nx\nx\n");
    }

    #[test]
    fn a_program_on_both_harts_prints_for_each() {
        let settings = settings("//! harts: both\n//! repeat: 2\n//! output: x\n");
        let tests = damaged("name", given(&settings), &"".into(), "own.o", files());
        assert_eq!(tests[0].trials[0].verdict.output, "x\nx\nx\nx\n");
        assert_eq!(super::surroundings(&settings)[0].harts, Harts::Both);
    }

    #[test]
    fn each_damage_is_a_test_and_hits_the_cases_own_object() {
        let settings = settings(
            "//! damage: truncate 5 => parse\n//! damage: mutate 20 => *\n\
             //! damage: symbol nobody st_name = 1 => *\n",
        );
        let tests = damaged("name", given(&settings), &"".into(), "own.o", files());
        let trials: Vec<usize> = tests.iter().map(|test| test.trials.len()).collect();
        assert_eq!(trials, [1, 20, 0]);
        assert_eq!(tests[0].name, "name truncate 5");
        assert_eq!(tests[0].trials[0].files[1].bytes.len(), 5);
        assert_eq!(*tests[1].trials[3].files[0].bytes, *sample());
        assert!(tests[2].failure.as_ref().unwrap().contains("nobody"));
    }
}
