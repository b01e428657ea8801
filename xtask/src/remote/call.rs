//! What is to be called, from text: `function`, `function(1, -2, 0x10, "text")`.

use anyhow::{Result, bail, ensure};

/// A function, and what it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub function: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// Whether no arguments were written, not even none in parentheses: it is called as `main` is.
    pub is_plain: bool,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number, negative ones as two's complement.
    Number(u64),
    /// A string, which becomes the address of one.
    Text(String),
}

impl std::str::FromStr for Call {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some((function, rest)) = text.split_once('(') else {
            check_name(text)?;
            return Ok(Self { function: text.into(), arguments: Vec::new(), is_plain: true });
        };
        let function = function.trim();
        check_name(function)?;
        let mut rest = rest.trim_start();
        let mut arguments = Vec::new();
        if let Some(end) = rest.strip_prefix(')') {
            rest = end;
        } else {
            loop {
                let (argument, behind) = argument(rest)?;
                arguments.push(argument);
                let behind = behind.trim_start();
                if let Some(next) = behind.strip_prefix(',') {
                    rest = next.trim_start();
                } else if let Some(end) = behind.strip_prefix(')') {
                    rest = end;
                    break;
                } else {
                    bail!("`,` or `)` should follow an argument in `{text}`");
                }
            }
        }
        ensure!(rest.trim().is_empty(), "nothing should follow the call in `{text}`");
        Ok(Self { function: function.into(), arguments, is_plain: false })
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_one = !name.is_empty() && !name.contains([' ', '"', ',', ')']);
    ensure!(is_one, "`{name}` is no function's name");
    Ok(())
}

/// The argument at the start of a text, and what is behind it.
fn argument(text: &str) -> Result<(Argument, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ')']).unwrap_or(text.len());
        let (number, behind) = text.split_at(end);
        return Ok((Argument::Number(self::number(number.trim())?), behind));
    };
    let mut string = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        string.push(match character {
            '"' => return Ok((Argument::Text(string), &quoted[at + 1..])),
            '\\' => match characters.next().map(|(_, escaped)| escaped) {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(same @ ('"' | '\\')) => same,
                _ => bail!("a backslash in a string stands before n, t, \" or another one"),
            },
            other => other,
        });
    }
    bail!("a string has no end: {text}")
}

/// A number as C has it: decimal or hexadecimal, negative or not.
fn number(text: &str) -> Result<u64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let value = value.map_err(|_| anyhow::anyhow!("`{text}` is neither a number nor a string"))?;
    ensure!(!negative || value <= 1 << 63, "{text} does not fit into 64 bits");
    Ok(if negative { value.wrapping_neg() } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Call> {
        text.parse()
    }

    #[test]
    fn calls_are_read_as_they_are_written() {
        let call = parse(" f ( 1, -2,0x1F , \"a, \\\"b\\\")\\n\" ) ").unwrap();
        assert_eq!((call.function.as_str(), call.is_plain), ("f", false));
        let text = Argument::Text("a, \"b\")\n".into());
        let numbers = [1, -2i64 as u64, 0x1f].map(Argument::Number);
        assert_eq!(call.arguments, [&numbers[..], &[text]].concat());
        assert_eq!(parse("f()").unwrap().arguments, []);
        assert!(!parse("f()").unwrap().is_plain && parse("f").unwrap().is_plain);
        let least = parse("f(-9223372036854775808)").unwrap();
        assert_eq!(least.arguments, [Argument::Number(1 << 63)]);
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = ["", "(1)", "f(", "f(1", "f(1,)", "f(1) 2", "f(x)", "f(\"a)", "f(\"\\q\")"];
        for text in wrong.into_iter().chain(["f g(1)", "f(-9223372036854775809)", "f(1 2)"]) {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
