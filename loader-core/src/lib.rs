//! A loader for ELF relocatable objects.
#![no_std]
#[cfg(test)]
extern crate alloc;

mod address;
mod arch;
mod elf;
mod error;
mod exports;
mod fixup;
mod map;
mod memory;
mod module;
mod name;
mod parse;
mod place;
mod plan;
mod resolve;
mod resolver;
mod scratch;

pub use address::TargetAddress;
pub use arch::{Machine, Range, Relocation, Unsupported};
pub use elf::{Binding, InitKind, Section, Symbol, SymbolKind, SymbolPlace};
pub use error::{Defect, Error, Format, Phase, Place, RefusedSection};
pub use exports::{Export, ExportTable};
pub use memory::{
    Arena, ArenaMemoryManager, MemoryError, MemoryManager, Platform, Segment, SegmentKind,
    SegmentRequest, StaticArena, UnprotectedPlatform,
};
pub use module::{Module, ModuleSection, ModuleSymbol, ResidentModule};
pub use name::Name;
pub use parse::Object;
pub use place::ObjectImage;
pub use plan::{Import, Plan, PlannedSection, SegmentPlan, scratch_len};
pub use resolve::RelocatedImage;
pub use resolver::Resolver;
pub use scratch::Scratch;
