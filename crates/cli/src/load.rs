//! From a path to what a spec wants.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use trailwarden_spec::wanted::{Place, Wanted};
use trailwarden_spec::{SecretRef, Secrets, Source, parse};

use crate::failure::{Exit, Failure};
use crate::problems;

/// Where endpoints that a spec does not hold come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// Nowhere: the text is checked, nothing is looked up.
    Unread,
    /// Nowhere, and subscriptions count with a stand-in for their endpoint.
    StandIn,
    /// The environment and files beside the spec.
    Real,
}

/// A spec with its files.
pub(crate) struct Loaded {
    pub(crate) wanted: Wanted,
    pub(crate) sources: Vec<Source>,
    /// What was looked up, and where.
    pub(crate) secrets: Vec<(SecretRef, String)>,
    files: Vec<PathBuf>,
}

impl Loaded {
    /// The warnings of the spec, drawn; empty where there are none.
    pub(crate) fn warnings(&self) -> String {
        problems::draw(&self.wanted.warnings, &self.sources)
    }

    /// A file that one of the spec's files names.
    pub(crate) fn beside(&self, source: usize, path: &str) -> PathBuf {
        beside(&self.files, source, path)
    }

    /// Where something stands in the spec, as `FILE:LINE`.
    pub(crate) fn line(&self, place: &Place) -> String {
        let text = self
            .sources
            .get(place.file)
            .map_or("", |source| source.text.as_str());
        let before = text.get(..place.span.start).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let name = self
            .sources
            .get(place.file)
            .map_or("", |source| source.name.as_str());
        format!("{name}:{line}")
    }
}

/// Paths are relative to the file that says them.
fn beside(files: &[PathBuf], source: usize, path: &str) -> PathBuf {
    let folder = files.get(source).and_then(|file| file.parent());
    folder.unwrap_or(Path::new(".")).join(path)
}

/// Reads and parses a spec whose warnings are of no interest.
///
/// # Errors
/// When a file cannot be read, or with all the problems of the text, drawn.
pub(crate) fn load(path: &Path, secrets: SecretSource) -> Result<Wanted, Failure> {
    read(path, secrets).map(|loaded| loaded.wanted)
}

/// Reads and parses a spec.
///
/// # Errors
/// When a file cannot be read, or with all the problems of the text, drawn.
pub(crate) fn read(path: &Path, secrets: SecretSource) -> Result<Loaded, Failure> {
    let files = files(path)?;
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        let text = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        let text = String::from_utf8(text).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            Failure::new(
                Exit::BadSpec,
                format!("`{}` is not UTF-8 (line {line})", file.display()),
            )
            .help("save the file as UTF-8")
        })?;
        // A byte order mark would be counted as a column.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        texts.push((file, text));
    }
    parse_texts(texts, secrets)
}

/// Parses the texts of a spec's files.
///
/// # Errors
/// With all the problems of the text, drawn.
pub(crate) fn parse_texts(texts: Vec<(PathBuf, String)>, secrets: SecretSource) -> Result<Loaded, Failure> {
    let (files, sources): (Vec<PathBuf>, Vec<Source>) = texts
        .into_iter()
        .map(|(file, text)| {
            let name = file.display().to_string();
            (file, Source { name, text })
        })
        .unzip();
    let lookup = Lookup {
        files: &files,
        secrets,
        found: RefCell::default(),
    };
    let parsed = parse(&sources, &lookup);
    let secrets = lookup.found.into_inner();
    match parsed {
        Ok(wanted) => Ok(Loaded {
            wanted,
            sources,
            secrets,
            files,
        }),
        Err(found) => Err(Failure {
            exit: Exit::BadSpec,
            message: problems::draw(&found, &sources),
            help: None,
            drawn: true,
        }),
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::BadSpec, format!("cannot read `{}`: {error}", file.display()))
        .help("name a TOML file, or a folder whose *.toml files are one spec; `trailwarden init` writes one to start from")
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !fs::metadata(path)
        .map_err(|error| unreadable(path, &error))?
        .is_dir()
    {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| unreadable(path, &error))?.path();
        let hidden = file
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A link that leads nowhere must fail when it is read: its sections would count as dropped.
        if file.extension().is_some_and(|e| e == "toml") && !hidden && !file.is_dir() {
            files.push(file.strip_prefix(".").map(Path::to_owned).unwrap_or(file));
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::new(
            Exit::BadSpec,
            format!("there is no *.toml file in `{}`", path.display()),
        )
        .help("name the spec's file or folder; `trailwarden init` writes a spec to start from"));
    }
    Ok(files)
}

struct Lookup<'a> {
    files: &'a [PathBuf],
    secrets: SecretSource,
    found: RefCell<Vec<(SecretRef, String)>>,
}

impl Lookup<'_> {
    fn find(&self, from: &SecretRef) -> Result<String, String> {
        match from {
            SecretRef::Env(name) => match std::env::var(name) {
                Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
                _ => Err(format!("the environment variable `{name}` is not set")),
            },
            SecretRef::File(path, source) => match fs::read_to_string(beside(self.files, *source, path)) {
                Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
                Ok(_) => Err(format!("the file `{path}` is empty")),
                Err(error) => Err(format!("cannot read the file `{path}`: {error}")),
            },
        }
    }
}

impl Secrets for Lookup<'_> {
    fn look_up(&self, from: &SecretRef) -> Result<Option<String>, String> {
        if self.secrets != SecretSource::Real {
            return Ok(None);
        }
        let value = self.find(from)?;
        self.found.borrow_mut().push((from.clone(), value.clone()));
        Ok(Some(value))
    }

    fn stands_in(&self) -> bool {
        self.secrets == SecretSource::StandIn
    }
}
