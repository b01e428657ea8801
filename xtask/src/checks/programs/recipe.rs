//! What the programs are made of, and in which ways they are compiled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::embed::{self, Change};
use super::library;
use crate::arch::Arch;
use crate::runtime::archives::entries;
use crate::runtime::{lua::lua_sources, sources};
use crate::setup::{Tools, root};

/// A program, of sources that others wrote and of a `main` of ours.
#[derive(Debug)]
pub struct Recipe {
    /// What it is called.
    pub name: &'static str,
    /// Where the sources of others are, and their headers.
    package: Option<PathBuf>,
    /// All sources, the largest first.
    pub sources: Vec<PathBuf>,
    /// Definitions, and where headers are.
    pub flags: Vec<String>,
    /// The folder of ours, and other files: what is in them may change.
    pub own: Vec<PathBuf>,
    /// What is linked with it.
    pub library: Option<Library>,
    /// The ways in which it is compiled for each machine.
    pub ways: &'static [Way],
}

/// A static library of Rust's.
#[derive(Debug)]
pub struct Library {
    /// For this machine.
    pub here: PathBuf,
    /// For the others.
    pub there: BTreeMap<Arch, PathBuf>,
}

/// A compiler, and what it is given.
#[derive(Debug)]
pub struct Way {
    /// As reports have it.
    pub name: &'static str,
    /// clang; else gcc. C has picolibc's headers from both.
    pub clang: bool,
    /// The flags.
    pub flags: &'static [&'static str],
}

/// As compilers are mostly called.
const WAYS: &[Way] = &[GCC, Way { name: "clang", clang: true, flags: &["-O2"] }];
const GCC: Way = Way { name: "gcc", clang: false, flags: &["-O2"] };
/// A section for each function and each variable.
const IN_SECTIONS: Way = Way {
    name: "clang, in sections",
    clang: true,
    flags: &["-O2", "-ffunction-sections", "-fdata-sections"],
};

/// All programs; those that take longest to compile come first.
///
/// # Errors
/// The sources of one cannot be fetched, or a library cannot be built.
pub fn all(tools: &Tools) -> Result<Vec<Recipe>> {
    Ok(vec![sqlite()?, quickjs()?, zlib()?, lua()?, cxx()?, crates(tools)?])
}

/// SQLite, without an operating system; ours has files in memory.
fn sqlite() -> Result<Recipe> {
    let package = sources::package("libsqlite3-sys")?.join("sqlite3");
    let mut recipe = Recipe::new("sqlite", Some(&package), &["sqlite3.c"])?;
    recipe.define(&[
        "SQLITE_ENABLE_FTS5",
        "SQLITE_ENABLE_MATH_FUNCTIONS",
        "SQLITE_OMIT_LOAD_EXTENSION",
        "SQLITE_OS_OTHER=1",
        "SQLITE_TEMP_STORE=3",
        "SQLITE_THREADSAFE=0",
    ]);
    // Compiling it takes longer than all else: it is compiled by each compiler once.
    recipe.ways = &[GCC, IN_SECTIONS];
    Ok(recipe)
}

/// QuickJS, and those of its own test files that want nothing of a system.
fn quickjs() -> Result<Recipe> {
    let package = sources::package("rquickjs-sys")?.join("quickjs");
    let files = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
    let mut recipe = Recipe::new("quickjs", Some(&package), &files)?;
    // As for a system without threads.
    recipe.define(&["__DJGPP", "_GNU_SOURCE"]);
    let tests =
        ["assert", "test_base64", "test_bigint", "test_builtin", "test_closure", "test_language"];
    let tests = tests.into_iter().map(|name| package.join("tests").join(name).with_extension("js"));
    let files: Vec<PathBuf> = tests.chain([own("quickjs").join("program.js")]).collect();
    // One makes more proxies of each other than the heap has room for.
    recipe.embed(&files, &[("y < 331072", "y < 33107")])?;
    Ok(recipe)
}

/// zlib, but for its part that has files.
fn zlib() -> Result<Recipe> {
    let package = sources::package("libz-sys")?.join("src/zlib");
    let mut recipe = Recipe::new("zlib", Some(&package), &[])?;
    let others = entries(&package)?.into_iter().filter(|path| is_source(path));
    recipe.sources.extend(others.filter(|path| !starts_with(path, "gz")));
    Ok(recipe)
}

/// Lua, with a script of ours: its own tests are not in the package.
fn lua() -> Result<Recipe> {
    let package = lua_sources()?;
    let mut recipe = Recipe::new("lua", Some(&package), &[])?;
    recipe.sources.extend(entries(&package)?.into_iter().filter(|path| is_source(path)));
    recipe.embed(&[own("lua").join("program.lua")], &[])?;
    Ok(recipe)
}

/// A program in C++ of our own, with what the standard's headers have.
fn cxx() -> Result<Recipe> {
    let mut recipe = Recipe::new("cxx", None, &[])?;
    recipe.flags.push("-std=c++17".into());
    Ok(recipe)
}

/// Crates of the registry, which a `main` in C calls.
fn crates(tools: &Tools) -> Result<Recipe> {
    let mut recipe = Recipe::new("crates", None, &[])?;
    recipe.library = Some(library::build(tools)?);
    Ok(recipe)
}

impl Recipe {
    /// A program of some of others' sources in `package`, and all of ours in the folder of its name.
    fn new(name: &'static str, package: Option<&Path>, others: &[&str]) -> Result<Self> {
        let own = own(name);
        let others = package.map(|package| others.iter().map(|name| package.join(name)));
        let mut sources: Vec<PathBuf> = others.into_iter().flatten().collect();
        sources.extend(entries(&own)?.into_iter().filter(|path| is_source(path)));
        let flags = package.map(|package| format!("-I{}", package.display())).into_iter().collect();
        let package = package.map(Path::to_owned);
        Ok(Self { name, package, sources, flags, own: vec![own], library: None, ways: WAYS })
    }

    /// Whether a source is as it is in their package.
    pub fn is_of_others(&self, source: &Path) -> bool {
        self.package.as_ref().is_some_and(|package| source.starts_with(package))
    }

    /// Gives it files to have in it, changed.
    fn embed(&mut self, files: &[PathBuf], changes: &[Change]) -> Result<()> {
        let header = own(embed::HEADER);
        self.sources.push(embed::embed(&header, files, changes)?);
        self.own.push(header);
        Ok(())
    }

    fn define(&mut self, names: &[&str]) {
        self.flags.extend(names.iter().map(|name| format!("-D{name}")));
    }
}

/// Ours for the program of this name.
fn own(name: &str) -> PathBuf {
    root().join("qemu-tests/programs").join(name)
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "c" || extension == "cc")
}

fn starts_with(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}
