//! Lua on the three machines: each run ends well, and all print the same.

use anyhow::{Result, ensure};
use qemu_protocol::Options;

use super::{Context, Tally};
use crate::arch::Arch;
use crate::qemu::DEFAULT_LIMIT;
use crate::runtime;
use crate::verb::qemu::{exit_code, lua, output, same_output};

/// The demo of `cargo xtask qemu`.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let mut tally = Tally::default();
    let boots = lua(tools, &Arch::ALL, Options::default(), DEFAULT_LIMIT.as_secs())?;
    let same = same_output(&boots);
    let oracle = runtime::lua::expected(tools).and_then(|expected| {
        ensure!(
            boots.iter().all(|boot| output(boot) == expected),
            "this machine's own build of the same Lua prints:\n{}",
            String::from_utf8_lossy(&expected)
        );
        Ok(())
    });
    tally.count("lua prints what it prints on this machine", oracle);
    for boot in boots {
        let name = format!("lua on {}", boot.arch);
        let (code, silent) = (exit_code(&boot), output(&boot).is_empty());
        let ended = boot.complete().and_then(|_| {
            ensure!(code == 0, "it ended with {code}");
            ensure!(!silent, "it printed nothing");
            Ok(())
        });
        tally.count(name, ended);
    }
    let compare = || {
        ensure!(same, "the machines printed different things");
        Ok(())
    };
    tally.count("lua prints the same on all machines", compare());
    Ok(tally)
}
