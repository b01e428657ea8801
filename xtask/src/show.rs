//! How results look: tables, numbers, colours where there is a terminal for them.

use std::io::IsTerminal;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use qemu_protocol::{Ended, ObjectReport, Outcome, ProgramReport};

/// Rows of one object that are shown without `--verbose`.
const FEW: usize = 24;

/// Whether standard output gets colours.
pub fn colours() -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    std::io::stdout().is_terminal() && unset("NO_COLOR")
}

/// A table with a header, in the style of all of them; a column whose name begins with `>` holds
/// numbers, and is read from its right end.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().map(|name| {
        let cell = Cell::new(name.trim_start_matches('>'));
        if colours() { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for (at, _) in header.iter().enumerate().filter(|(_, name)| name.starts_with('>')) {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A result: green where it is good, red where it is not.
pub fn verdict(text: impl ToString, good: bool) -> Cell {
    let cell = Cell::new(text.to_string());
    match good {
        _ if !colours() => cell,
        true => cell.fg(Color::Green),
        false => cell.fg(Color::Red),
    }
}

/// Words in a line: green where they are good, red where they are not.
pub fn good_or_bad(text: &str, good: bool) -> String {
    match good {
        _ if !colours() => text.to_owned(),
        true => format!("\x1b[32m{text}\x1b[0m"),
        false => format!("\x1b[31m{text}\x1b[0m"),
    }
}

/// A heading above what belongs together.
pub fn heading(text: &str) {
    let (bold, plain) = if colours() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    println!("\n{bold}── {text} ──{plain}");
}

/// A count with its thousands apart.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time as people read it.
pub fn time(ns: u64) -> String {
    let value = ns as f64;
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..1_000_000 => format!("{:.1} µs", value / 1e3),
        1_000_000..10_000_000_000 => format!("{:.1} ms", value / 1e6),
        _ => format!("{:.1} s", value / 1e9),
    }
}

/// Words behind one another.
pub fn list(words: Vec<String>) -> String {
    if words.is_empty() { "none".into() } else { words.join(", ") }
}

/// How a program ended, in a few words.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ended(Ended::Returned(value)) => format!("returned {value}"),
        Outcome::Ended(Ended::Exited(value)) => format!("exited with {value}"),
        Outcome::Ended(Ended::Aborted) => "aborted".into(),
        Outcome::Faulted { kind, place, .. } => format!("faulted: {kind} at {place}"),
        Outcome::TimedOut { place } => format!("ran for too long, at last at {place}"),
        Outcome::Refused { phase, .. } => format!("refused in {phase}"),
    }
}

/// Everything about one object: where its sections are, what was relocated.
pub fn object(object: &ObjectReport, all: bool) {
    heading(&object.name);
    let mut table = table(&["section", ">index", "arena", ">address", ">bytes"]);
    // Compilers leave empty sections behind; where they went is nobody's question.
    let sections = || object.sections.iter().filter(|section| all || section.size > 0);
    let shown = if all { usize::MAX } else { FEW };
    for section in sections().take(shown) {
        table.add_row([
            Cell::new(&section.name),
            Cell::new(section.index),
            Cell::new(&section.segment),
            Cell::new(format!("{:#x}", section.address)),
            Cell::new(number(section.size)),
        ]);
    }
    println!("{table}");
    let hidden = sections().count().saturating_sub(shown);
    if hidden > 0 {
        println!("and {hidden} sections more (--verbose shows them)");
    }
    let counts: Vec<String> = object
        .relocations
        .iter()
        .map(|count| format!("{} × {}", count.name, number(count.count.into())))
        .collect();
    println!("relocations: {}", list(counts));
    println!("GOT entries: {}    stubs: {}", object.got_entries, object.stubs);
}

/// Objects, one a line.
pub fn objects(title: &str, objects: &[ObjectReport]) {
    heading(title);
    let mut table = table(&["object", ">sections", ">bytes", ">relocations", ">GOT", ">stubs"]);
    for object in objects {
        let sum = Sum::of(std::slice::from_ref(object));
        table.add_row([
            Cell::new(&object.name),
            Cell::new(number(sum.sections)),
            Cell::new(number(sum.bytes)),
            Cell::new(number(sum.relocations)),
            Cell::new(object.got_entries),
            Cell::new(object.stubs),
        ]);
    }
    println!("{table}");
}

/// What each arena holds of one module.
pub fn arenas(report: &ProgramReport) {
    let mut table = table(&["arena", ">used", ">of", ""]);
    for arena in &report.arenas {
        table.add_row([
            Cell::new(&arena.name),
            Cell::new(number(arena.loaded.saturating_sub(arena.before))),
            Cell::new(number(arena.size)),
            Cell::new(arena.unit),
        ]);
    }
    println!("{table}");
}

/// What several objects come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Sections placed.
    pub sections: u64,
    /// Bytes of these sections.
    pub bytes: u64,
    /// Relocations applied.
    pub relocations: u64,
    /// GOT entries made.
    pub got_entries: u64,
    /// Call stubs made.
    pub stubs: u64,
}

impl Sum {
    /// Adds up `objects`.
    pub fn of(objects: &[ObjectReport]) -> Self {
        let mut sum = Self::default();
        for object in objects {
            sum.sections += object.sections.len() as u64;
            sum.bytes += object.sections.iter().map(|section| section.size).sum::<u64>();
            sum.relocations +=
                object.relocations.iter().map(|count| u64::from(count.count)).sum::<u64>();
            sum.got_entries += u64::from(object.got_entries);
            sum.stubs += u64::from(object.stubs);
        }
        sum
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} sections, {} bytes, {} relocations, {} GOT entries, {} stubs",
            number(self.sections),
            number(self.bytes),
            number(self.relocations),
            number(self.got_entries),
            number(self.stubs),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let shown = [0, 999, 1000, 1_234_567].map(number);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([999, 12_345, 12_345_678].map(time), ["999 ns", "12.3 µs", "12.3 ms"]);
    }
}
