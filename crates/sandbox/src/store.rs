//! Where the state lives: in memory, or in a file that several processes share.
//!
//! What is too big for it is in the [`Vault`], which every state that goes out of here knows.
//!
//! A write takes the lock on the sibling `.lock` file, reads the file again if another process
//! changed it, and replaces it by a rename; readers therefore need no lock and never see half a
//! file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::SandboxError;
use crate::life::{self, outgoing::Outgoing};
use crate::state::{FORMAT, State};
use crate::vault::{Entry, Vault};

pub(crate) struct Store {
    place: Option<PathBuf>,
    cached: Mutex<Cached>,
}

/// The state as last seen, with the bytes it was read from or written as.
struct Cached {
    state: State,
    /// None while there is no file.
    bytes: Option<Vec<u8>>,
    /// What was called while there is no file yet, so that reads make none.
    early: Vec<Entry>,
}

impl Store {
    pub(crate) fn memory() -> Store {
        Store {
            place: None,
            cached: Mutex::new(Cached {
                state: State::new(),
                bytes: None,
                early: Vec::new(),
            }),
        }
    }

    pub(crate) fn file(path: &Path) -> Result<Store, SandboxError> {
        let store = Store {
            place: Some(path.to_owned()),
            ..Store::memory()
        };
        store.refresh(&mut store.cached())?;
        Ok(store)
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.place.as_deref()
    }

    /// Runs `read` on the state as it is by now; `real` is what the process's clock shows.
    ///
    /// This writes the file only if something happened by itself in the meantime.
    pub(crate) fn read<T>(
        &self,
        real: i64,
        read: impl FnOnce(&mut State, i64) -> T,
    ) -> Result<T, SandboxError> {
        self.read_and_note(real, read, |_, _, _| Vec::new())
    }

    /// Like `read`; what `note` makes of the outcome goes into the journal.
    pub(crate) fn read_and_note<T>(
        &self,
        real: i64,
        read: impl FnOnce(&mut State, i64) -> T,
        note: impl FnOnce(&State, &T, i64) -> Vec<Entry>,
    ) -> Result<T, SandboxError> {
        let mut cached = self.cached();
        self.refresh(&mut cached)?;
        if let Some(passed) = self.passed(&mut cached.state, real)? {
            match &self.place {
                None => cached.state = passed,
                Some(path) => {
                    let _lock = lock(path)?;
                    self.refresh(&mut cached)?;
                    self.pass(&mut cached, real)?;
                }
            }
        }
        let now = cached.state.now(real);
        let outcome = read(&mut cached.state, now);
        let entries = note(&cached.state, &outcome, now);
        if !entries.is_empty() {
            let _lock = match &self.place {
                Some(path) if cached.bytes.is_some() => Some(lock(path)?),
                _ => None,
            };
            self.append(&mut cached, entries)?;
        }
        Ok(outcome)
    }

    /// Runs `change` on a copy of the state and keeps the copy only if `change` succeeds. What happens
    /// by itself until then is kept in any case.
    pub(crate) fn write<T, E>(
        &self,
        real: i64,
        change: impl FnOnce(&mut State, i64) -> Result<T, E>,
    ) -> Result<Result<T, E>, SandboxError> {
        self.write_and_note(real, change, |_, _, _| Vec::new())
    }

    /// Like `write`; what `note` makes of the outcome goes into the journal under the same lock.
    pub(crate) fn write_and_note<T, E>(
        &self,
        real: i64,
        change: impl FnOnce(&mut State, i64) -> Result<T, E>,
        note: impl FnOnce(&State, &Result<T, E>, i64) -> Vec<Entry>,
    ) -> Result<Result<T, E>, SandboxError> {
        let mut cached = self.cached();
        let _lock = match &self.place {
            Some(path) => Some(lock(path)?),
            None => None,
        };
        self.refresh(&mut cached)?;
        self.append(&mut cached, Vec::new())?;
        self.pass(&mut cached, real)?;
        let mut draft = cached.state.clone();
        let now = draft.now(real);
        let outcome = change(&mut draft, now);
        if outcome.is_ok() && draft != cached.state {
            draft
                .remember(&cached.state, now)
                .map_err(|source| self.failed(source))?;
            self.keep(&mut cached, draft)?;
        }
        let entries = note(&cached.state, &outcome, now);
        self.append(&mut cached, entries)?;
        Ok(outcome)
    }

    /// Lets happen what happens by itself, and keeps it.
    fn pass(&self, cached: &mut Cached, real: i64) -> Result<(), SandboxError> {
        match self.passed(&mut cached.state, real)? {
            Some(state) => self.keep(cached, state),
            None => Ok(()),
        }
    }

    /// The state after what happened by itself, if anything did. If nothing did, the state only remembers
    /// in memory that it was looked at: that is no reason to write a file.
    fn passed(&self, state: &mut State, real: i64) -> Result<Option<State>, SandboxError> {
        let now = state.now(real);
        let failed = |source| self.failed(source);
        if life::may_pass(state, now).map_err(failed)? {
            let mut draft = state.clone();
            if life::pass(&mut draft, now).map_err(failed)? {
                return Ok(Some(draft));
            }
        }
        state.lived = state.lived.max(now);
        Ok(None)
    }

