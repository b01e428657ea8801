//! The libraries that cases are linked with, as archives.

use std::path::Path;

use anyhow::Result;

use crate::arch::Arch;
use crate::archive::{Archive, Linker, NamedBytes};
use crate::program::{runtime_for, wanted_of_runtime};
use crate::runtime;
use crate::selection::{by_gate, by_image};
use crate::setup::Tools;
use crate::toolchain;

/// What cases for one machine are linked with.
#[derive(Debug)]
pub struct Libraries {
    /// The C runtime, as user mode has it: loaded as a module of its own.
    c_for_user: Vec<Archive>,
    /// Rust's core library, as the `rustc` that compiles the cases has it: its members become part
    /// of the program.
    rust: Vec<Archive>,
}

impl Libraries {
    /// Builds them, if need be, and opens them; Rust's only if it is wanted.
    ///
    /// # Errors
    /// A library cannot be built.
    pub fn open(tools: &Tools, arch: Arch, wants_rust: bool) -> Result<Self> {
        let open = |path: &std::path::PathBuf| Archive::open(path);
        let c_for_user =
            runtime::build_for_user(tools, arch)?.iter().map(open).collect::<Result<_>>()?;
        let rust = match wants_rust {
            true => toolchain::archives_in(Path::new(&toolchain::library_dir(tools, arch)?)),
            false => Vec::new(),
        };
        Ok(Self { c_for_user, rust: rust.iter().map(open).collect::<Result<_>>()? })
    }

    /// The C runtime as it is under the image's own unwinder: without the one that comes first.
    fn c(&self) -> &[Archive] {
        self.c_for_user.get(1..).unwrap_or_default()
    }

    /// Whether a program takes anything from the C runtime.
    pub fn serve(&self, program: &Linker) -> bool {
        program.missing().any(|name| self.c().iter().any(|archive| archive.defines(name)))
    }

    /// The members of the C runtime that these programs need.
    pub fn runtime_for(&self, programs: &[Linker]) -> Vec<NamedBytes> {
        runtime_for(programs, self.c(), runtime::ROOTS, by_image)
    }

    /// The members that a program needs in user mode.
    pub fn runtime_for_user(&self, program: &Linker) -> Vec<NamedBytes> {
        runtime_for(std::slice::from_ref(program), &self.c_for_user, runtime::ROOTS, by_gate)
    }

    /// Whether a program, and what it needs of the C runtime, ask of the kernel only what is there for user
    /// mode.
    pub fn run_in_user_mode(&self, program: &Linker) -> bool {
        let mut linker = wanted_of_runtime(std::slice::from_ref(program), runtime::ROOTS);
        linker.pull(&self.c_for_user, by_gate);
        linker.missing().all(|name| !by_image(name) || by_gate(name))
    }

    /// The members of Rust's core library that a program of these objects needs. They come before
    /// the C runtime's: on x86-64 the target's ABI for floats is another.
    pub fn rust_for(&self, objects: &[NamedBytes]) -> Vec<NamedBytes> {
        let mut linker = Linker::default();
        objects.iter().for_each(|object| linker.add(&object.bytes));
        linker.pull(&self.rust, |_| false)
    }
}

#[cfg(test)]
impl Libraries {
    /// None at all.
    pub const NONE: Self = Self { c_for_user: Vec::new(), rust: Vec::new() };
}
