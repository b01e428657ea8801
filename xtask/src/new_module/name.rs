//! A module's name, which stands in paths, C strings, makefiles and manifests as it is.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};

use super::Language;

/// Bytes that a name may have.
const LONGEST: usize = 64;

/// What the system images call their own modules.
const TAKEN: [&str; 2] = ["kernel", "runtime"];

/// Crates that a Rust module has beside itself.
const CRATES: [&str; 6] = ["alloc", "core", "itoa", "loader_module", "std", "test"];

/// Rust's keywords, of all editions, those reserved for later included: no crate can have one for its name.
const KEYWORDS: [&str; 53] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A name that a module may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What rustc calls a crate of this name.
    pub fn as_crate(&self) -> String {
        self.0.replace('-', "_")
    }

    /// Whether a module in `language` can have it.
    ///
    /// # Errors
    /// It is Rust's own, or that of another crate of the module.
    pub fn check(&self, language: Language) -> Result<()> {
        let name = self.as_crate();
        let is_in = |names: &[&str]| names.contains(&name.as_str());
        if language == Language::Rust {
            ensure!(!is_in(&KEYWORDS), "`{self}` is a keyword of Rust; choose another name");
            ensure!(!is_in(&CRATES), "`{self}` is a crate that modules use; choose another name");
        }
        Ok(())
    }
}

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) || !text.chars().all(good) {
            bail!("a name is ASCII letters, digits, `-` and `_`, and begins with a letter");
        }
        ensure!(text.len() <= LONGEST, "a name has at most {LONGEST} letters");
        ensure!(!TAKEN.contains(&text), "the system images have a module of this name");
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_anywhere() {
        for good in ["a", "blink", "say-hello", "Two_2", &"x".repeat(LONGEST)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        let bad = ["", "-a", "_a", "2a", "a b", "a/b", "..", "a.b", "ä", "a\n", "a$", "a\"b"];
        for bad in bad.into_iter().chain(TAKEN).chain([&*"x".repeat(LONGEST + 1)]) {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rust_has_names_of_its_own() {
        for name in ["loop", "itoa", "loader-module", "Self"] {
            let name: Name = name.parse().unwrap();
            assert!(name.check(Language::Rust).is_err(), "{name}");
            name.check(Language::C).unwrap();
        }
        "looped".parse::<Name>().unwrap().check(Language::Rust).unwrap();
    }
}
