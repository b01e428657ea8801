//! How a call has ended, in words.

use std::fmt;

/// How a call has ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The function has returned, and this is in the register for results: what it returns, and above
    /// that, where it is shorter, anything.
    Returned(u64),
    /// It has ended the program with this code.
    Exited(i32),
    /// It has ended the program as aborted.
    Aborted,
    /// By an exception, in words.
    Fault(String),
}

impl Ended {
    /// What a function has returned that returns an `int`.
    pub const fn int(&self) -> Option<i32> {
        match self {
            Self::Returned(value) => Some(*value as i32),
            _ => None,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(value) => {
                let (long, int) = (value.cast_signed(), *value as i32);
                write!(f, "returned {long} ({value:#x})")?;
                // The function's type is not known here.
                if i64::from(int) == long { Ok(()) } else { write!(f, "; as an int: {int}") }
            }
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Aborted => f.write_str("aborted"),
            Self::Fault(fault) => write!(f, "fault: {fault}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_shown_as_either_type_has_them() {
        for (value, shown, int) in [
            (42, "returned 42 (0x2a)", 42),
            (u64::MAX, "returned -1 (0xffffffffffffffff)", -1),
            // -1 as x86-64 and AArch64 have it: nothing above it.
            (0xffff_ffff, "returned 4294967295 (0xffffffff); as an int: -1", -1),
            (5 << 32, "returned 21474836480 (0x500000000); as an int: 0", 0),
        ] {
            let ended = Ended::Returned(value);
            assert_eq!((ended.to_string().as_str(), ended.int()), (shown, Some(int)));
        }
        assert_eq!(Ended::Exited(3).int(), None);
    }
}
