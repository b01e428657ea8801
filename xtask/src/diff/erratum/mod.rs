//! Cortex-A53 erratum 843419: which code is mended, and into what, by our loader, by ld.lld and by
//! GNU ld with their `--fix-cortex-a53-843419`.
//!
//! | file | what it does |
//! | --- | --- |
//! | `sides` | the same code at the same addresses, as each of the three makes it |
//! | `patches` | what was mended, read out of what became of code |
//!
//! Code made for it has a section for each sort of instruction; each goes to four places in a page.
//! Code as compilers write it is moved about, so that now one of its ADRPs lies at the end of a
//! page, and now another.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::corpus;
use super::linker::Kind;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::checks::Tally;
use crate::parallel;
use crate::process;
use crate::progress;
use crate::runtime;
use crate::setup::{Tools, root};

mod patches;
mod sides;

use patches::{Patches, is_known, loads_by_adrp};
use sides::{Code, Linker, Setting};

/// Longest that a compiler may take.
const LIMIT: Duration = Duration::from_secs(120);
/// Where code begins.
const BASE: u64 = 0x1000_0000;
/// How far from the code data lies that no ADR reaches.
const FAR: u64 = 0x0200_0000;
/// Bytes between two sections, at the least: GNU ld puts a page of its own behind each.
const APART: u64 = 0x2000;
const PAGE: u64 = 0x1000;
/// Where in a page the made code is put: its first word is one of the last two, and is not.
const PHASES: [u64; 4] = [0xff8, 0xffc, 0xff4, 0];
/// How often compiled code is moved.
const ROUNDS: usize = 12;
/// How much of it must be mended in all rounds together, or the comparison says nothing.
const MENDED: usize = 200;

/// What was mended in one place.
struct Compared {
    /// Where.
    setting: Setting,
    /// What our loader mended.
    ours: Patches,
}

/// Compares everything.
///
/// # Errors
/// A tool is missing, or the code cannot be compiled.
pub fn check(tools: &Tools, tally: &mut Tally) -> Result<()> {
    let linkers = [Linker::find(tools, Kind::Lld)?, Linker::find(tools, Kind::Bfd)?];
    let made = made(tools)?;
    let mut settings = Vec::new();
    for phase in PHASES {
        settings.extend([placed(&made, phase, false), placed(&made, phase, true)]);
    }
    let step = progress::counted("aarch64: code with an erratum", settings.len() + ROUNDS);
    for (setting, result) in compare_all(&linkers, &made, settings, &|| step.advance()) {
        let Setting { name, .. } = setting;
        let result = result.and_then(|compared| check_made(&made, &compared));
        tally.count(format!("erratum 843419, {name}"), result);
    }
    let compiled = compiled(tools)?;
    let settings = (0..ROUNDS).map(|round| moved(&compiled, round)).collect();
    let mut mended = 0;
    for (setting, result) in compare_all(&linkers, &compiled, settings, &|| step.advance()) {
        mended += result.as_ref().map_or(0, |compared| compared.ours.sites.len());
        tally.count(format!("erratum 843419, {}", setting.name), result);
    }
    step.finish();
    let enough = match mended {
        0..MENDED => Err(anyhow::anyhow!("{mended}: next to nothing is at the end of a page")),
        _ => Ok(()),
    };
    tally.count("erratum 843419, compiled code that is mended", enough);
    Ok(())
}

/// Compares in many places at once.
fn compare_all(
    linkers: &[Linker],
    code: &Code,
    settings: Vec<Setting>,
    done: &(dyn Fn() + Sync),
) -> Vec<(Setting, Result<Compared>)> {
    let results = parallel::map(&settings, |setting| {
        let result = compare(linkers, code, setting);
        done();
        result
    });
    settings.into_iter().zip(results).collect()
}

