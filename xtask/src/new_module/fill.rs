//! Placeholders: `@NAME@` and its like, and what stands there in a module's own files.

use super::templates::{Quoting, Template};
use super::{Language, Project};
use crate::arch::Arch;
use crate::setup::root;

/// A template's text for `project`.
pub(super) fn filled(template: &Template, project: &Project) -> String {
    // What is filled in is not looked through again: no path can hold a placeholder.
    let mut rest = template.text;
    let mut text = String::new();
    while let Some((before, behind)) = rest.split_once('@') {
        text.push_str(before);
        let named = behind
            .split_once('@')
            .and_then(|(key, behind)| Some((value(key, project, template.quoting)?, behind)));
        match named {
            Some((value, behind)) => {
                text.push_str(&value);
                rest = behind;
            }
            None => {
                text.push('@');
                rest = behind;
            }
        }
    }
    text + rest
}

/// What a placeholder stands for; `None` for what is none.
fn value(key: &str, project: &Project, quoting: Quoting) -> Option<String> {
    let Project { name, language, archs } = project;
    let pick = |c: &str, cxx: &str| if *language == Language::Cxx { cxx } else { c }.to_owned();
    let last = archs.last().map_or("", |arch| arch.name());
    Some(match key {
        "ALIASES" => archs.iter().map(|&arch| alias(project, arch)).collect::<Vec<_>>().join("\n"),
        "ARCH" => last.to_owned(),
        "ARCHS" => names(archs).join(" "),
        "ARCH_LIST" => one_of(&names(archs)),
        "CC" => pick("CC", "CXX"),
        "CLANG" => pick("clang", "clang++"),
        "CRATE" => name.as_crate(),
        "GCC" => pick("gcc", "g++"),
        "LANGUAGE" => language.to_string(),
        "LOADER" => quoted(&root().to_string_lossy(), quoting),
        "NAME" => name.to_string(),
        "STANDARD" => pick("-std=c11", "-std=c++17 -fno-exceptions -fno-rtti"),
        "SUFFIX" => pick("c", "cc"),
        "TARGETS" => archs.iter().map(|arch| arch.rust_target()).collect::<Vec<_>>().join(" "),
        _ => return None,
    })
}

/// The alias that builds a Rust module for `arch`.
fn alias(project: &Project, arch: Arch) -> String {
    let (target, object) = (arch.rust_target(), project.object(arch));
    format!(
        "build-{arch} = \"rustc --release --target {target} -- -Crelocation-model=pic \
         --emit=obj={object}\""
    )
}

fn names(archs: &[Arch]) -> Vec<&'static str> {
    archs.iter().map(|arch| arch.name()).collect()
}

/// `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        words => words.concat(),
    }
}

fn quoted(text: &str, quoting: Quoting) -> String {
    match quoting {
        // The shell's quotation marks, and within them what make itself would take for its own.
        Quoting::Make => {
            let text = text.replace('\'', r"'\''").replace('$', "$$").replace('#', r"\#");
            format!("'{text}'")
        }
        Quoting::Plain => text.to_owned(),
        // JSON's strings are TOML's, too.
        Quoting::Toml => {
            let string = serde_json::Value::from(text).to_string();
            string.get(1..string.len() - 1).unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_once() {
        let name = "say-hello".parse().unwrap();
        let project = Project { name, language: Language::Cxx, archs: Arch::ALL.into() };
        let filled = |text, quoting| filled(&Template { path: "x", text, quoting }, &project);
        let plain = |text| filled(text, Quoting::Plain);
        assert_eq!(plain("a@NAME@-$@@CRATE@"), "asay-hello-$@say_hello");
        assert_eq!(plain("@mkdir $(@D) @NAME@"), "@mkdir $(@D) say-hello");
        assert_eq!(plain("@ARCHS@"), "aarch64 riscv64 x86_64");
        assert_eq!(plain("@ARCH_LIST@"), "aarch64, riscv64 or x86_64");
        assert_eq!(plain("@CC@@GCC@@SUFFIX@"), "CXXg++cc");
    }

    #[test]
    fn paths_are_quoted() {
        let path = "/a 'b' $c #d \"e\" \\f";
        assert_eq!(quoted(path, Quoting::Make), r#"'/a '\''b'\'' $$c \#d "e" \f'"#);
        assert_eq!(quoted(path, Quoting::Toml), r#"/a 'b' $c #d \"e\" \\f"#);
        assert_eq!(one_of(&["a"]), "a");
        assert_eq!(one_of(&["a", "b"]), "a or b");
    }
}
