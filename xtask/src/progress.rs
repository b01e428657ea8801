//! Progress on standard error: a spinner or a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less than this is not worth a line.
const NOTICED: Duration = Duration::from_secs(2);

/// Something that takes a while.
///
/// Dropping it ends it without a word; [`Step::finish`] says how long it took.
#[derive(Debug)]
pub struct Step {
    message: String,
    bar: ProgressBar,
    started: Instant,
    /// Whether its beginning is on the screen, or in the log.
    shown: AtomicBool,
}

/// Begins something that takes a while; `message` says what is being done.
pub fn step(message: impl Into<String>) -> Step {
    begin(message.into(), None)
}

/// Begins something that is done in `total` parts.
pub fn counted(message: impl Into<String>, total: usize) -> Step {
    begin(message.into(), Some(total))
}

/// Prints a line on standard error, above whatever is in progress.
pub fn note(line: impl AsRef<str>) {
    bars().suspend(|| eprintln!("{}", line.as_ref()));
}

impl Step {
    /// Shows `detail` behind the message, until the next one.
    pub fn say(&self, detail: impl AsRef<str>) {
        if self.started.elapsed() >= NOTICED && !self.shown.swap(true, Ordering::Relaxed) {
            eprintln!("  {} …", self.message);
        }
        let width = 60; // a line that wraps cannot be redrawn
        let detail: String = detail.as_ref().trim().chars().take(width).collect();
        self.bar.set_message(if detail.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {detail}", self.message)
        });
    }

    /// One more part is done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// Ends it; a line with the time stays, if it took long enough to be noticed.
    pub fn finish(self) {
        let took = self.started.elapsed();
        self.bar.finish_and_clear();
        if took >= NOTICED {
            note(format!("  {} ({:.1} s)", self.message, took.as_secs_f64()));
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn begin(message: String, total: Option<usize>) -> Step {
    let bar = match total {
        Some(total) => ProgressBar::new(total as u64),
        None => ProgressBar::new_spinner(),
    };
    let template = match total {
        Some(_) => "{spinner} [{bar:24}] {pos}/{len} {wide_msg} {elapsed}",
        None => "{spinner} {wide_msg} {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(message.clone());
    let on_terminal = std::io::stderr().is_terminal();
    let bar = if on_terminal {
        let bar = bars().add(bar);
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    } else {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar
    };
    Step { message, bar, started: Instant::now(), shown: AtomicBool::new(on_terminal) }
}

fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}
