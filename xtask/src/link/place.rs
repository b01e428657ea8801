//! Where things go: `--place` and `--define`, read and held against a plan.

use std::fmt;

use anyhow::{Result, anyhow, bail, ensure};
use loader_core::{ObjectName, Plan, PlannedSection, SegmentKind};
use object::elf::SHF_TLS;

/// One item of `--place`: what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What is placed.
    pub what: What,
    /// Its address.
    pub address: u64,
}

/// What an item of `--place` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A section of one file, by its name or as `#INDEX`.
    Section(String, String),
    /// All of a kind but for the sections that are placed by themselves.
    Segment(SegmentKind),
}

/// `--define`: a symbol, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Define {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: u64,
}

/// Where everything goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The addresses of the segments, in the order of their kinds.
    pub segments: [u64; 3],
    /// Sections that lie by themselves: object, index, address.
    pub sections: Vec<(usize, u32, u64)>,
}

impl Place {
    /// Reads an item: `text=0x1000`, `a.o:.text.hot=0x2000` or `a.o:#5=0x2000`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        let (what, address) =
            text.rsplit_once('=').ok_or_else(|| anyhow!("`{text}` has no `=0x…`"))?;
        let address = number(address)?;
        let what = match what.rsplit_once(':') {
            Some((file, section)) if !file.is_empty() && !section.is_empty() => {
                What::Section(file.into(), section.into())
            }
            Some(_) => bail!("`{what}`: a section is FILE:SECTION"),
            None => {
                let kind = SegmentKind::ALL.into_iter().find(|kind| kind.name() == what);
                What::Segment(kind.ok_or_else(|| {
                    anyhow!("`{what}` is neither text, rodata or data nor FILE:SECTION")
                })?)
            }
        };
        Ok(Self { what, address })
    }
}

impl Define {
    /// Reads `NAME=0x1000`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, address) =
            text.rsplit_once('=').ok_or_else(|| anyhow!("`{text}` has no `=0x…`"))?;
        ensure!(!name.is_empty(), "`{text}` has no name");
        Ok(Self { name: name.into(), address: number(address)? })
    }
}

/// An address: hexadecimal behind `0x`, or else decimal; with `_` where one likes.
fn number(text: &str) -> Result<u64> {
    let digits = text.replace('_', "");
    let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        // A sign is none of the digits.
        Some(hex) if hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            u64::from_str_radix(hex, 16).ok()
        }
        None if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| anyhow!("`{text}` is no address of 64 bits, such as 0x8000_0000"))
}

impl Placement {
    /// What `places` say, held against the sizes and alignments of a plan.
    ///
    /// # Errors
    /// Something is placed twice, nowhere, over something else or where its alignment does not
    /// let it be; a section is none of the objects', or one of several.
    pub fn of(plan: &Plan<'_, '_>, places: &[Place]) -> Result<Self> {
        let mut segments = [None; 3];
        let mut sections: Vec<(usize, u32, u64)> = Vec::new();
        let mut taken = Vec::new();
        for Place { what, address } in places {
            let (size, align) = match what {
                What::Segment(kind) => {
                    let known = segments[*kind as usize].replace(*address);
                    ensure!(known.is_none(), "{what} is placed twice");
                    let planned = plan.segment(*kind);
                    (planned.size, planned.align)
                }
                What::Section(file, section) => {
                    let planned = find(plan, file, section)?;
                    let place = (planned.object, planned.index);
                    let known = sections.iter().any(|(o, i, _)| (*o, *i) == place);
                    ensure!(!known, "{what} is placed twice");
                    sections.push((planned.object, planned.index, *address));
                    (planned.size, planned.section.align().max(1))
                }
            };
            if address % align != 0 {
                bail!("{what} cannot lie at {address:#x}: it is aligned to {align:#x}");
            }
            let end = address.checked_add(size).ok_or_else(|| {
                anyhow!("{what} has {size:#x} bytes, and does not fit below 2^64 at {address:#x}")
            })?;
            taken.push((*address, end, what));
        }
        taken.retain(|(start, end, _)| start != end);
        taken.sort_by_key(|(start, ..)| *start);
        for pair in taken.windows(2) {
            if let [(start, end, what), (next, next_end, other)] = pair
                && next < end
            {
                bail!(
                    "{what}, {start:#x} to {end:#x}, and {other}, {next:#x} to {next_end:#x}, \
                     overlap"
                );
            }
        }
        sections.sort_unstable();
        Ok(Self { segments: fill(plan, segments)?, sections })
    }
}

