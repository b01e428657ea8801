//! What GDB has to answer.

use anyhow::{Result, ensure};

use super::script::{Lines, Loader};

/// Checks GDB's answers.
pub(super) fn check(lines: &Lines<'_>, loader: Loader, said: &str) -> Result<()> {
    let at =
        |name: &str| Ok::<_, anyhow::Error>(format!("{}:{}", lines.source, lines.number(name)?));
    let says = |question: &str, words: &[&str]| {
        let answer = lines.answer(said, question)?;
        for word in words {
            ensure!(answer.contains(word), "[{question}] does not say `{word}`: {answer}");
        }
        Ok(())
    };
    let number = |name: &str| lines.number(name).map(|number| format!("{number}\t"));
    let none = |question: &str| {
        let answer = lines.answer(said, question)?;
        ensure!(!answer.contains(lines.source), "[{question}] knows something: {answer}");
        Ok(())
    };
    none("before")?;
    says("hit", &["hit Breakpoint 1, ", "meter_call (", "value=21", &at("call")?])?;
    says("step", &["meter_add (", "amount=21", &at("add")?])?;
    let has = |question: &str, fields: &[(&str, &str)]| {
        let answer = lines.answer(said, question)?;
        for (name, value) in fields {
            ensure!(is_field(answer, name, value), "[{question}]: {name} is not {value}: {answer}");
        }
        Ok(())
    };
    has("locals", &[("twice", "42")])?;
    has("argument", &[("channel", "7"), ("value", "21")])?;
    let backtrace = [
        "meter_add (",
        &at("add")?,
        "meter_call (",
        &at("call")?,
        "kernel_call_back (",
        &format!("{}:", loader.caller()),
        "main (",
        &at("main")?,
        "call_program",
        "image_main",
        "main.rs:",
    ];
    says("backtrace", &backtrace)?;
    let answer = lines.answer(said, "backtrace")?;
    let mut rest = answer;
    for word in backtrace {
        let Some((_, behind)) = rest.split_once(word) else {
            anyhow::bail!("[backtrace] has `{word}` in another place: {answer}");
        };
        rest = behind;
    }
    says("next", &[&number("add: next")?])?;
    says("finish", &[&at("call")?])?;
    has("whole", &[("channel", "3"), ("value", "63")])?;
    says("while", &[lines.source, "meter_call"])?;
    says("gone", &["hit Breakpoint 2, ", loader.gone_in()])?;
    none("after")
}

/// Whether a variable, or a field of a structure, is shown with this value: by C `name = value`, by Rust
/// `name: value`.
fn is_field(answer: &str, name: &str, value: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    answer.match_indices(name).any(|(at, _)| {
        let (before, rest) = (&answer[..at], &answer[at + name.len()..]);
        let rest = rest.strip_prefix(" = ").or_else(|| rest.strip_prefix(": "));
        let rest = rest.and_then(|rest| rest.strip_prefix(value));
        !before.ends_with(is_word) && rest.is_some_and(|rest| !rest.starts_with(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\n\n/* [add] */\n/* [add: next] */\n/* [call] */\n/* [main] */\n";

    /// What GDB says when all is well.
    const SAID: &str = r#"
[before]
All functions matching regular expression "meter_":

[hit]

Thread 1 hit Breakpoint 1, meter_call (value=21) at m.c:5
5\t/* [call] */

[step]
meter_add (to=0x6701bd0, amount=21) at m.c:3
3\t/* [add] */

[argument]
$1 = {channel = 7, value = 21, unit = 0x1e00000 "mV"}

[backtrace]
#0  meter_add (to=0x6701bd0, amount=21) at m.c:3
#1  0x0000000000600071 in meter_call (value=21) at m.c:5
#2  0x000000000015d0d8 in kernel_call_back () at qemu-tests/image/src/kernel.rs:76
#3  0x00000000006000b2 in main () at m.c:6
#4  <signal handler called>
#5  call_program () at targets/x86_64/src/machine/call.rs:40
#6  image_main () at qemu-tests/image/src/main.rs:62

[next]
4\t/* [add: next] */

[locals]
twice = 42

[finish]
0x0000000000600071 in meter_call (value=21) at m.c:5

[whole]
$4 = {channel = 3, value = 63, unit = 0x1e00000 "mV"}

[while]
All functions matching regular expression "meter_":

File m.c:
21:\tint meter_call(int);

[gone]

Thread 1 hit Breakpoint 2, __jit_debug_register_code () at qemu-tests/image/src/debugger.rs:22

[after]
All functions matching regular expression "meter_":
"#;

    #[test]
    fn every_answer_counts() {
        let lines = Lines::of("m.c", SOURCE).unwrap();
        let said = SAID.replace("\\t", "\t");
        check(&lines, Loader::Image, &said).unwrap();
        for question in said.lines().filter(|line| line.starts_with('[')) {
            let answer = lines.answer(&said, question.trim_matches(['[', ']'])).unwrap();
            let other = match answer.contains("regular expression") && !answer.contains("m.c") {
                true => format!("{answer}File m.c:\n"),
                false => "\n".to_owned(),
            };
            let begin = format!("\n{question}\n");
            let changed = said.replace(&format!("{begin}{answer}"), &format!("{begin}{other}"));
            assert_ne!(changed, said, "{question}");
            assert!(check(&lines, Loader::Image, &changed).is_err(), "{question}");
        }
        // Values that begin as they should, or stand for something else.
        for (value, other) in [
            ("channel = 3,", "channel = 33,"),
            ("channel = 3,", "channels = 3,"),
            ("channel = 3,", "channel = 13,"),
            ("value = 63", "value = 630"),
            ("value = 63", "old_value = 63"),
            ("channel = 7", "channel = 0x7"),
            ("twice = 42", "twice = 42.5"),
        ] {
            let changed = said.replace(value, other);
            assert_ne!(changed, said, "{value}");
            assert!(check(&lines, Loader::Image, &changed).is_err(), "{other}");
        }
        // Frames in another order, one that is missing, a line that is another one.
        let frames =
            said.replace("#1 ", "#9 ").replace("in meter_call (value=21) at m.c:5", "in x");
        let frames =
            [frames, said.replace("at m.c:6", "at m.c:7"), said.replace("call_program", "c")];
        for changed in frames {
            assert!(check(&lines, Loader::Image, &changed).is_err());
        }
    }
}
