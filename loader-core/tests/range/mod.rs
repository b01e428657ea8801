//! What reaches how far: stubs between code and what lies far from it.

#[cfg(feature = "long-text")]
mod islands;
mod stub_forms;
