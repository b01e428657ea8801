//! What is measured.

use std::path::PathBuf;

use crate::arch::Arch;

/// An object that is measured, and how it came to be.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it is called in tables.
    pub name: String,
    /// The machine that it is for.
    pub arch: Arch,
    /// Where it is.
    pub path: PathBuf,
    /// By which compiler, with its version.
    pub compiler: String,
}
