//! What is too big for the state: the journal of the calls, the bodies of objects, log events.
//!
//! A file `FILE` has it in the folder `FILE.d/ID`, where `ID` is the sandbox's own, so that what a
//! removed file left behind belongs to nobody. Blobs are named by their content and never change;
//! they are written before the state speaks of them, so a reader of the state always finds them.
//! The journal is only ever appended to, under the lock of the state file. A process that dies
//! while it writes leaves half a line, which nobody reads and the next line closes.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// When it was written, in milliseconds since 1970.
    pub(crate) time: i64,
    /// Whose event history it belongs to.
    pub(crate) account: String,
    /// True for what was played: the trails had it at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) played: bool,
    /// The CloudTrail record, as JSON text.
    pub(crate) record: String,
}

/// An entry with the place at which it begins and the one at which the next may begin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) entry: Entry,
}

/// Clones share what they keep.
#[derive(Clone)]
pub(crate) struct Vault(Arc<Place>);

enum Place {
    Memory(Mutex<Kept>),
    Folder(PathBuf),
}

#[derive(Default)]
struct Kept {
    blobs: HashMap<String, Bytes>,
    journal: Vec<u8>,
}

impl Default for Vault {
    fn default() -> Vault {
        Vault(Arc::new(Place::Memory(Mutex::default())))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.0 {
            Place::Memory(_) => f.write_str("Vault(memory)"),
            Place::Folder(folder) => write!(f, "Vault({})", folder.display()),
        }
    }
}

/// The vault is no part of what a state says.
impl PartialEq for Vault {
    fn eq(&self, _: &Vault) -> bool {
        true
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".d");
    PathBuf::from(name)
}

fn kept(memory: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Vault {
    /// The vault of the sandbox `id` whose state is in `file`.
    pub(crate) fn of_file(file: &Path, id: &str) -> Vault {
        Vault(Arc::new(Place::Folder(beside(file).join(id))))
    }

    /// Removes what sandboxes of other ids left beside `file`.
    pub(crate) fn remove_others(file: &Path, id: &str) -> io::Result<()> {
        let folders = match fs::read_dir(beside(file)) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for folder in folders {
            let folder = folder?;
            let name = folder.file_name();
            if name != id && name.to_string_lossy().starts_with("sandbox-") {
                fs::remove_dir_all(folder.path())?;
            }
        }
        Ok(())
    }

    /// Keeps `bytes` for good and names them.
    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let id: String = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        match &*self.0 {
            Place::Memory(memory) => {
                let mut kept = kept(memory);
                if !kept.blobs.contains_key(&id) {
                    kept.blobs.insert(id.clone(), Bytes::copy_from_slice(bytes));
                }
            }
            Place::Folder(folder) => {
                let path = blob(folder, &id);
                if !path.exists() {
                    let parent = path.parent().unwrap_or(folder);
                    fs::create_dir_all(parent)?;
                    let mut file = tempfile::Builder::new().prefix(".blob-").tempfile_in(parent)?;
                    file.write_all(bytes)?;
                    file.persist(&path).map_err(|error| error.error)?;
                }
            }
        }
        Ok(id)
    }

    pub(crate) fn get(&self, id: &str) -> io::Result<Bytes> {
        match &*self.0 {
            Place::Memory(memory) => kept(memory)
                .blobs
                .get(id)
                .cloned()
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)),
            Place::Folder(folder) => fs::read(blob(folder, id)).map(Bytes::from),
        }
    }

    /// Appends lines to the journal; the caller holds the lock of the state file.
    pub(crate) fn append(&self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        match &*self.0 {
            Place::Memory(memory) => kept(memory).journal.extend_from_slice(&lines),
            Place::Folder(folder) => {
                fs::create_dir_all(folder)?;
                if is_torn(folder)? {
                    lines.insert(0, b'\n');
                }
                File::options()
                    .create(true)
                    .append(true)
                    .open(journal(folder))?
                    .write_all(&lines)?;
            }
        }
        Ok(())
    }

    /// The place at which the next line of the journal will begin.
    pub(crate) fn end(&self) -> io::Result<u64> {
        match &*self.0 {
            Place::Memory(memory) => Ok(kept(memory).journal.len() as u64),
            Place::Folder(folder) => {
                let length = match fs::metadata(journal(folder)) {
                    Ok(metadata) => metadata.len(),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
                    Err(error) => return Err(error),
                };
                Ok(length + u64::from(is_torn(folder)?))
            }
        }
    }

    /// The lines of the journal from the place `start` on, in the order they were written.
    pub(crate) fn entries(&self, start: u64) -> io::Result<Entries> {
        let reader: Box<dyn BufRead> = match &*self.0 {
            Place::Memory(memory) => {
                let kept = kept(memory);
                let from = usize::try_from(start).unwrap_or(usize::MAX);
                Box::new(Cursor::new(kept.journal.get(from..).unwrap_or_default().to_vec()))
            }
            Place::Folder(folder) => match File::open(journal(folder)) {
                Ok(mut file) => {
                    file.seek(SeekFrom::Start(start))?;
                    Box::new(BufReader::new(file))
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Box::new(io::empty()),
                Err(error) => return Err(error),
            },
        };
        Ok(Entries { reader, at: start })
    }
}

