//! The console: telling the image's reports from what programs print.

use qemu_protocol::{REPORT_MARK, Report};

/// What one line of the console holds: first output, then at most one report.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Bytes that the running program wrote; the newline is part of them.
    pub output: &'a [u8],
    /// The report behind the mark.
    pub report: Option<Report>,
}

/// Splits one line, its newline included.
///
/// Output need not end in a newline before a report begins. A mark that no report follows is
/// output like any other byte; the beginning of a report, where a machine ended in the middle of it,
/// is nobody's.
pub fn split(line: &[u8]) -> Line<'_> {
    let marks = line.iter().enumerate().filter(|(_, byte)| **byte == REPORT_MARK);
    for (at, _) in marks {
        let Some((output, [_mark, text @ ..])) = line.split_at_checked(at) else { continue };
        let report = std::str::from_utf8(text).ok().and_then(|text| Report::from_line(text.trim()));
        if report.is_some() || is_cut_off(text) {
            return Line { output, report };
        }
    }
    Line { output: line, report: None }
}

/// Whether a report begins that does not end, the line being the last.
fn is_cut_off(text: &[u8]) -> bool {
    const BEGIN: &[u8] = br#"{"report":"#;
    let begins = text.starts_with(BEGIN) || (!text.is_empty() && BEGIN.starts_with(text));
    begins && !text.ends_with(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(before: &[u8], report: &Report) -> Vec<u8> {
        [before, &[REPORT_MARK], report.to_line().as_bytes(), b"\n"].concat()
    }

    #[test]
    fn a_report_follows_its_mark() {
        let line = marked(b"", &Report::End);
        assert_eq!(split(&line), Line { output: b"", report: Some(Report::End) });
    }

    #[test]
    fn output_without_a_newline_comes_before_the_report() {
        let line = marked(b"42 \xff", &Report::End);
        assert_eq!(split(&line), Line { output: b"42 \xff", report: Some(Report::End) });
    }

    #[test]
    fn a_mark_alone_is_output() {
        let line = b"a\x1eb\n";
        assert_eq!(split(line), Line { output: line, report: None });
        let line = marked(b"a\x1eb", &Report::End);
        assert_eq!(split(&line), Line { output: b"a\x1eb", report: Some(Report::End) });
    }

    #[test]
    fn half_a_report_is_no_output() {
        let whole = marked(b"x", &Report::End);
        for end in 3..whole.len() - 2 {
            assert_eq!(split(&whole[..end]), Line { output: b"x", report: None }, "{end}");
        }
        let ended = [&whole[..whole.len() - 3], b"\n"].concat();
        assert_eq!(split(&ended).output, ended, "a program may print what it likes");
    }

    #[test]
    fn a_carriage_return_does_no_harm() {
        let line = [&[REPORT_MARK], Report::End.to_line().as_bytes(), b"\r\n"].concat();
        assert_eq!(split(&line).report, Some(Report::End));
    }
}
