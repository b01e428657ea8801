//! The steps of `cargo xtask test`.
//!
//! A step is a row of [`STEPS`]: a name, a line about it, and a function that counts what
//! passed and what failed.

use anyhow::Result;

use crate::arch::Arch;
use crate::setup::{Need, Tools};

mod bare;
mod cases;
mod clients;
mod each;
mod gdb;
mod host;
mod lua;
mod metadata;
mod new_module;
mod programs;
mod remote;
mod rust_tools;

/// One step.
pub struct Step {
    /// What `--only` calls it.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Runs it. An error is one failed test.
    pub run: fn(&Context) -> Result<Tally>,
}

/// The steps, quick ones first.
pub const STEPS: &[Step] = &[
    Step { name: "tools", about: "every tool that the steps need", run: all_tools },
    Step { name: "format", about: "rustfmt has nothing to change", run: host::format },
    Step { name: "lint", about: "clippy has nothing to say, host side", run: host::lint },
    Step { name: "lint-bare", about: "nor of what runs on the machines", run: bare::lint },
    Step { name: "unit", about: "unit tests and examples, host side", run: host::unit },
    Step { name: "features", about: "the core with each architecture alone", run: host::features },
    Step { name: "doc", about: "documentation without a warning", run: host::doc },
    Step { name: "package", about: "each package builds by itself", run: host::package },
    Step { name: "no-panic", about: "the core alone, without a panic path", run: bare::no_panic },
    Step { name: "clients", about: "the C API, and what embeds the loader", run: clients::run },
    Step { name: "metadata", about: "what modules say, from every compiler", run: metadata::run },
    Step {
        name: "differential",
        about: "every byte as ld.lld and GNU ld link it",
        run: |context| crate::diff::check(&context.tools),
    },
    Step {
        name: "bench",
        about: "generated objects for measuring, as ld.lld links them",
        run: |context| crate::bench::check_generated(&context.tools),
    },
    Step {
        name: "unused",
        about: "sections are left out that ld.lld and GNU ld leave out",
        run: |context| crate::diff::check_unused(&context.tools),
    },
    Step {
        name: "archives",
        about: "members and choices as ar and linkers have them",
        run: |context| crate::diff::archives::check(&context.tools),
    },
    Step { name: "cases", about: "objects of every kind, in the images", run: cases::run },
    Step { name: "each", about: "a result for each of many objects", run: each::run },
    Step { name: "new-module", about: "new modules build and run", run: new_module::run },
    Step { name: "gdb", about: "GDB sees modules come and go", run: gdb::run },
    Step { name: "lua", about: "Lua from its objects, the same everywhere", run: lua::run },
    Step { name: "programs", about: "SQLite and others, as on this machine", run: programs::run },
    Step { name: "remote", about: "programs by an agent, as in the images", run: remote::run },
];

/// What the steps share.
#[derive(Debug)]
pub struct Context {
    /// The tools.
    pub tools: Tools,
    /// Run these of the QEMU cases, by the beginning of their names; empty: all.
    pub cases: Vec<String>,
}

/// Gets in one go what the steps would otherwise get one by one.
fn all_tools(context: &Context) -> Result<Tally> {
    let mut needs = vec![
        Need::Clang,
        Need::Clangxx,
        Need::Gdb,
        Need::HostCc,
        Need::Lld,
        Need::Make,
        Need::Script,
    ];
    for arch in Arch::ALL {
        if arch != Arch::Riscv64 {
            needs.push(Need::Firmware(arch));
        }
        needs.extend([Need::Gcc(arch), Need::Gxx(arch), Need::Libgcc(arch)]);
        needs.extend([Need::Libsupcxx(arch), Need::Qemu(arch)]);
    }
    let mut tally = Tally::default();
    tally.count("tools", context.tools.ensure(&needs));
    Ok(tally)
}

/// What a step found.
#[derive(Debug, Default)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed: their names, and why.
    pub failures: Vec<(String, String)>,
}

impl Tally {
    /// How many failed.
    pub fn failed(&self) -> u64 {
        self.failures.len() as u64
    }

    /// One test that failed.
    pub fn fail(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.failures.push((name.into(), why.into()));
    }

    /// One test, passed or failed.
    pub fn count<T>(&mut self, name: impl Into<String>, result: Result<T>) {
        match result {
            Ok(_) => self.passed += 1,
            Err(error) => self.fail(name, format!("{error:#}")),
        }
    }
}
