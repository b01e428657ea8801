//! What reaches how far: stubs between code and what lies far from it.

mod stub_forms;
