//! What a loadable module says about itself, for modules that `loader-core` loads.
//!
//! The macros write notes into the module's object file, in a section that is never loaded: they
//! cost no memory at run time. A module that uses none of them loads as well.
//!
//! ```
//! use loader_module::{interface, interface_hash, layout, module, parameter};
//!
//! module! {
//!     name: "blink",
//!     version: "1.2.3",
//!     licence: "MIT",
//!     depends: ["gpio" >= "1.0" < "2.0", "log"],
//!     namespace: "drivers",
//!     uses: ["hal"],
//! }
//!
//! parameter!(RATE: u32 = 10, "blinks per second");
//!
//! layout! {
//!     /// A pin, as `gpio` has it.
//!     pub struct Pin as "gpio_pin" {
//!         pub number: u32,
//!         pub level: u8,
//!     }
//! }
//!
//! interface!("gpio_set" => interface_hash("void gpio_set(gpio_pin *)") ^ Pin::LAYOUT_HASH);
//!
//! assert_eq!(RATE.get(), 10);
//! ```
//!
//! A note is an object's own: what a module's other crates say is read too, if they are linked
//! into it or loaded with it. `include/loader_module.h` writes the same notes from C and C++, and
//! `loader_core::metadata` documents the format.
//!
//! A kernel that computes hashes for what it exports may use this crate as well.
#![no_std]

#[cfg(test)]
extern crate std;

/// The README's example is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod hash;
mod layout;
mod module;
mod note;
mod parameter;
mod version;

pub use hash::interface_hash;
pub use parameter::{Parameter, Value};

/// What the macros need and nobody else.
#[doc(hidden)]
pub mod macros {
    pub use crate::hash::mix;
    pub use crate::layout::{field_size, plain};
    pub use crate::note::{Note, padded, text, without_nul};
    pub use crate::parameter::kind;
    pub use crate::version::{dependency, version};
}
