//! The log files under the files and folders that somebody names.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::layout::{DIGEST, FileName, Folder, Selection};
use crate::read::{GZIP, What};

/// Where records come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// Standard input.
    Standard,
    /// A file.
    File(PathBuf),
    /// An object of a bucket, as people call it: `s3://BUCKET/KEY`. Whoever lists it brings its content.
    Object(String),
}

impl Input {
    /// Opens it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Standard => Box::new(io::stdin()),
            Self::File(path) => Box::new(File::open(path)?),
            Self::Object(_) => return Err(io::ErrorKind::Unsupported.into()),
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard input"),
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Object(name) => write!(f, "`{name}`"),
        }
    }
}

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Where it is.
    pub input: Input,
    /// How large it is, in bytes as it is stored; 0 of standard input.
    pub bytes: u64,
    /// What its name says; nothing where it is none of `CloudTrail`'s.
    pub name: Option<FileName>,
}

/// Something about a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub input: Input,
    /// What is the matter.
    pub what: What,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.input, self.what)
    }
}

/// The log files under some paths, and what could not be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The files, each once: in the order of the paths, those of a folder in the order of their names, which
    /// within a region is that of their delivery.
    pub files: Vec<LogFile>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

/// Finds the log files that can hold what is wanted. A path is a file, a folder with all below it, or `-` for
/// standard input.
///
/// Of a folder come the files that are called `*.json` or `*.json.gz`, and whatever begins as `gzip` writes,
/// under any name; not hidden files, links to other folders, digests, or files whose names or folders say that they
/// cannot hold what is wanted. A file that is named itself always comes.
#[must_use]
pub fn find(paths: &[PathBuf], selection: &Selection) -> Found {
    let mut search = Search {
        selection,
        found: Found::default(),
        seen: HashSet::new(),
    };
    for path in paths {
        search.path(path);
    }
    search.found
}

struct Search<'s> {
    selection: &'s Selection,
    found: Found,
    /// The files that were taken, by where they really stand; none for standard input.
    seen: HashSet<Option<OsString>>,
}

impl Search<'_> {
    fn path(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            self.take(Input::Standard, None, 0, None);
            return;
        }
        match fs::metadata(path) {
            Ok(is) if is.is_dir() => {
                let before = self.found.files.len() + self.found.problems.len();
                let seen = self.seen.len();
                self.folder(path);
                let nothing = before == self.found.files.len() + self.found.problems.len();
                if nothing && seen == self.seen.len() {
                    self.problem(path, What::NoFiles);
                }
            }
            Ok(is) => self.file(path, canonical(path), is.len(), FileName::of(path)),
            Err(error) => self.problem(path, What::Unread(error.to_string())),
        }
    }

    /// Goes through a folder and those below it.
    fn folder(&mut self, path: &Path) {
        // Where a folder stands shows in the whole of its path, of which people give the end.
        let whole = std::path::absolute(path);
        let whole = whole.as_deref().unwrap_or(path);
        if !self.selection.wants_folder(&Folder::of(whole)) {
            return;
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.problem(path, What::Unread(error.to_string())),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        // Once for all of its files, each of which would ask for every folder above it.
        let really = canonical(path);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            match entry.file_type() {
                Ok(is) if is.is_dir() => self.folder(&path),
                Ok(is) if is.is_symlink() => self.below(&path, canonical(&path), &name),
                Ok(_) => self.below(&path, really.join(entry.file_name()), &name),
                Err(error) => self.problem(&path, What::Unread(error.to_string())),
            }
        }
    }

    /// Takes a file of a folder if it is a log file.
    fn below(&mut self, path: &Path, really: PathBuf, name: &str) {
        let known = FileName::parse(name);
        let wanted = match &known {
            Some(known) => self.selection.wants(known),
            None => !name.contains(&format!("_{DIGEST}_")),
        };
        if !wanted {
            return;
        }
        let is = match fs::metadata(path) {
            Ok(is) => is,
            Err(error) => return self.problem(path, What::Unread(error.to_string())),
        };
        let called = name.ends_with(".json") || name.ends_with(".json.gz");
        if is.is_file() && (called || is_packed(path)) {
            self.file(path, really, is.len(), known);
        }
    }

    fn file(&mut self, path: &Path, really: PathBuf, bytes: u64, name: Option<FileName>) {
        self.take(Input::File(path.to_owned()), Some(really), bytes, name);
    }

    fn take(&mut self, input: Input, really: Option<PathBuf>, bytes: u64, name: Option<FileName>) {
        if self.seen.insert(really.map(PathBuf::into_os_string)) {
            self.found.files.push(LogFile { input, bytes, name });
        }
    }

    fn problem(&mut self, path: &Path, what: What) {
        let input = Input::File(path.to_owned());
        self.found.problems.push(Problem { input, what });
    }
}

