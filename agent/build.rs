//! Links the agent with its machine's linker script.
use std::path::Path;

#[path = "../linker/link.rs"]
mod link;

fn main() {
    link::link(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../linker"));
}
