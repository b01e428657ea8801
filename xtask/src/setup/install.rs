//! Installing packages, where that can be done without asking anybody.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::find::on_path;
use super::packages::{Manager, command_for, debian};
use super::{Need, SetupError};
use crate::process::{self, Done};
use crate::progress;

/// Longest that one run of the package manager may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Installs what holds `needs`, saying what and why.
///
/// # Errors
/// [`SetupError`], with the commands to run by hand, where this cannot be done here.
pub fn install(needs: &[Need], exact: bool) -> Result<()> {
    let manager = Manager::of_this_system();
    let what: Vec<String> = needs.iter().map(|need| need.name()).collect();
    let missing = format!("missing: {}", what.join(", "));
    let by_hand = || command_for(&manager, needs, exact);
    if manager != Manager::Apt {
        return Err(SetupError(format!("{missing}.\n{}", by_hand())).into());
    }
    let Some(apt) = Apt::new() else {
        let why = "packages can be installed here only by root, or with a sudo that asks nothing";
        return Err(SetupError(format!("{missing}; {why}.\n{}", by_hand())).into());
    };
    let packages = apt.choose(needs, exact);
    let packages = packages.map_err(|error| SetupError(format!("{missing}; {error}")))?;
    let mut purposes: Vec<&str> = needs.iter().map(|need| need.purpose()).collect();
    purposes.sort_unstable();
    purposes.dedup();
    progress::note(format!(
        "  installing {}: needed to {}",
        packages.join(" "),
        purposes.join(", to ")
    ));
    let step = progress::step("apt-get install");
    let installed = apt.install(&packages, &step);
    step.finish();
    installed.map_err(|error| {
        SetupError(format!("{missing}; installing failed:\n{error:#}\n{}", by_hand())).into()
    })
}

/// `apt-get`, run so that it never asks.
struct Apt {
    sudo: bool,
}

impl Apt {
    /// `None` where neither root nor a passwordless `sudo` is at hand.
    fn new() -> Option<Self> {
        let prints = |program: &str, args: &[&str]| {
            let done = process::run(Command::new(program).args(args), Duration::from_secs(20));
            done.ok().filter(Done::success).map(|done| done.stdout_text())
        };
        if prints("id", &["-u"])?.trim() == "0" {
            return Some(Self { sudo: false });
        }
        on_path("sudo")?;
        prints("sudo", &["-n", "true"]).map(|_| Self { sudo: true })
    }

    fn command(&self) -> Command {
        let mut command;
        if self.sudo {
            command = Command::new("sudo");
            command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get"]);
        } else {
            command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        }
        // Another apt may be at work; it is waited for. Nothing is removed to make room.
        command.args(["-y", "-o", "DPkg::Lock::Timeout=300"]);
        command
    }

    /// One package of each alternative that this system's package lists have.
    fn choose(&self, needs: &[Need], exact: bool) -> Result<Vec<String>> {
        let groups: Vec<Vec<String>> = needs.iter().flat_map(|&need| debian(need, exact)).collect();
        let known = |group: &Vec<String>| group.iter().find(|name| is_known(name)).cloned();
        // On a fresh machine the lists are empty, or older than the packages.
        if groups.iter().any(|group| known(group).is_none()) {
            self.update()?;
        }
        let mut packages = Vec::new();
        for group in &groups {
            match known(group) {
                Some(name) => packages.push(name),
                None => {
                    let names = group.join(", ");
                    anyhow::bail!("this system's package sources have none of: {names}");
                }
            }
        }
        packages.sort();
        packages.dedup();
        Ok(packages)
    }

    fn update(&self) -> Result<()> {
        let step = progress::step("apt-get update");
        let updated = process::run_with(self.command().arg("update"), LIMIT, |line| step.say(line));
        step.finish();
        // A source that cannot be reached is no reason to stop: the others may have it all.
        updated.map(drop)
    }

    fn install(&self, packages: &[String], step: &progress::Step) -> Result<()> {
        let run = |extra: &[String]| {
            let mut command = self.command();
            command.args(["install", "--no-install-recommends", "--no-remove"]).args(packages);
            if !extra.is_empty() {
                command.arg("--allow-downgrades").args(extra);
            }
            process::run_with(&mut command, LIMIT, |line| step.say(line))?.checked("apt-get")
        };
        if run(&[]).is_ok() {
            return Ok(());
        }
        // Old lists name packages that the servers have replaced: once more with new ones.
        self.update()?;
        let Err(error) = run(&[]) else { return Ok(()) };
        let kept = self.kept(packages);
        if kept.is_empty() {
            return Err(error);
        }
        progress::note(format!("  with {}, which goes along with them", kept.join(" ")));
        run(&kept).map(drop)
    }

    /// What these packages would have apt remove, such as QEMU's tools of another release: each
    /// in the version that this system's sources have, which goes along with them. Empty where
    /// one is in no source.
    fn kept(&self, packages: &[String]) -> Vec<String> {
        let mut command = self.command();
        command.args(["--simulate", "install", "--no-install-recommends"]).args(packages);
        let Ok(done) = process::run(&mut command, LIMIT) else { return Vec::new() };
        let kept: Option<Vec<String>> = removed(&done.stdout_text())
            .map(|name| {
                let mut madison = Command::new("apt-cache");
                let done = process::run(madison.args(["madison", name]), LIMIT).ok()?;
                Some(format!("{name}={}", first_version(&done.stdout_text())?))
            })
            .collect();
        kept.unwrap_or_default()
    }
}

/// The packages that `apt-get --simulate` says it would remove.
fn removed(simulated: &str) -> impl Iterator<Item = &str> {
    simulated.lines().filter_map(|line| line.strip_prefix("Remv ")?.split_whitespace().next())
}

/// The newest version in a table of `apt-cache madison`.
fn first_version(madison: &str) -> Option<&str> {
    madison.lines().next()?.split('|').nth(1).map(str::trim)
}

fn is_known(package: &str) -> bool {
    let mut policy = Command::new("apt-cache");
    policy.args(["policy", package]).env("LC_ALL", "C");
    let done = process::run(&mut policy, Duration::from_secs(60));
    done.is_ok_and(|done| {
        let text = done.stdout_text();
        let candidate = text.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
        candidate.is_some_and(|version| version != "(none)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_would_remove_is_read() {
        let simulated = "Reading state information...\nRemv qemu-utils [1:10.0.2+ds-2]\n\
                         Inst seabios (1.16.2-1 Debian:12.15/oldstable [all])\n";
        assert_eq!(removed(simulated).collect::<Vec<_>>(), ["qemu-utils"]);
        let madison = "qemu-utils | 1:7.2+dfsg-7 | mirror bookworm/main amd64 Packages\n\
                       qemu-utils | 1:7.1 | mirror bookworm/main amd64 Packages\n";
        assert_eq!(first_version(madison), Some("1:7.2+dfsg-7"));
        assert_eq!(first_version(""), None);
    }
}