/// Where a path leads, links followed.
fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// True for what begins as `gzip` writes.
fn is_packed(path: &Path) -> bool {
    let mut begin = [0; GZIP.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin == GZIP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// The files, without the folder, and the problems.
    fn found(root: &Path, paths: &[&str], selection: &Selection) -> Vec<String> {
        let paths: Vec<PathBuf> = paths
            .iter()
            .map(|path| match *path {
                "-" => "-".into(),
                path => root.join(path),
            })
            .collect();
        let Found { files, problems } = find(&paths, selection);
        let files = files.iter().map(|file| file.input.to_string());
        let problems = problems.iter().map(ToString::to_string);
        let below = format!("{}/", root.display());
        files
            .chain(problems)
            .map(|text| text.replace(&below, "").replace('`', ""))
            .collect()
    }

    const PACKED: &[u8] = &[0x1f, 0x8b, 8, 0];

    #[test]
    fn a_folder_gives_its_log_files_in_order() {
        let folder = folder(&[
            ("b.json", b"{}"),
            ("a.json.gz", PACKED),
            ("c/packed-by-hand", PACKED),
            ("c/d.json", b""),
            ("notes.txt", b"{}"),
            (".hidden.json", b"{}"),
            (".git/x.json", b"{}"),
            (
                "218007301253_CloudTrail-Digest_us-east-1_main_us-east-1_20230710T114530Z.json.gz",
                PACKED,
            ),
        ]);
        let all = ["a.json.gz", "b.json", "c/d.json", "c/packed-by-hand"];
        let root = folder.path();
        assert_eq!(found(root, &[""], &Selection::default()), all);
        // What is named comes first and once, whatever it is.
        assert_eq!(
            found(
                root,
                &["notes.txt", "b.json", "-", "c/../", "-"],
                &Selection::default()
            )[..3],
            ["notes.txt", "b.json", "standard input"]
        );
        assert_eq!(
            find(&[root.join("b.json"), root.to_owned()], &Selection::default())
                .files
                .len(),
            4
        );
    }

    #[test]
    fn what_is_not_there_ends_nothing() {
        let folder = folder(&[("a.json", b"{}"), ("empty/x.txt", b"")]);
        assert_eq!(
            found(folder.path(), &["gone", "a.json", "empty"], &Selection::default()),
            [
                "a.json",
                "gone: cannot be read: No such file or directory (os error 2)",
                "empty: has no log files that can hold what is looked for",
            ]
        );
    }

    #[test]
    fn folders_and_files_of_other_days_and_regions_are_left_out() {
        let name = |region: &str, time: &str| {
            let day = format!("{}/{}/{}", &time[..4], &time[4..6], &time[6..8]);
            format!(
                "AWSLogs/218007301253/CloudTrail/{region}/{day}/218007301253_CloudTrail_{region}_{time}_x.json.gz"
            )
        };
        let before = name("us-east-1", "20230709T2345Z");
        let (last, next) = (
            name("us-east-1", "20230710T2355Z"),
            name("us-east-1", "20230711T0005Z"),
        );
        let late = name("us-east-1", "20230711T0305Z");
        let other = name("eu-west-1", "20230710T1200Z");
        let folder = folder(&[&before, &last, &next, &late, &other].map(|name| (name.as_str(), PACKED)));
        let time = |text: &str| text.parse().unwrap();
        let mut selection = Selection::between(time("2023-07-10T00:00:00Z"), time("2023-07-10T23:59:59Z"));
        assert_eq!(
            found(folder.path(), &["AWSLogs"], &selection),
            [&other[..], &last[..], &next[..]]
        );
        selection.regions.insert("us-east-1".to_owned());
        let root = folder.path();
        assert_eq!(found(root, &["AWSLogs"], &selection), [&last[..], &next[..]]);
        // Also where the path begins within the layout, and without folders.
        let month = "AWSLogs/218007301253/CloudTrail/us-east-1/2023/07";
        assert_eq!(found(root, &[month], &selection), [&last[..], &next[..]]);
        // Whoever names a file knows better.
        assert_eq!(found(root, &[&late, &last], &selection), [&late[..], &last[..]]);
        selection.to = None;
        assert_eq!(
            found(root, &["AWSLogs"], &selection),
            [&last[..], &next[..], &late[..]]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_to_folders_are_not_followed_and_links_to_files_are() {
        let folder = folder(&[("a/x.json", b"{}")]);
        let root = folder.path();
        std::os::unix::fs::symlink(root, root.join("a/again")).unwrap();
        std::os::unix::fs::symlink(root.join("a/x.json"), root.join("a/y.json")).unwrap();
        assert_eq!(found(root, &[""], &Selection::default()), ["a/x.json"]);
        fs::remove_file(root.join("a/y.json")).unwrap();
        std::os::unix::fs::symlink(root.join("gone"), root.join("a/y.json")).unwrap();
        assert_eq!(found(root, &[""], &Selection::default()).len(), 2);
    }
}
