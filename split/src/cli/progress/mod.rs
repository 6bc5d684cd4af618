//! Shows a command at work: a redrawn screen on a terminal, lines where there is none, JSON for programs.
//!
//! In: the board that the work writes on, and events of the command itself. Out: standard error for people, standard output for
//! programs. It looks at the board, so what lasts less than `LOOK` may go by unseen. A reader that has gone stops nothing.

mod changes;
mod event;
mod screen;

pub(crate) use event::Event;

use changes::Told;
use jiff::Timestamp;
use rerp_split::report;
use rerp_split::run::Board;
use rerp_split::status::Status;
use screen::Screen;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often the board is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A person at a terminal.
    Screen,
    /// A person who reads a log.
    Lines,
    /// A program.
    Json,
}

impl Form {
    /// Logs on the same terminal would tear a screen apart, so whoever asks for logs gets lines.
    pub(crate) fn choose(json: bool, logs: bool) -> Self {
        match (json, std::io::stderr().is_terminal() && !logs) {
            (true, _) => Self::Json,
            (false, true) => Self::Screen,
            (false, false) => Self::Lines,
        }
    }

    /// The least time between two looks at what moves all the time.
    fn pace(self) -> Duration {
        match self {
            Self::Screen => Duration::from_millis(250),
            Self::Json => Duration::from_secs(1),
            Self::Lines => Duration::from_secs(10),
        }
    }
}

/// Where a command tells what happens.
#[derive(Clone)]
pub(crate) struct Output {
    form: Form,
    migration: String,
}

impl Output {
    pub(crate) fn new(form: Form, migration: &str) -> Self {
        Self { form, migration: migration.to_owned() }
    }

    /// A program reads it.
    pub(crate) fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// Tells one event.
    pub(crate) fn tell(&self, event: &Event) {
        match self.form {
            Form::Json => match event.line(&self.migration, Timestamp::now()) {
                Ok(line) => print(&(line + "\n")),
                Err(error) => tracing::error!(%error, "an event has no form in JSON"),
            },
            Form::Screen | Form::Lines => {
                if let Some(words) = event.words() {
                    say(&(words + "\n"));
                }
            }
        }
    }

    /// The result for a person: to standard output, where programs get events instead.
    pub(crate) fn result(&self, text: &str) {
        if !self.is_json() {
            print(text);
        }
    }

    /// Shows what happens on the board until `Follow::end`.
    pub(crate) fn follow(&self, board: &Arc<Board>) -> Follow {
        let (stop, board) = (CancellationToken::new(), Arc::clone(board));
        let task = tokio::spawn(Show::new(self.clone()).until(stop.clone(), board));
        Follow { stop, task }
    }
}

/// A board that is being shown.
pub(crate) struct Follow {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Follow {
    /// Shows the last of it.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::debug!(%error, "progress is not shown");
        }
    }
}

struct Show {
    output: Output,
    told: Told,
    screen: Screen,
    began: Instant,
    /// When figures were last shown.
    paced: Option<Instant>,
}

impl Show {
    fn new(output: Output) -> Self {
        Self { output, told: Told::default(), screen: Screen::default(), began: Instant::now(), paced: None }
    }

    async fn until(mut self, stop: CancellationToken, board: Arc<Board>) {
        while !stop.is_cancelled() {
            self.look(&board.status(), false);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.look(&board.status(), true);
        if self.output.form == Form::Screen {
            say(&self.screen.clear());
        }
    }

    fn look(&mut self, now: &Status, last: bool) {
        let due = last || self.paced.is_none_or(|paced| paced.elapsed() >= self.output.form.pace());
        if self.output.form == Form::Screen {
            if due {
                let seconds = self.began.elapsed().as_secs();
                let head = format!("{}:{:02}:{:02}  ", seconds / 3600, seconds / 60 % 60, seconds % 60);
                say(&self.screen.draw(&(head + &report::status(now)), rows()));
                self.paced = Some(Instant::now());
            }
            return;
        }
        let mut events = self.told.events(now);
        if due {
            events.extend(self.told.figures(now));
            self.paced = Some(Instant::now());
        }
        events.iter().for_each(|event| self.output.tell(event));
    }
}

/// Lines of the terminal; as many as terminals had when nobody asked yet, if it doesn't say.
fn rows() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_row > 0 => size.ws_row.into(),
        _ => 24,
    }
}

/// To standard output.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// To standard error.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
