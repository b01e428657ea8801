//! A UEFI application that loads `module.o` from the volume it was booted from, and runs it.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `pages` | the memory manager: the firmware's pages |
//! | `caches` | new code made visible to instruction fetch |
//! | `abi` | how modules are called, and what they may call |
//! | `exit` | the end, with an exit code for QEMU |
#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::{String, ToString};
use alloc::vec;

use loader_core::{Module, Name, Object, Plan, Scratch, SegmentKind, TargetAddress, scratch_len};
use uefi::fs::FileSystem;
use uefi::prelude::*;
use uefi::println;

mod abi;
mod caches;
mod exit;
mod pages;

use pages::Pages;

#[entry]
fn main() -> Status {
    match load_and_run() {
        Ok(result) => {
            println!("module.o returned {result}");
            exit::success()
        }
        Err(error) => {
            println!("error: {error}");
            exit::failure()
        }
    }
}

/// Loads the module, calls `run` in it, and unloads it.
fn load_and_run() -> Result<i32, String> {
    let volume = boot::get_image_file_system(boot::image_handle()).map_err(text)?;
    let file = FileSystem::new(volume).read(cstr16!("module.o")).map_err(text)?;
    let objects = [Object::parse("module.o", &file).map_err(text)?];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let plan = Plan::new(&objects, &mut scratch).map_err(text)?;
    for kind in SegmentKind::ALL {
        println!("module.o has {} bytes of {kind}", plan.segment(kind).size);
    }
    let placed = plan.place(Pages).map_err(text)?;
    let module = placed.resolve(&resolve).map_err(text)?.seal().map_err(text)?;
    call_all(&module, module.initialisers());
    let run = module.pointer("run").ok_or("module.o exports no function `run`")?;
    // SAFETY: the module is sealed and its initialisers have run. That `run` takes nothing and returns an
    // `int` is what this application asks of modules.
    let result = unsafe { abi::call(run) };
    call_all(&module, module.finalisers());
    module.unload();
    Ok(result)
}

/// What modules see of this application.
fn resolve(name: Name<'_>) -> Option<TargetAddress> {
    let print: abi::Print = abi::print;
    (name.as_bytes() == b"print").then_some(TargetAddress::new(print as usize as u64))
}

/// Calls initialisers or finalisers.
fn call_all(module: &Module<'_, '_, Pages>, functions: impl Iterator<Item = TargetAddress>) {
    for function in functions.filter_map(|function| module.pointer_at(function)) {
        // SAFETY: the module is sealed, and lists the function as one to be called now.
        unsafe { abi::call(function) };
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
