//! Links the image with its machine's linker script, and takes the README's example along.
use std::path::Path;

#[path = "../../linker/link.rs"]
mod link;

fn main() {
    link::link(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../linker"));
    take_example(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"));
}

/// Writes the README's Rust example to a file that the image includes.
fn take_example(readme: &Path) {
    println!("cargo:rerun-if-changed={}", readme.display());
    let text = std::fs::read_to_string(readme).expect("the README can be read");
    let (_, rest) = text.split_once("```rust\n").expect("the README has an example in Rust");
    let (example, _) = rest.split_once("```").expect("the example ends");
    let out = std::env::var("OUT_DIR").expect("cargo says where to build");
    std::fs::write(Path::new(&out).join("readme.rs"), example).expect("the example can be written");
}
