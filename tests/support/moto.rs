//! One moto server for all tests of the process.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the server may take until it is ready. It needs half a second on
/// a quiet machine; this only tells a hang from a slow start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of the server's standard error that are kept for messages.
const KEPT_LINES: usize = 200;

/// A running moto server.
pub(crate) struct Moto {
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    stderr: Arc<Mutex<VecDeque<String>>>,
    /// Held for its standard input: the server ends when that does, and the
    /// system closes it with this process, however the process ends.
    _server: Child,
}

impl Moto {
    /// The last lines that the server wrote to its standard error: a stack
    /// trace for each call that moto does not implement. For messages of tests
    /// that met an HTTP 500.
    pub(crate) fn stderr(&self) -> String {
        joined(&self.stderr)
    }
}

/// The moto server of this test process, installed and started at first use.
///
/// # Panics
///
/// When it cannot be installed or started; the message has what the installer
/// or the server said, and the way out.
pub(crate) fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(|| {
        let workspace = workspace();
        install(&workspace);
        start(&workspace)
    })
}

/// The Python of the tests' venv, with boto3, installed at first use.
///
/// # Panics
///
/// When it cannot be installed; the message has what the installer said.
pub(crate) fn python() -> PathBuf {
    let workspace = workspace();
    install(&workspace);
    workspace.join(".tests/venv/bin/python")
}

/// An account id, 12 digits, that no other test of this process has.
///
/// Used as the access key id it is an account of its own in moto.
pub(crate) fn fresh_account() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// The environment that makes an AWS client use `endpoint` as `account` in
/// `eu-central-1`, and nothing of the person who runs the tests.
///
/// S3's path style has no variable; the product has to choose it by itself
/// for such an endpoint.
pub(crate) fn environment(endpoint: &str, account: &str) -> Vec<(&'static str, String)> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", account),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// The workspace's root: the closest folder upward that has the server. Links
/// are followed, as the installer does, to agree with it on where the venv is.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find_map(|folder| {
            let server = folder.join("tests/moto/server.py").canonicalize().ok()?;
            Some(server.ancestors().nth(3)?.to_owned())
        })
        .unwrap_or_else(|| {
            panic!(
                "no `tests/moto/server.py` in any folder above {}: build the tests where they run",
                env!("CARGO_MANIFEST_DIR")
            )
        })
}

fn install(workspace: &Path) {
    let installer = workspace.join("tests/moto/install");
    let done = Command::new("python3")
        .arg(&installer)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| {
            panic!("cannot run `python3`: {error}; the end-to-end tests need Python 3.10 or later")
        });
    assert!(
        done.status.success(),
        "moto could not be installed ({}):\n{}{}",
        done.status,
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
}

fn start(workspace: &Path) -> Moto {
    let python = workspace.join(".tests/venv/bin/python");
    let mut server = Command::new(&python)
        .arg(workspace.join("tests/moto/server.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "cannot run {}: {error}; remove `.tests/venv`, then run the tests again",
                python.display()
            )
        });

    let stderr = Arc::new(Mutex::new(VecDeque::new()));
    let kept = Arc::clone(&stderr);
    let said = each_line(server.stderr.take().expect("a piped stderr"), move |line| {
        let mut kept = locked(&kept);
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    });
    let (ready, told) = channel();
    // Read on after `ready`, lest the server block on a full pipe.
    each_line(server.stdout.take().expect("a piped stdout"), move |line| {
        if let Some(endpoint) = line.strip_prefix("ready ") {
            let _ = ready.send(endpoint.to_owned());
        }
    });

    match told.recv_timeout(PATIENCE) {
        Ok(endpoint) => Moto {
            endpoint,
            stderr,
            _server: server,
        },
        Err(why) => {
            let _ = server.kill();
            let _ = said.join();
            let why = match why {
                RecvTimeoutError::Timeout => format!("was not ready after {PATIENCE:?}"),
                RecvTimeoutError::Disconnected => "ended before it was ready".to_owned(),
            };
            panic!(
                "tests/moto/server.py {why}; its standard error:\n{}\n\
                 try it by hand: `.tests/venv/bin/python tests/moto/check.py`; \
                 if a module is missing there, remove `.tests/venv` and run the tests again",
                joined(&stderr)
            );
        }
    }
}

/// Calls `take` with each line of `from`, on a thread, until its end.
fn each_line(
    from: impl Read + Send + 'static,
    mut take: impl FnMut(String) + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n') {
            let Ok(line) = line else { return };
            take(String::from_utf8_lossy(&line).into_owned());
        }
    })
}

fn joined(lines: &Mutex<VecDeque<String>>) -> String {
    Vec::from(locked(lines).clone()).join("\n")
}

/// A lock that a panic elsewhere does not spoil: that panic is the one to read.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpStream;

    #[test]
    fn accounts_are_kept_apart() {
        for _ in 0..2 {
            let account = fresh_account();
            let environment = environment(&moto().endpoint, &account);
            assert!(environment.contains(&("AWS_ACCESS_KEY_ID", account.clone())));

            let address = moto().endpoint.strip_prefix("http://").unwrap();
            let mut stream = TcpStream::connect(address).unwrap();
            let body = "Action=GetCallerIdentity&Version=2011-06-15";
            write!(
                stream,
                "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
                 Authorization: AWS4-HMAC-SHA256 Credential={account}/20260101/eu-central-1/sts/aws4_request, \
                 SignedHeaders=host, Signature=00\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(
                answer.contains(&format!("<Account>{account}</Account>")),
                "{answer}\n{}",
                moto().stderr()
            );
        }
    }
}
