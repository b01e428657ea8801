//! What reaches how far: stubs between code and what lies far from it.

mod islands;
mod stub_forms;
