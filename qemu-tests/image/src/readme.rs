//! The README's example, word for word.
#![allow(dead_code, reason = "the image has a platform and a registry of its own")]

include!(concat!(env!("OUT_DIR"), "/readme.rs"));
