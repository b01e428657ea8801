//! What GDB is told, and where its answers begin.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// The lines of a source that have a name.
#[derive(Debug)]
pub(super) struct Lines<'s> {
    /// The source.
    pub(super) source: &'s str,
    named: BTreeMap<&'s str, usize>,
}

/// The questions, in their order: a name, and what GDB is told.
const QUESTIONS: &[(&str, &str)] = &[
    ("before", "info functions meter_"),
    ("hit", "continue"),
    ("step", "step"),
    ("argument", "print *to"),
    ("backtrace", "backtrace"),
    ("next", "next"),
    ("locals", "info locals"),
    ("finish", "finish"),
    ("whole", "print reading"),
    ("while", "info functions meter_"),
    ("gone", "continue"),
    ("after", "info functions meter_"),
];

/// What loads modules on the machine that GDB is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loader {
    /// The system image.
    Image,
    /// This program, for an agent.
    Host,
}

impl Loader {
    /// The breakpoint where GDB learns that a module has gone. Of the image's list of them, which has no
    /// types, the second word of the descriptor says what has changed.
    const fn gone(self) -> &'static str {
        match self {
            Self::Image => {
                "break __jit_debug_register_code if ((unsigned int *)&__jit_debug_descriptor)[1] == 2"
            }
            Self::Host => "break *agent_changed",
        }
    }

    /// The function that GDB is in then.
    pub(super) const fn gone_in(self) -> &'static str {
        match self {
            Self::Image => "__jit_debug_register_code",
            Self::Host => "agent_changed",
        }
    }

    /// The file with the function that calls back.
    pub(super) const fn caller(self) -> &'static str {
        match self {
            Self::Image => "kernel.rs",
            Self::Host => "side.c",
        }
    }
}

impl<'s> Lines<'s> {
    /// Finds the names, which stand in brackets in comments.
    pub(super) fn of(source: &'s str, text: &'s str) -> Result<Self> {
        let mut named = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines().skip(1)) {
            let comment = line.split_once("/* [").or_else(|| line.split_once("// ["));
            if let Some((name, _)) = comment.and_then(|(_, rest)| rest.split_once(']')) {
                named.insert(name, number + 1);
            }
        }
        Ok(Self { source, named })
    }

    /// The number of a line.
    pub(super) fn number(&self, name: &str) -> Result<usize> {
        self.named.get(name).copied().with_context(|| format!("no line is called [{name}]"))
    }

    /// Everything that GDB is told.
    pub(super) fn script(&self, loader: Loader) -> Result<String> {
        let call = self.number("call")?;
        let mut script = format!("set width 0\nbreak {}:{call}\n", self.source);
        for (name, told) in QUESTIONS {
            if *name == "gone" {
                script += &format!("set language c\n{}\n", loader.gone());
            }
            script += &format!("echo \\n[{name}]\\n\n{told}\n");
        }
        script += "delete\necho \\n[end]\\n\ncontinue\n"; // to the end of the program
        Ok(script)
    }

    /// What GDB answered to a question.
    pub(super) fn answer<'t>(&self, said: &'t str, name: &str) -> Result<&'t str> {
        let begin = format!("\n[{name}]\n");
        let (_, rest) = said.split_once(&begin).with_context(|| format!("[{name}] is missing"))?;
        Ok(rest.split("\n[").next().unwrap_or(rest))
    }
}
