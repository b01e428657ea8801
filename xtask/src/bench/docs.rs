//! What was measured, in the documents: the README's tables, and the pictures in `docs/bench`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Report, plot, table};
use crate::setup::{Tools, root};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Writes both; the files that were written.
///
/// # Errors
/// The README has no place for it, gnuplot is missing, or a file cannot be written.
pub fn write(tools: &Tools, report: &Report) -> Result<Vec<PathBuf>> {
    let readme = root().join("README.md");
    let text = fs::read_to_string(&readme).context("cannot read the README")?;
    let text = between(&text, &table::markdown(report));
    let text = text.context("the README has no bench:begin and bench:end")?;
    let mut files = plot::draw(&tools.gnuplot()?, &root().join("docs/bench"), &report.growth)?;
    fs::write(&readme, text)?;
    files.push(readme);
    Ok(files)
}

/// The text with something new between the marks; none where it does not have both.
fn between(text: &str, new: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{new}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_stays() {
        let text = format!("# Title\n{BEGIN}\nold\n{END}\nmore\n");
        let new = between(&text, "| new |\n").unwrap();
        assert_eq!(new, format!("# Title\n{BEGIN}\n| new |\n{END}\nmore\n"));
        assert_eq!(between(&new, "| new |\n").unwrap(), new);
        assert_eq!(between("# Title\n", "new"), None);
        assert_eq!(between(&format!("{END}{BEGIN}"), "new"), None);
    }

    #[test]
    fn the_readme_has_a_place() {
        let text = fs::read_to_string(root().join("README.md")).unwrap();
        assert!(between(&text, "new").is_some());
    }
}
