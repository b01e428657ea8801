//! Looking for programs and files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program `name` on the `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_program(file))
}

/// Major and minor version, from the first line that `program --version` prints.
///
/// `None` for Apple's LLVM, which counts its versions in its own way and leaves targets out.
pub fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program)
        .arg("--version")
        .env_remove("LD_LIBRARY_PATH") // cargo's own, which another rustc must not load from
        .stdin(Stdio::null())
        .output()
        .ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// The path that `program` prints when it is run with `args`, if that file exists.
pub fn prints_path(program: &Path, args: &[&str]) -> Option<PathBuf> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (path.is_absolute() && path.is_file()).then_some(path)
}

/// `place/N/name` for the highest number N that has it.
pub fn newest_below(place: &str, name: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(place).ok()?.flatten();
    let numbered = folders.filter_map(|folder| {
        let version: u32 = folder.file_name().to_str()?.parse().ok()?;
        let file = folder.path().join(name);
        file.is_file().then_some((version, file))
    });
    numbered.max_by_key(|(version, _)| *version).map(|(_, file)| file)
}

fn is_program(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    {
        file.is_file()
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    // Some of LLVM's tools put their name on the first line and the version on the second.
    let line = text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()))?;
    if line.contains("Apple") {
        return None;
    }
    let words = line.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.filter(|word| !word.is_empty()).find_map(|word| {
        let mut numbers = word.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let lines = [
            ("Debian clang version 22.1.8 (1~deb12u1)\nTarget: …", (22, 1)),
            ("Debian LLD 22.1.8 (compatible with GNU linkers)", (22, 1)),
            ("llvm-readelf, compatible with GNU readelf\nDebian LLVM version 19.0.1", (19, 0)),
            ("cargo 1.96.0 (30a34c682 2026-05-25) (built from a source tarball)", (1, 96)),
        ];
        for (line, version) in lines {
            assert_eq!(parse_version(line), Some(version), "{line}");
        }
        assert_eq!(parse_version("Apple clang version 15.0.0 (clang-1500.3.9.4)"), None);
        assert_eq!(parse_version(""), None);
    }

    #[test]
    #[cfg(unix)]
    fn programs_are_found_on_the_path() {
        assert!(on_path("sh").is_some());
        assert!(on_path("no-such-program-anywhere").is_none());
    }
}
