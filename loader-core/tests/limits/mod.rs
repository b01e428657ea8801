//! More of everything than usual: no timing is asserted, but what costs the square of its input
//! does not end within anybody's patience.

mod many_relocations;
mod many_sections;
