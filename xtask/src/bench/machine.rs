//! What was measured on: a time means nothing without it.

use std::fmt;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::parallel;
use crate::process;
use crate::setup::root;

/// This machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's model, as it says itself.
    pub processor: String,
    /// How many there are.
    pub cores: usize,
    /// The system and its version.
    pub kernel: String,
    /// The compiler of the measured program.
    pub rustc: String,
    /// What else was measured, with its version.
    pub peers: Vec<String>,
}

impl Machine {
    /// Looks around.
    ///
    /// # Errors
    /// There is no `rustc`.
    pub fn find() -> Result<Self> {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = model(&info).unwrap_or(std::env::consts::ARCH).to_owned();
        let kernel = said(Command::new("uname").arg("-sr")).unwrap_or_default();
        let rustc = rustc("-V")?;
        Ok(Self { processor, cores: parallel::width(), kernel, rustc, peers: Vec::new() })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, kernel, rustc, peers } = self;
        let plural = if *cores == 1 { "core" } else { "cores" };
        write!(f, "{processor}, {cores} {plural}; {kernel}; {rustc}")?;
        peers.iter().try_for_each(|peer| write!(f, "; {peer}"))
    }
}

/// The compiler, and the machine that it compiles for: what instruction counts depend on.
///
/// # Errors
/// There is no `rustc`.
pub fn compiler() -> Result<String> {
    let verbose = rustc("-vV")?;
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    Ok(format!("{}, {host}", verbose.lines().next().unwrap_or_default()))
}

/// What the compiler that cargo uses says of itself.
fn rustc(option: &str) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    said(Command::new(rustc).current_dir(root()).arg(option))
}

fn said(command: &mut Command) -> Result<String> {
    let done = process::run(command, Duration::from_secs(20))?;
    let name = command.get_program().to_string_lossy().into_owned();
    Ok(done.checked(&name)?.stdout_text().trim().to_owned())
}

/// The processor's name in Linux's list.
fn model(info: &str) -> Option<&str> {
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_one_line() {
        assert_eq!(
            model("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n"),
            Some("Some CPU @ 3 GHz")
        );
        assert_eq!(model("CPU implementer\t: 0x41\n"), None);
        let machine = Machine {
            processor: "Some CPU".into(),
            cores: 2,
            kernel: "Linux 6.1".into(),
            rustc: "rustc 1.95.0".into(),
            peers: vec!["mold 1.10".into()],
        };
        assert_eq!(machine.to_string(), "Some CPU, 2 cores; Linux 6.1; rustc 1.95.0; mold 1.10");
    }
}
