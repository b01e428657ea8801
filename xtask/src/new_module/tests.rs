//! What is written, file by file; that it builds and runs is for `cargo xtask test --only new-module`.

use std::collections::BTreeSet;

use super::*;

fn project(language: Language, archs: &[Arch]) -> Project {
    Project { name: "say-hello".parse().unwrap(), language, archs: archs.into() }
}

#[test]
fn a_module_is_written_whole() {
    for language in Language::ALL {
        let dir = tempfile::tempdir().unwrap();
        let folder = project(language, &Arch::ALL).write(dir.path()).unwrap();
        assert_eq!(folder, dir.path().join("say-hello"));
        for template in templates::of(language) {
            let text = std::fs::read_to_string(folder.join(template.path)).unwrap();
            let left = text.split('@').skip(1).step_by(2);
            let is_key = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_uppercase());
            let left: Vec<_> = left.filter(|key| is_key(key)).collect();
            assert!(left.is_empty(), "{}: {left:?}", template.path);
        }
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.starts_with("# say-hello\n") && readme.contains(language.name()));
    }
}

#[test]
fn nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let project = project(Language::C, &Arch::ALL);
    let taken = dir.path().join("say-hello");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("Makefile"), "mine").unwrap();
    let error = project.write(dir.path()).unwrap_err();
    assert!(error.to_string().contains("say-hello"), "{error}");
    assert_eq!(std::fs::read_to_string(taken.join("Makefile")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(&taken).unwrap().count(), 1);
    std::fs::remove_dir_all(&taken).unwrap();
    std::fs::write(&taken, "a file").unwrap();
    assert!(project.write(dir.path()).is_err());
    assert!(project.write(&dir.path().join("nowhere")).is_err());
}

/// There, cargo would join its configuration with the loader's, and fail.
#[test]
fn no_rust_module_lies_in_the_loaders_folder() {
    let inside = tempfile::tempdir_in(root()).unwrap();
    let rust = project(Language::Rust, &Arch::ALL);
    for dir in [inside.path().to_owned(), inside.path().join("..")] {
        let error = rust.write(&dir).unwrap_err().to_string();
        assert!(error.contains("--dir"), "{error}");
        assert!(!dir.join("say-hello").exists());
    }
    project(Language::C, &Arch::ALL).write(inside.path()).unwrap();
}

#[test]
fn a_module_is_for_the_machines_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let rust = project(Language::Rust, &[Arch::Riscv64]).write(dir.path()).unwrap();
    let config = std::fs::read_to_string(rust.join(".cargo/config.toml")).unwrap();
    assert!(config.contains("build-riscv64 = \"rustc --release --target riscv64gc-"), "{config}");
    assert!(!config.contains("build-x86_64"), "{config}");
    let dir = tempfile::tempdir().unwrap();
    let c = project(Language::C, &[Arch::Riscv64]).write(dir.path()).unwrap();
    let makefile = std::fs::read_to_string(c.join("Makefile")).unwrap();
    assert!(makefile.contains("ARCH := riscv64\n"), "{makefile}");
}

/// Modules are told of what the images export, under the same names.
#[test]
fn the_kernel_is_the_one_that_runs() {
    let functions = |text: &str| {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let kernel = words.filter(|word| word.starts_with("kernel_"));
        kernel.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let runtime = functions(include_str!("../../../qemu-tests/runtime/kernel.h"));
    assert_eq!(functions(include_str!("../../templates/make/kernel.h")), runtime);
    let rust = functions(include_str!("../../templates/rust/src/kernel.rs"));
    assert!(!rust.is_empty() && rust.is_subset(&runtime), "{rust:?}");
}