/// Mends with all three, and compares what was mended.
fn compare(linkers: &[Linker], code: &Code, setting: &Setting) -> Result<Compared> {
    let [plain, mended] = [false, true].map(|mend| sides::ours(code, setting, mend));
    let (plain, mended) = (plain?, mended?);
    let ours = Patches::find(code, setting, &plain, &mended).context("our loader")?;
    for linker in linkers {
        let kind = linker.kind;
        let [plain, mended] = [false, true].map(|mend| linker.link(code, setting, mend));
        let (plain, mended) = (plain?, mended?);
        let theirs = Patches::find(code, setting, &plain, &mended).context(kind.name())?;
        for &site in ours.sites.symmetric_difference(&theirs.sites) {
            let by_us = ours.sites.contains(&site);
            if !is_known(kind, by_us, &plain, site) {
                let who = if by_us { "our loader" } else { kind.name() };
                let where_ = setting.describe(code, site);
                bail!("{where_} ({site:#x}) is mended by {who} alone");
            }
        }
    }
    Ok(Compared { setting: setting.clone(), ours })
}

/// Whether our loader mends what the sections' names say, and in both ways where it can.
fn check_made(code: &Code, compared: &Compared) -> Result<()> {
    let Compared { setting, ours } = compared;
    for (text, &address) in code.texts.iter().zip(&setting.addresses) {
        let found: Vec<u64> = ours.sites.range(address..address + text.size).copied().collect();
        let at_end = matches!(address % PAGE, 0xff8 | 0xffc);
        let expected = at_end && text.name.starts_with(".text.mend");
        let pages = address..address + text.size - 8;
        let expected: Vec<u64> = match expected {
            true => pages.step_by(usize::try_from(PAGE)?).collect(),
            false => Vec::new(),
        };
        ensure!(found == expected, "{}: {found:x?} is mended, not {expected:x?}", text.name);
    }
    let (moved, made_adr) = (ours.moved, ours.sites.len() - ours.moved);
    let is_near = setting.name.contains("near");
    ensure!((made_adr != 0) == (is_near && !ours.sites.is_empty()), "{made_adr} became ADR");
    ensure!((moved == 0) == ours.sites.is_empty(), "{moved} loads or stores were moved");
    Ok(())
}

/// The code that is made for it.
fn made(tools: &Tools) -> Result<Code> {
    let source = root().join("xtask/src/diff/corpus/erratum-aarch64.S");
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let object = scratch.path().join("erratum.o");
    let mut command = Arch::Aarch64.clang(&tools.clang()?);
    command.arg("-c").arg(source).arg("-o").arg(&object);
    process::run(&mut command, LIMIT)?.checked("clang")?;
    let bytes = fs::read(&object).context("clang wrote no object")?;
    Code::new(vec![NamedBytes { name: "erratum.o".into(), bytes }])
}

/// Lua's objects and the C library's, as many as go together.
fn compiled(tools: &Tools) -> Result<Code> {
    let mut files = runtime::lua::demo(tools, Arch::Aarch64)?.objects;
    for path in runtime::build(tools, Arch::Aarch64)? {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files.extend(corpus::members("", &bytes)?.into_iter().flat_map(|module| module.files));
    }
    Code::new(sides::that_go_together(files)?)
}

/// The made code, every section at one place in a page, with data in the middle of it, so that an
/// ADR reaches from some sections and not from others; or far from all.
fn placed(code: &Code, phase: u64, near: bool) -> Setting {
    let (mut next, mut data) = (BASE, BASE + FAR);
    let mut addresses = Vec::new();
    for (at, text) in code.texts.iter().enumerate() {
        if near && at == code.texts.len() / 2 {
            data = next;
            next += sides::DATA_SIZE;
        }
        addresses.push(next + phase);
        next = (next + phase + text.size + APART).next_multiple_of(PAGE);
    }
    let distance = if near { "near" } else { "far" };
    Setting { name: format!("at {phase:#x}, data {distance}"), addresses, data }
}

/// Compiled code, each section so that one of its ADRPs with a load or store behind it is one of
/// the last two words of a page: in each round another one.
fn moved(code: &Code, round: usize) -> Setting {
    let mut next = BASE;
    let mut addresses = Vec::new();
    for text in &code.texts {
        let candidates = loads_by_adrp(text.bytes(code));
        let phase = candidates.get(round / 2 % candidates.len().max(1)).map_or(0, |offset| {
            let end = if round.is_multiple_of(2) { 0xff8 } else { 0xffc };
            (PAGE + end - offset % PAGE) % PAGE / text.align * text.align
        });
        addresses.push(next + phase);
        next = (next + phase + text.size + text.size / PAGE * 16 + APART).next_multiple_of(PAGE);
    }
    Setting { name: format!("compiled code, round {round}"), addresses, data: BASE + FAR }
}
