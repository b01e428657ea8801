//! The system image.
fn main() {}
