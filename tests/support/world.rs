//! The binary, an account for it, and a folder for its files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use trailwarden_sandbox::Sandbox;

use super::clients::wait;
use super::moto;

/// The account of a world in a file.
const FILE: &str = "account.json";

/// What a run of the binary left behind.
pub(crate) struct Ran {
    /// The exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit code and shows everything when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Asserts that standard output holds a text.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no {text:?} in\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that standard error holds a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} in\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// An account, an address where it answers, and a folder.
pub(crate) struct World {
    /// Where AWS is, for this world.
    pub(crate) endpoint: String,
    /// The account.
    pub(crate) account: String,
    /// The binary opens the account's file itself.
    in_file: bool,
    sandbox: Option<Sandbox>,
    folder: TempDir,
    /// Ends the sandbox's server when the world ends.
    _server: Option<tokio::sync::oneshot::Sender<()>>,
}

impl World {
    /// A fresh account of the sandbox, behind a port.
    pub(crate) fn on_sandbox() -> Self {
        let account = moto::fresh_account();
        let sandbox = Sandbox::in_memory(&account).with_time(clock());
        Self::served(account, folder(), sandbox)
    }

    /// A fresh account in a file, for stories in which time passes: its clock stands until the story
    /// moves it, the binary works on the file, and SDK clients on a port that answers from it.
    pub(crate) fn in_file() -> Self {
        let account = moto::fresh_account();
        let folder = folder();
        let sandbox = Sandbox::open(&folder.path().join(FILE), &account).expect("a file for the account");
        // Ten o'clock, so that rounds of delivery are at minutes that one can tell.
        let begin = UNIX_EPOCH + Duration::from_secs(1_772_445_600);
        wait(sandbox.set_time(begin)).expect("the clock is set");
        Self {
            in_file: true,
            ..Self::served(account, folder, sandbox)
        }
    }

    /// The sandbox behind a port until the world ends.
    fn served(account: String, folder: TempDir, sandbox: Sandbox) -> Self {
        let (end, ended) = tokio::sync::oneshot::channel();
        let (address, addresses) = std::sync::mpsc::channel();
        let serving = sandbox.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime for the sandbox");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("a free port");
                address
                    .send(listener.local_addr().expect("its address"))
                    .expect("the test waits for it");
                serving
                    .serve(listener, async { drop(ended.await) })
                    .await
                    .expect("the sandbox serves");
            });
        });
        let endpoint = format!("http://{}", addresses.recv().expect("the sandbox listens"));
        Self {
            endpoint,
            account,
            in_file: false,
            sandbox: Some(sandbox),
            folder,
            _server: Some(end),
        }
    }

    /// A fresh account of the test process's moto.
    pub(crate) fn on_moto() -> Self {
        Self {
            endpoint: moto::moto().endpoint.clone(),
            account: moto::fresh_account(),
            in_file: false,
            sandbox: None,
            folder: folder(),
            _server: None,
        }
    }

    /// The sandbox itself: its clock, and what it sent to people.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("a world on the sandbox")
    }

    /// Lets minutes pass in the sandbox.
    pub(crate) fn pass(&self, minutes: u64) {
        let by = Duration::from_secs(60 * minutes);
        wait(self.sandbox().advance_time(by)).expect("the clock moves");
    }

    /// The folder that commands run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("the test's folder is writable");
        path
    }

    /// Writes one of the project's example specs as `spec.toml`, for this world's account.
    pub(crate) fn write_example(&self, name: &str) -> String {
        let text = example(name).replace("123456789012", &self.account);
        self.write("spec.toml", &text);
        text
    }

    /// Runs `trailwarden` in the folder, against this world.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_at(&self.endpoint, arguments)
    }

    /// Runs `trailwarden` against another address, such as a proxy's.
    pub(crate) fn run_at(&self, endpoint: &str, arguments: &[&str]) -> Ran {
        let output = self
            .command(endpoint, arguments)
            .output()
            .expect("the binary starts");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }

    /// The command that [`World::run_at`] runs, for tests that need its process.
    pub(crate) fn command(&self, endpoint: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailwarden"));
        command
            .args(arguments)
            .args(self.in_file.then(|| format!("--sandbox={FILE}")))
            .current_dir(self.folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(moto::environment(endpoint, &self.account))
            .stdin(Stdio::null());
        command
    }

    /// Applies `spec.toml` without questions and expects success.
    #[track_caller]
    pub(crate) fn apply(&self) -> Ran {
        self.run(&["apply", "spec.toml", "--yes"]).exits(0)
    }

    /// Expects that `spec.toml` and the account do not differ.
    #[track_caller]
    pub(crate) fn expect_no_differences(&self) -> Ran {
        self.run(&["plan", "spec.toml", "--detailed-exitcode"])
            .exits(0)
            .prints("No differences.")
    }
}

/// A clock that begins with one of CloudTrail's five minutes, so that no story which is quick meets
/// the end of it, when log files come into the bucket.
fn clock() -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970");
    let begin = UNIX_EPOCH + Duration::from_secs(since.as_secs() / 300 * 300);
    let started = Instant::now();
    move || begin + started.elapsed()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The text of one of the project's example specs.
pub(crate) fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../specs")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// The names of the project's example specs.
pub(crate) fn examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs");
    let entries = std::fs::read_dir(&folder).expect("the examples");
    let names = entries.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    names.filter(|name| name.ends_with(".toml")).collect()
}
