//! What a case says about itself: the `//!` lines at the top of its source.
//!
//! The language is described in `qemu-tests/cases/README.md`.

use anyhow::{Context, Result, bail, ensure};
use qemu_protocol::{Ended, Harts, ManagerKind, Options, Soak, Task};

use super::damage::Damage;
use super::settings::Settings;
use super::variants::Compiler;
use crate::arch::Arch;

/// The marker of a directive.
const MARK: &str = "//!";

/// All that a case's source says about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Directives {
    lines: Vec<Line>,
}

/// One directive, and where it applies.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// Empty: on every machine.
    archs: Vec<Arch>,
    /// Empty: with every compiler.
    compilers: Vec<Compiler>,
    directive: Directive,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub enum Directive {
    Archive(String, Vec<String>),
    Archs(Vec<Arch>),
    Args(Vec<String>),
    Away(Vec<u64>),
    Compilers(Vec<Compiler>),
    Damage(Damage, Sentence),
    DynamicThreadLocals,
    Entry(String),
    Expect(Expectation),
    Far(Vec<u64>),
    Flags(Vec<Vec<String>>),
    Harts(Harts),
    Holds(Vec<String>),
    Library,
    LongText,
    Manager(ManagerKind),
    NotInUserMode,
    Options(Options),
    Orders,
    Output(String),
    Limit(u32),
    Repeat(u32),
    Stubs(u32),
    Taken(String),
    Task(Task),
    With(Vec<String>),
}

/// How a program must fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It may run as it otherwise would, or be refused: what matters is that all is well after.
    Any,
    /// It runs, and ends like this.
    Ends(Ended),
    /// It faults within its limit, and what is said of that, its kind first, holds these words.
    Faults(Vec<String>),
    /// It does not end within its limit, and is stopped where these words say.
    TimesOut(String),
    /// The loader refuses it.
    Refused(Refusal),
}

/// A refusal that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The phases that may refuse; empty: any.
    pub phases: Vec<String>,
    /// What the message must hold.
    pub words: Vec<String>,
}

/// What a damaged object comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Whatever [`Expectation::Any`] allows.
    Any,
    /// A refusal.
    Refused(Refusal),
    /// Nothing: the program runs as if it were whole.
    Runs,
}

impl Directives {
    /// Reads the comment at the top of `source`; `None` where it holds no directive, because the
    /// file is part of another case or the case has nothing to say.
    ///
    /// # Errors
    /// A directive that is not known, or does not make sense: which line it is.
    pub fn read(source: &str) -> Result<Self> {
        let mut directives = Self::default();
        for (number, line) in source.lines().enumerate() {
            if let Some(text) = line.strip_prefix(MARK) {
                let parsed = parse_line(text).with_context(|| format!("line {}", number + 1))?;
                directives.lines.push(parsed);
            } else if !line.starts_with("//") {
                break;
            }
        }
        Ok(directives)
    }

    /// The machines that the case is for.
    pub fn archs(&self) -> Vec<Arch> {
        let said = self.lines.iter().rev().find_map(|line| match &line.directive {
            Directive::Archs(archs) => Some(archs.clone()),
            _ => None,
        });
        said.unwrap_or_else(|| Arch::ALL.to_vec())
    }

    /// The compilers to use, where the case says so.
    pub fn compilers(&self) -> Option<Vec<Compiler>> {
        self.lines.iter().rev().find_map(|line| match &line.directive {
            Directive::Compilers(compilers) => Some(compilers.clone()),
            _ => None,
        })
    }

    /// The further sources that any machine or compiler uses.
    pub fn companions(&self) -> impl Iterator<Item = &str> {
        let with = self.lines.iter().filter_map(|line| match &line.directive {
            Directive::Archive(_, names) | Directive::With(names) => Some(names),
            _ => None,
        });
        with.flatten().map(String::as_str)
    }

    /// What holds for one machine and one compiler. Lines that can be repeated add up; of the
    /// others the last one counts.
    pub fn settings(&self, arch: Arch, compiler: Compiler) -> Settings {
        let mut settings = Settings::default();
        for line in self.lines.iter().filter(|line| line.applies(arch, compiler)) {
            settings.take(&line.directive);
        }
        settings
    }
}

impl Line {
    fn applies(&self, arch: Arch, compiler: Compiler) -> bool {
        (self.archs.is_empty() || self.archs.contains(&arch))
            && (self.compilers.is_empty() || self.compilers.contains(&compiler))
    }
}