    /// What the account's clock shows.
    pub(crate) fn now(&self, real: i64) -> Result<i64, SandboxError> {
        let mut cached = self.cached();
        self.refresh(&mut cached)?;
        Ok(cached.state.now(real))
    }

    /// Takes the messages that wait to be sent.
    pub(crate) fn outgoing(&self) -> Vec<Outgoing> {
        std::mem::take(&mut self.cached().state.outgoing)
    }

    /// Adds to the journal; the caller holds the lock if there is a file.
    fn append(&self, cached: &mut Cached, entries: Vec<Entry>) -> Result<(), SandboxError> {
        cached.early.extend(entries);
        if !cached.early.is_empty() && (self.place.is_none() || cached.bytes.is_some()) {
            let entries = std::mem::take(&mut cached.early);
            cached
                .state
                .vault
                .append(&entries)
                .map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    pub(crate) fn failed(&self, source: io::Error) -> SandboxError {
        SandboxError::Write {
            path: self.place.clone().unwrap_or_default(),
            source,
        }
    }

    pub(crate) fn id(&self) -> String {
        if self.place.is_some()
            && let Err(error) = self.make()
        {
            tracing::warn!(%error, "the sandbox id could not be kept");
        }
        self.cached().state.id.clone()
    }

    pub(crate) fn snapshot(&self) -> Result<serde_json::Value, SandboxError> {
        let mut cached = self.cached();
        self.refresh(&mut cached)?;
        Ok(serde_json::to_value(&cached.state).unwrap_or_default())
    }

    pub(crate) fn pending_confirmations(&self) -> Result<Vec<(String, String, String)>, SandboxError> {
        let mut cached = self.cached();
        self.refresh(&mut cached)?;
        let pending = {
            let mut pending: Vec<_> = cached
                .state
                .accounts
                .values()
                .flat_map(|account| account.regions.values())
                .flat_map(|region| &region.subscriptions)
                .filter_map(|subscription| {
                    let token = subscription.token.clone()?;
                    Some((
                        subscription.created,
                        &subscription.topic,
                        &subscription.endpoint,
                        token,
                    ))
                })
                .collect();
            pending.sort();
            pending
                .into_iter()
                .map(|(_, topic, endpoint, token)| (topic.clone(), endpoint.clone(), token))
                .collect()
        };
        Ok(pending)
    }

    /// Makes the file if it is not there.
    pub(crate) fn make(&self) -> Result<(), SandboxError> {
        let Some(path) = &self.place else {
            return Ok(());
        };
        let mut cached = self.cached();
        self.refresh(&mut cached)?;
        if cached.bytes.is_some() {
            return Ok(());
        }
        let _lock = lock(path)?;
        self.refresh(&mut cached)?;
        if cached.bytes.is_none() {
            let state = cached.state.clone();
            self.keep(&mut cached, state)?;
        }
        Ok(())
    }

    fn cached(&self) -> MutexGuard<'_, Cached> {
        // A panic in a handler leaves the cached state whole: handlers work on a copy.
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(&self, cached: &mut Cached) -> Result<(), SandboxError> {
        let Some(path) = &self.place else {
            return Ok(());
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Someone who removes the file starts over, with another id.
                if cached.bytes.take().is_some() {
                    cached.state = State::new();
                    cached.early.clear();
                }
                cached.state.vault = Vault::of_file(path, &cached.state.id);
                return Ok(());
            }
            Err(source) => {
                return Err(SandboxError::Read {
                    path: path.clone(),
                    source,
                });
            }
        };
        // Comparing the bytes costs less than parsing and, unlike the modification time, cannot
        // miss two writes within one tick of the file system's clock.
        if cached.bytes.as_ref() != Some(&bytes) {
            cached.state = parse(path, &bytes)?;
            cached.state.vault = Vault::of_file(path, &cached.state.id);
            cached.bytes = Some(bytes);
        }
        Ok(())
    }

    fn keep(&self, cached: &mut Cached, state: State) -> Result<(), SandboxError> {
        if let Some(path) = &self.place {
            let failed = |source| SandboxError::Write {
                path: path.clone(),
                source,
            };
            let mut bytes =
                serde_json::to_vec_pretty(&state).map_err(|error| failed(io::Error::other(error)))?;
            bytes.push(b'\n');
            if cached.bytes.is_none() {
                Vault::remove_others(path, &state.id).map_err(failed)?;
            }
            replace(path, &bytes).map_err(failed)?;
            cached.bytes = Some(bytes);
        }
        cached.state = state;
        Ok(())
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<State, SandboxError> {
    let foreign = |reason: String| SandboxError::Foreign {
        path: path.to_owned(),
        reason,
    };
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| foreign(error.to_string()))?;
    match value.get("sandbox_format").map(serde_json::Value::as_u64) {
        Some(Some(found)) if found == u64::from(FORMAT) => {}
        Some(Some(found)) => {
            return Err(SandboxError::Format {
                path: path.to_owned(),
                found,
                known: FORMAT,
            });
        }
        _ => return Err(foreign("it has no `sandbox_format` number".to_owned())),
    }
    serde_json::from_value(value).map_err(|error| foreign(error.to_string()))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn lock(path: &Path) -> Result<File, SandboxError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let failed = |source| SandboxError::Lock {
        path: lock_path.clone(),
        source,
    };
    fs::create_dir_all(folder(path)).map_err(failed)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".sandbox-")
        .suffix(".tmp")
        .tempfile_in(folder(path))?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
