//! Links the agent with its machine's linker script.
use std::path::Path;

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    let script = match target.split('-').next() {
        Some("aarch64") => "aarch64.ld",
        Some("riscv64gc") => "riscv64.ld",
        _ => "x86_64.ld",
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../linker").join(script);
    println!("cargo:rustc-link-arg-bins=-T{}", script.display());
    println!("cargo:rerun-if-changed={}", script.display());
    println!("cargo:rerun-if-changed=build.rs");
}