/// The lines of a journal; what is no line is passed over.
pub(crate) struct Entries {
    reader: Box<dyn BufRead>,
    at: u64,
}

impl Iterator for Entries {
    type Item = io::Result<Placed>;

    fn next(&mut self) -> Option<io::Result<Placed>> {
        loop {
            let mut line = Vec::new();
            match self.reader.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            if line.last() != Some(&b'\n') {
                // Somebody may be writing it: its end will come, or its closing.
                return None;
            }
            let start = self.at;
            self.at += line.len() as u64;
            if let Ok(entry) = serde_json::from_slice(&line) {
                return Some(Ok(Placed {
                    start,
                    end: self.at,
                    entry,
                }));
            }
        }
    }
}

fn blob(folder: &Path, id: &str) -> PathBuf {
    folder.join("blobs").join(id.get(..2).unwrap_or("")).join(id)
}

fn journal(folder: &Path) -> PathBuf {
    folder.join("journal.jsonl")
}

/// True if the last line of the journal has no end.
fn is_torn(folder: &Path) -> io::Result<bool> {
    let mut file = match File::open(journal(folder)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(time: i64) -> Entry {
        Entry {
            time,
            account: "123456789012".to_owned(),
            played: false,
            record: "{}".to_owned(),
        }
    }

    fn times(vault: &Vault, start: u64) -> Vec<i64> {
        let entries = vault.entries(start).expect("a journal");
        entries.map(|placed| placed.expect("a line").entry.time).collect()
    }

    #[test]
    fn half_a_line_is_passed_over_and_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::of_file(&folder.path().join("f.json"), "sandbox-1");
        assert_eq!(vault.end().expect("an end"), 0);
        vault.append(&[entry(1), entry(2)]).expect("appended");
        let second = vault.entries(0).expect("a journal").nth(1).expect("a line");
        let second = second.expect("a line");
        assert_eq!(times(&vault, second.start), [2]);
        assert_eq!(second.end, vault.end().expect("an end"));

        let path = folder.path().join("f.json.d/sandbox-1/journal.jsonl");
        let mut file = File::options().append(true).open(&path).expect("the journal");
        file.write_all(b"{\"time\":3,\"acc").expect("written");
        assert_eq!(times(&vault, 0), [1, 2]);
        let end = vault.end().expect("an end");
        vault.append(&[entry(4)]).expect("appended");
        assert_eq!(times(&vault, 0), [1, 2, 4]);
        assert_eq!(times(&vault, end), [4]);
    }

    #[test]
    fn what_other_sandboxes_left_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("f.json");
        let (old, new) = (
            Vault::of_file(&file, "sandbox-1"),
            Vault::of_file(&file, "sandbox-2"),
        );
        let id = old.put(b"body").expect("kept");
        assert_eq!(new.put(b"body").expect("kept"), id);
        Vault::remove_others(&file, "sandbox-2").expect("removed");
        assert!(old.get(&id).is_err());
        assert_eq!(new.get(&id).expect("there"), "body");
    }
}
