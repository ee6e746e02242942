//! The one place that prints.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use trailwarden_diff::render::visible;

use crate::args::Color;
use crate::failure::{Exit, Failure};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Standard output and standard error, with colour where it belongs.
#[derive(Debug)]
pub(crate) struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    /// Streams that colour as asked.
    pub(crate) fn new(color: Color) -> Self {
        Self {
            color: match color {
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
        }
    }

    /// Prints to standard output.
    ///
    /// # Errors
    /// When the output cannot be written, as on a full disk: a truncated plan must not look like a
    /// good one. Where nobody reads any more (`| head`), nothing is lost that somebody wanted.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(io::stdout().lock(), self.color);
        still_read(out.write_all(text.as_bytes()).and_then(|()| out.flush())).map(|_| ())
    }

    /// Standard output for many lines of data, as they are.
    pub(crate) fn lines(&self) -> Lines {
        Lines(io::BufWriter::with_capacity(1 << 16, io::stdout()))
    }

    /// Prints to standard error.
    pub(crate) fn say(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.color);
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Text with its styles, or without them where standard error shows none.
    pub(crate) fn styled_for_stderr(&self, text: &str) -> String {
        let mut stream = AutoStream::new(Vec::new(), self.stderr_choice());
        let _ = stream.write_all(text.as_bytes());
        String::from_utf8_lossy(&stream.into_inner()).into_owned()
    }

    fn stderr_choice(&self) -> ColorChoice {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stderr()),
            choice => choice,
        }
    }

    /// Says why a command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.drawn {
            return self.say(&failure.message);
        }
        let mut text = format!("{ERROR}error{ERROR:#}: {}\n", visible(&failure.message));
        if let Some(help) = &failure.help {
            text += &format!("{HELP}help{HELP:#}: {help}\n");
        }
        self.say(&text);
    }

    /// True when a person watches standard error.
    pub(crate) fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Asks a question and returns the line that was typed; `None` after Ctrl-C.
    ///
    /// # Errors
    /// When there is nobody to ask.
    pub(crate) async fn ask(&self, question: &str, instead: &str) -> Result<Option<String>, Failure> {
        if !io::stdin().is_terminal() {
            return Err(Failure::new(Exit::Usage, "there is no terminal to ask on").help(instead));
        }
        self.say(question);
        // A read cannot be taken back: after Ctrl-C its thread waits until the process ends.
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line.trim().to_owned())
        });
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => {
                self.say("\n");
                Ok(None)
            }
            answer = answer => match answer {
                Ok(Ok(line)) => Ok(Some(line)),
                Ok(Err(error)) => Err(Failure::new(Exit::Failed, format!("cannot read the answer: {error}"))),
                Err(_) => Err(Failure::new(Exit::Failed, "cannot read the answer")),
            },
        }
    }

    /// Sends traces to standard error.
    pub(crate) fn start_tracing(&self, verbose: u8) {
        use tracing_subscriber::EnvFilter;
        let default = match verbose {
            0 => "off",
            1 => "off,trailwarden_provider=debug,trailwarden_apply=debug",
            _ => "debug,hyper=info,rustls=info,h2=info",
        };
        let filter = EnvFilter::try_from_env("TRAILWARDEN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(self.stderr_choice() != ColorChoice::Never)
            .try_init();
    }
}

/// Standard output for many lines of data, which are neither coloured nor changed.
#[derive(Debug)]
pub(crate) struct Lines(io::BufWriter<io::Stdout>);

impl Lines {
    /// Writes a line. False where nobody reads any more (`| head`).
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn write(&mut self, line: &[u8]) -> Result<bool, Failure> {
        still_read(self.0.write_all(line).and_then(|()| self.0.write_all(b"\n")))
    }

    /// Sends what is still kept.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn flush(&mut self) -> Result<bool, Failure> {
        still_read(self.0.flush())
    }
}

fn still_read(result: io::Result<()>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(
            Exit::Failed,
            format!("cannot write the output: {error}"),
        )),
    }
}
