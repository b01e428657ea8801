//! The report of a fault, made without a heap: whatever has faulted may have been in the middle of
//! it.

use core::fmt::{self, Write};

use crate::REPORT_MARK;

const BEFORE: &[u8] = br#"{"report":"fault","message":""#;
const AFTER: &[u8] = b"\"}\n";

/// Writes [`Report::Fault`](crate::Report::Fault) with `message` into `buffer`, as a line with the
/// mark in front; the end of a message that is too long is left out. A buffer that is too short for
/// any is left empty.
pub fn fault_line(buffer: &mut [u8], message: impl fmt::Display) -> &[u8] {
    let room = buffer.len().saturating_sub(AFTER.len());
    let mut line = Line { buffer, length: 0, room };
    let begun = line.push(&[REPORT_MARK]) && line.push(BEFORE);
    if !begun {
        return &[];
    }
    let _ = write!(line, "{message}"); // an error: it is full
    line.room += AFTER.len();
    line.push(AFTER);
    let Line { buffer, length, .. } = line;
    buffer.get(..length).unwrap_or_default()
}

/// A line in the making.
struct Line<'b> {
    buffer: &'b mut [u8],
    length: usize,
    /// As much of the buffer as may be used.
    room: usize,
}

impl Line<'_> {
    /// Whether there was room for all of it.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let end = self.length.saturating_add(bytes.len());
        let to = self.buffer.get_mut(self.length..end).filter(|_| end <= self.room);
        let Some(to) = to else { return false };
        to.copy_from_slice(bytes);
        self.length = end;
        true
    }
}

impl Write for Line<'_> {
    /// Writes a part of a JSON string.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let mut bytes = [0; 4];
            let fits = match character {
                '"' => self.push(br#"\""#),
                '\\' => self.push(br"\\"),
                '\n' => self.push(br"\n"),
                '\0'..' ' => self.push(b" "),
                other => self.push(other.encode_utf8(&mut bytes).as_bytes()),
            };
            if !fits {
                self.room = self.length; // Nothing that is shorter may come after it.
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Report;
    use alloc::string::String;

    fn message_of(line: &[u8]) -> String {
        let (mark, line) = line.split_first().unwrap();
        assert_eq!(*mark, REPORT_MARK);
        let line = core::str::from_utf8(line).unwrap().strip_suffix('\n').unwrap();
        match Report::from_line(line) {
            Some(Report::Fault { message }) => message,
            other => panic!("{other:?} from {line}"),
        }
    }

    #[test]
    fn it_is_the_report_that_the_host_reads() {
        let said = "a \"quoted\" C:\\path at 0x12\nand \u{e9}\u{1}";
        assert_eq!(message_of(fault_line(&mut [0; 200], said)), said.replace('\u{1}', " "));
        let report = Report::Fault { message: "plain".into() };
        let mut buffer = [0; 200];
        let line = fault_line(&mut buffer, "plain");
        assert_eq!(line[1..line.len() - 1], *report.to_line().as_bytes());
    }

    #[test]
    fn a_long_message_is_cut_and_still_read() {
        let long = "\u{e9}\"xyz".repeat(100);
        for size in 40..300 {
            let mut buffer = [0; 300];
            let line = fault_line(&mut buffer[..size], &long);
            let message = message_of(line);
            assert!(long.starts_with(&message) && line.len() <= size && line.len() + 2 > size);
        }
        let smallest = 1 + BEFORE.len() + AFTER.len();
        assert_eq!(message_of(fault_line(&mut [0; 300][..smallest], &long)), "");
        assert_eq!(fault_line(&mut [0; 300][..8], &long), b"");
    }
}