fn parse_line(text: &str) -> Result<Line> {
    let (head, value) = text.split_once(':').context("a directive is `//! KEY: VALUE`")?;
    let mut head = head.split_whitespace();
    let key = head.next().context("a directive is `//! KEY: VALUE`")?;
    let (mut archs, mut compilers) = (Vec::new(), Vec::new());
    for word in head {
        match (arch(word), Compiler::named(word)) {
            (Some(arch), _) => archs.push(arch),
            (None, Some(compiler)) => compilers.push(compiler),
            (None, None) => bail!("`{word}` is neither a machine nor a compiler"),
        }
    }
    let directive = parse_directive(key, value).with_context(|| format!("in `{key}`"))?;
    Ok(Line { archs, compilers, directive })
}

fn parse_directive(key: &str, value: &str) -> Result<Directive> {
    let text = value.trim();
    let words = || text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    Ok(match key {
        "arch" => {
            let (names, reason) = text.split_once(';').context("say why: `ARCH…; REASON`")?;
            ensure!(!reason.trim().is_empty(), "say why: `ARCH…; REASON`");
            let archs = names.split_whitespace().map(|name| arch(name).context("no such machine"));
            Directive::Archs(archs.collect::<Result<_>>()?)
        }
        "archive" => {
            let mut words = words().into_iter();
            let name = words.next().context("`NAME SOURCE…`")?;
            Directive::Archive(name, words.collect())
        }
        "args" => Directive::Args(arguments(text)?),
        "away" => Directive::Away(distances(text)?),
        "compilers" => {
            let compilers = text
                .split_whitespace()
                .map(|name| Compiler::named(name).context("no such compiler"));
            Directive::Compilers(compilers.collect::<Result<_>>()?)
        }
        "damage" => {
            let (damage, sentence) = text.split_once("=>").context("what comes of it: `=> …`")?;
            Directive::Damage(Damage::parse(damage)?, sentence.parse()?)
        }
        "entry" => Directive::Entry(one_word(text)?),
        "expect" => Directive::Expect(expectation(text)?),
        "far" => Directive::Far(distances(text)?),
        "flags" => {
            let sets = text.split('|');
            let set = |set: &str| set.split_whitespace().map(str::to_owned).collect();
            Directive::Flags(sets.map(set).collect())
        }
        "harts" => Directive::Harts(match text {
            "both" => Harts::Both,
            "second" => Harts::Second,
            _ => bail!("`both` or `second`"),
        }),
        "holds" => Directive::Holds(words()),
        "limit" => Directive::Limit(text.parse().context("milliseconds")?),
        "library" => {
            ensure!(text == "picolibc", "the one value is `picolibc`");
            Directive::Library
        }
        "manager" => Directive::Manager(match text {
            "arenas" => ManagerKind::Arenas,
            "fixed" => ManagerKind::Fixed,
            "mpu" => ManagerKind::Mpu,
            "shared" => ManagerKind::Shared,
            _ => bail!("`arenas`, `fixed`, `mpu` or `shared`"),
        }),
        "options" => {
            let mut options = Options::default();
            for word in text.split_whitespace() {
                match word {
                    "debug" => options.debug = true,
                    "erratum_843419" => options.erratum_843419 = true,
                    "gc_sections" => options.gc_sections = true,
                    "group_cycles" => options.group_cycles = true,
                    "in_place" => options.in_place = true,
                    "user" => options.user = true,
                    _ => bail!(
                        "the values are `debug`, `erratum_843419`, `gc_sections`, `group_cycles`, `in_place` and `user`"
                    ),
                }
            }
            Directive::Options(options)
        }
        "orders" => {
            ensure!(text == "both", "the one value is `both`");
            Directive::Orders
        }
        "output" => Directive::Output(value.strip_prefix(' ').unwrap_or(value).to_owned()),
        "refused" => Directive::Expect(Expectation::Refused(refusal(text)?)),
        "repeat" => Directive::Repeat(text.parse().context("a number")?),
        "stubs" => Directive::Stubs(text.parse().context("a number")?),
        "taken" => Directive::Taken(text.to_owned()),
        "task" => Directive::Task(task(text)?),
        "text" => {
            ensure!(text == "long", "the one value is `long`");
            Directive::LongText
        }
        "thread-locals" => {
            ensure!(text == "dynamic", "the one value is `dynamic`");
            Directive::DynamicThreadLocals
        }
        "user" => {
            ensure!(text.starts_with("no; "), "the one value is `no`, then `;` and why");
            Directive::NotInUserMode
        }
        "with" => Directive::With(words()),
        _ => bail!("no such directive"),
    })
}

