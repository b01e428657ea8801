//! The core's optional features.

/// Those that `full` is made of, and what they are made of in turn; machines are none of them.
pub const OPTIONAL: &[&str] = &[
    "boundaries",
    "common-symbols",
    "debug",
    "erratum-843419",
    "fast-loops",
    "got-relaxation",
    "in-place",
    "indirect-functions",
    "initialisers",
    "kept-symbols",
    "long-text",
    "registry",
    "relaxation",
    "riscv-align",
    "several-objects",
    "thread-locals",
    "unused-sections",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_are_all_that_the_manifest_and_the_readme_have() {
        let manifest = include_str!("../../loader-core/Cargo.toml");
        let (_, features) = manifest.split_once("[features]\n").unwrap();
        let (features, _) = features.split_once("\n\n").unwrap();
        let declared: Vec<_> = features
            .lines()
            .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
            .filter(|name| !["default", "full", "aarch64", "riscv64", "x86_64"].contains(name))
            .collect();
        assert_eq!(declared, OPTIONAL);
        let readme = include_str!("../../README.md");
        for feature in OPTIONAL {
            assert!(readme.contains(&format!("\n| `{feature}` | ")), "{feature}");
        }
    }
}