/// The addresses of all segments. One without a byte needs none: symbols in its empty sections are
/// where the first of the others begins, aligned.
fn fill(plan: &Plan<'_, '_>, placed: [Option<u64>; 3]) -> Result<[u64; 3]> {
    let kinds = SegmentKind::ALL;
    let homeless: Vec<_> = kinds
        .iter()
        .zip(placed)
        .filter(|(kind, at)| at.is_none() && plan.segment(**kind).size != 0)
        .map(|(kind, _)| (format!("{kind} has {:#x} bytes", plan.segment(*kind).size), kind))
        .collect();
    if !homeless.is_empty() {
        let (sizes, places): (Vec<_>, Vec<_>) =
            homeless.into_iter().map(|(size, kind)| (size, format!("{kind}=0x…"))).unzip();
        bail!("{}, and no address: --place {}", sizes.join(", "), places.join(","));
    }
    let near = placed.into_iter().flatten().next().unwrap_or(0);
    let mut segments = [0; 3];
    for ((segment, kind), placed) in segments.iter_mut().zip(kinds).zip(placed) {
        let aligned = near.checked_next_multiple_of(plan.segment(kind).align.max(1));
        *segment = placed.or(aligned).unwrap_or(0);
    }
    Ok(segments)
}

/// The one section that a file and a name, or `#INDEX`, mean.
fn find<'o>(plan: &Plan<'o, '_>, file: &str, section: &str) -> Result<PlannedSection<'o>> {
    let is_file = |name: ObjectName<'_>| name.to_string() == file || base_name(name) == file;
    let objects = plan.objects();
    if !objects.iter().any(|object| is_file(object.name())) {
        let known: Vec<_> = objects.iter().map(|object| object.name().to_string()).collect();
        bail!("no object is called {file}; there are {}", known.join(", "));
    }
    let is_section = |found: &PlannedSection<'_>| {
        is_file(objects[found.object].name())
            && match section.strip_prefix('#') {
                Some(index) => index.parse() == Ok(found.index),
                None => found.section.name().as_bytes() == section.as_bytes(),
            }
    };
    let found: Vec<_> = plan.sections().filter(is_section).collect();
    match found[..] {
        [] => bail!("{file} has no section {section} that is loaded"),
        [found] if found.section.flags() & SHF_TLS.0 != 0 => bail!(
            "{file}:{section} is thread-local: the bytes that a thread's block begins with lie in \
             one piece, in rodata"
        ),
        [found] if found.size == 0 => bail!("{file}:{section} is empty"),
        [found] => Ok(found),
        _ => {
            let fits: Vec<_> = found
                .iter()
                .map(|found| format!("{}:#{}", objects[found.object].name(), found.index))
                .collect();
            bail!("{file}:{section} may be any of {}: name one so", fits.join(", "))
        }
    }
}

/// An object's name without the folders that its file, or its archive, is in.
fn base_name(name: ObjectName<'_>) -> String {
    let base = |path: &str| path.rsplit_once('/').map_or(path, |(_, base)| base).to_owned();
    match name.archive() {
        Some(archive) => format!("{}({})", base(archive), name.name()),
        None => base(&name.to_string()),
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section(file, section) => write!(f, "{file}:{section}"),
            Self::Segment(kind) => kind.fmt(f),
        }
    }
}
