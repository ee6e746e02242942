//! What is wrong with a document, and where.

use std::fmt;

/// Says why a text is not a policy document and, where known, at which place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    message: String,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Path(String),
    Text { line: usize, column: usize },
}

impl PolicyError {
    pub(crate) fn new(message: impl Into<String>) -> PolicyError {
        PolicyError {
            message: message.into(),
            place: None,
        }
    }

    /// An empty path is the document itself, which needs no naming.
    pub(crate) fn at(path: &str, message: impl Into<String>) -> PolicyError {
        PolicyError {
            message: message.into(),
            place: (!path.is_empty()).then(|| Place::Path(path.to_owned())),
        }
    }

    pub(crate) fn json(error: &serde_json::Error) -> PolicyError {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        // serde_json ends its text with the place, which is kept apart here.
        let fault = text
            .strip_suffix(&format!(" at line {line} column {column}"))
            .unwrap_or(&text);
        PolicyError {
            message: format!("fix the JSON: {fault}"),
            place: (line > 0).then_some(Place::Text { line, column }),
        }
    }

    /// Returns what is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the path of the faulty value, such as `Statement[0].Effect`.
    pub fn path(&self) -> Option<&str> {
        match &self.place {
            Some(Place::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// Returns the line of a fault in the JSON text, counted from 1. A percent-encoded document is
    /// counted after decoding.
    pub fn line(&self) -> Option<usize> {
        match self.place {
            Some(Place::Text { line, .. }) => Some(line),
            _ => None,
        }
    }

    /// Returns the column of a fault in the JSON text, counted from 1.
    pub fn column(&self) -> Option<usize> {
        match self.place {
            Some(Place::Text { column, .. }) => Some(column),
            _ => None,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.place {
            Some(Place::Path(path)) => write!(f, ", at `{path}`"),
            Some(Place::Text { line, column }) => write!(f, ", at line {line} column {column}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PolicyError {}
