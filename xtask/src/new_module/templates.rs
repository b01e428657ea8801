//! The templates: files of `xtask/templates`, and the headers that modules get a copy of.

use super::Language;

/// A file of a new module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Template {
    /// Where it goes, in the module's folder.
    pub(super) path: &'static str,
    /// What is in it, placeholders included.
    pub(super) text: &'static str,
    /// How a path of this machine is written there.
    pub(super) quoting: Quoting,
}

/// How texts are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// A word of a command in a makefile.
    Make,
    /// As they are.
    Plain,
    /// Inside a string of TOML, between its quotation marks.
    Toml,
}

/// The files of a module in `language`.
pub(super) fn of(language: Language) -> impl Iterator<Item = &'static Template> {
    let (shared, own): (&[Template], &[Template]) = match language {
        Language::C => (MAKE, C),
        Language::Cxx => (MAKE, CXX),
        Language::Rust => (&[], RUST),
    };
    shared.iter().chain(own)
}

const fn plain(path: &'static str, text: &'static str) -> Template {
    Template { path, text, quoting: Quoting::Plain }
}

/// What C and C++ have in common.
const MAKE: &[Template] = &[
    plain(".gitignore", include_str!("../../templates/make/gitignore")),
    Template {
        path: "Makefile",
        text: include_str!("../../templates/make/Makefile"),
        quoting: Quoting::Make,
    },
    plain("README.md", include_str!("../../templates/make/README.md")),
    plain("include/kernel.h", include_str!("../../templates/make/kernel.h")),
    plain(
        "include/loader_module.h",
        include_str!("../../../loader-module/include/loader_module.h"),
    ),
];

const C: &[Template] = &[
    plain("src/main.c", include_str!("../../templates/c/src/main.c")),
    plain("src/print.c", include_str!("../../templates/c/src/print.c")),
    plain("src/print.h", include_str!("../../templates/c/src/print.h")),
];

const CXX: &[Template] = &[
    plain("src/greeter.cc", include_str!("../../templates/cxx/src/greeter.cc")),
    plain("src/greeter.h", include_str!("../../templates/cxx/src/greeter.h")),
    plain("src/main.cc", include_str!("../../templates/cxx/src/main.cc")),
];

const RUST: &[Template] = &[
    Template {
        path: ".cargo/config.toml",
        text: include_str!("../../templates/rust/cargo/config.toml"),
        quoting: Quoting::Toml,
    },
    plain(".gitignore", include_str!("../../templates/rust/gitignore")),
    Template {
        path: "Cargo.toml",
        text: include_str!("../../templates/rust/Cargo.toml"),
        quoting: Quoting::Toml,
    },
    plain("README.md", include_str!("../../templates/rust/README.md")),
    plain("src/kernel.rs", include_str!("../../templates/rust/src/kernel.rs")),
    plain("src/lib.rs", include_str!("../../templates/rust/src/lib.rs")),
];
