//! Our own loader as a whole process, to stand beside the linkers: `cargo xtask link`, without cargo.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Measured, Peer, Run, Subject, process, released, repeat, scratch};
use crate::setup::Tools;

/// What tables call it.
pub const NAME: &str = "cargo xtask link";

/// Where segments go: far enough from each other for any object, near enough for any code model.
const PLACES: &str = "text=0x10000000,rodata=0x20000000,data=0x30000000";

struct OursProcess {
    program: PathBuf,
}

/// This program, as it is released.
///
/// # Errors
/// It does not build.
pub fn find(_: &Tools) -> Result<Box<dyn Peer>> {
    let program = if cfg!(debug_assertions) {
        released("xtask")?
    } else {
        std::env::current_exe().context("cannot tell which program this is")?
    };
    Ok(Box::new(OursProcess { program }))
}

impl Peer for OursProcess {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn measure(&self, subject: &Subject, times: usize) -> Run<Measured> {
        let scratch = scratch()?;
        let seconds = repeat(times, || {
            let mut command = Command::new(&self.program);
            command.args(["link", "--allow-undefined", "--place", PLACES, "--out"]);
            command.arg(scratch.path()).arg(&subject.path);
            process(&mut command).map(|(seconds, _)| seconds)
        })?;
        Ok(vec![("process", seconds)])
    }
}
