//! Files: one for each segment, or one executable; and the map.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use loader_core::SegmentKind;

use super::{Output, executable};
use crate::report;

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A file for each segment: its bytes
    #[default]
    Raw,
    /// One executable (ET_EXEC)
    Elf,
}

/// The executable's name.
const EXECUTABLE: &str = "linked.elf";

/// Writes into `folder`, which is made where it is not there, and the map into `map`.
///
/// # Errors
/// A file cannot be written.
pub fn write(output: &mut Output, folder: &Path, format: Format, map: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| cannot_write(folder))?;
    clear(folder).with_context(|| cannot_write(folder))?;
    match format {
        Format::Elf => {
            let bytes = executable(output, EXECUTABLE)?;
            put(&folder.join(EXECUTABLE), &bytes)?;
        }
        Format::Raw => {
            let mut alone = 0;
            for (segment, bytes) in output.map.segments.iter_mut().zip(&output.segments) {
                segment.file = match segment.section {
                    None => format!("{}.bin", segment.kind),
                    Some(_) => {
                        alone += 1;
                        format!("{}-{alone}.bin", segment.kind)
                    }
                };
                put(&folder.join(&segment.file), bytes)?;
            }
        }
    }
    report::write(map, &output.map)
}

/// Takes away what an earlier link has left: it might be taken for a part of this one.
fn clear(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let of_segment = |kind: SegmentKind| {
            let number = name.strip_prefix(kind.name()).and_then(|name| name.strip_suffix(".bin"));
            number.is_some_and(|number| {
                let digits = number.strip_prefix('-');
                number.is_empty()
                    || digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            })
        };
        let is_ours = name == EXECUTABLE || SegmentKind::ALL.into_iter().any(of_segment);
        if is_ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