impl std::str::FromStr for Sentence {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim() {
            "any" => Self::Any,
            "runs" => Self::Runs,
            text => Self::Refused(refusal(text)?),
        })
    }
}

/// `PHASE…`, or `*`, then what the message must hold: `; WORDS, WORDS`.
fn refusal(text: &str) -> Result<Refusal> {
    const PHASES: [&str; 10] = [
        "parse", "select", "order", "registry", "plan", "place", "map", "resolve", "seal", "entry",
    ];
    let (phases, words) = text.split_once(';').unwrap_or((text, ""));
    let phases: Vec<String> = phases.split_whitespace().map(str::to_owned).collect();
    ensure!(!phases.is_empty(), "which phase refuses? `*` for any");
    let words = words.split(',').map(|words| words.trim().to_owned());
    let words = words.filter(|words| !words.is_empty()).collect();
    if phases == ["*"] {
        return Ok(Refusal { phases: Vec::new(), words });
    }
    for phase in &phases {
        ensure!(PHASES.contains(&phase.as_str()), "`{phase}` is no phase");
    }
    Ok(Refusal { phases, words })
}

fn expectation(text: &str) -> Result<Expectation> {
    if let Some(place) = text.strip_prefix("timed out at ") {
        return Ok(Expectation::TimesOut(place.to_owned()));
    }
    Ok(match text.strip_prefix("faulted ") {
        Some(words) => {
            Expectation::Faults(words.split(',').map(|words| words.trim().to_owned()).collect())
        }
        None => Expectation::Ends(ended(text)?),
    })
}

fn ended(text: &str) -> Result<Ended> {
    let mut words = text.split_whitespace();
    let ended = match (words.next(), words.next()) {
        (Some("returned"), Some(value)) => Ended::Returned(value.parse().context("a number")?),
        (Some("exited"), Some(value)) => Ended::Exited(value.parse().context("a number")?),
        (Some("aborted"), None) => Ended::Aborted,
        _ => bail!("`returned N`, `exited N`, `aborted`, `faulted WORDS` or `timed out at PLACE`"),
    };
    ensure!(words.next().is_none(), "too many words");
    Ok(ended)
}

fn task(text: &str) -> Result<Task> {
    Ok(match text.split_once(' ').unwrap_or((text, "")) {
        ("failures", "") => Task::Failures,
        ("order", "") => Task::Order,
        ("reload", "") => Task::Reload,
        ("soak", loads) => {
            let loads = loads.parse().context("`soak N`")?;
            Task::Soak(Soak { loads, seed: Soak::SEED })
        }
        ("teardown", "") => Task::Teardown,
        _ => bail!("`failures`, `order`, `reload`, `soak N` or `teardown`"),
    })
}

/// Words, of which those in double quotes may hold spaces.
fn arguments(text: &str) -> Result<Vec<String>> {
    let mut args = Vec::new();
    let parts: Vec<&str> = text.split('"').collect();
    ensure!(parts.len() % 2 == 1, "a quote is not closed");
    for (number, part) in parts.into_iter().enumerate() {
        if number % 2 == 1 {
            args.push(part.to_owned());
        } else {
            args.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    Ok(args)
}

/// `N MiB` or `N GiB`, `|` between several.
fn distances(text: &str) -> Result<Vec<u64>> {
    text.split('|').map(|text| bytes(text.trim())).collect()
}

fn bytes(text: &str) -> Result<u64> {
    let (number, unit) = text.split_once(' ').context("`N MiB` or `N GiB`")?;
    let unit: u64 = match unit {
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => bail!("`N MiB` or `N GiB`"),
    };
    let number: u64 = number.parse().context("a number")?;
    number.checked_mul(unit).filter(|&bytes| bytes != 0).context("too much or nothing")
}

fn one_word(text: &str) -> Result<String> {
    ensure!(text.split_whitespace().count() == 1, "one word");
    Ok(text.to_owned())
}

fn arch(name: &str) -> Option<Arch> {
    Arch::ALL.into_iter().find(|arch| arch.name() == name)
}

#[cfg(test)]
#[path = "directives_tests.rs"]
mod tests;
