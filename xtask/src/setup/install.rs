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
        let run = || {
            let mut command = self.command();
            command.args(["install", "--no-install-recommends", "--no-remove"]).args(packages);
            process::run_with(&mut command, LIMIT, |line| step.say(line))?.checked("apt-get")
        };
        match run() {
            // Old lists name packages that the servers have replaced: once more with new ones.
            Err(_) => {
                self.update()?;
                run().map(drop)
            }
            done => done.map(drop),
        }
    }
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
