//! Versions and ranges of them.

use core::fmt;

/// A version, in the order of [Semantic Versioning](https://semver.org) without pre-releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised when what worked may not work any more.
    pub major: u32,
    /// Raised when something is added.
    pub minor: u32,
    /// Raised when something is mended.
    pub patch: u32,
}

impl Version {
    /// The version of these numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The versions that will do.
///
/// ```
/// use loader_core::{Version, VersionRange};
///
/// let range = VersionRange { min: Version::new(1, 2, 0), max: Some(Version::new(2, 0, 0)) };
/// assert!(range.contains(Version::new(1, 9, 3)) && !range.contains(Version::new(2, 0, 0)));
/// assert_eq!(range.to_string(), ">=1.2.0, <2.0.0");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct VersionRange {
    /// The first that will do.
    pub min: Version,
    /// The first above it that will not; `None` where all will.
    pub max: Option<Version>,
}

impl VersionRange {
    /// Whether a version is one of them.
    pub fn contains(&self, version: Version) -> bool {
        version >= self.min && self.max.is_none_or(|max| version < max)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ">={}", self.min)?;
        self.max.map_or(Ok(()), |max| write!(f, ", <{max}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_not_text() {
        let [a, b, c] = [(1, 2, 3), (1, 10, 0), (2, 0, 0)].map(|(a, b, c)| Version::new(a, b, c));
        assert!(a < b && b < c && Version::default() < a);
        assert!(Version::new(1, 2, 3) < Version::new(1, 2, 4));
    }

    #[test]
    fn the_upper_bound_is_not_in_the_range() {
        let (min, max) = (Version::new(1, 2, 0), Version::new(2, 0, 0));
        let range = VersionRange { min, max: Some(max) };
        assert!(range.contains(min) && range.contains(Version::new(1, u32::MAX, 0)));
        assert!(!range.contains(max) && !range.contains(Version::new(1, 1, 9)));
        let open = VersionRange { min, max: None };
        assert!(open.contains(Version::new(u32::MAX, u32::MAX, u32::MAX)));
        assert_eq!(alloc::format!("{open}"), ">=1.2.0");
    }
}
