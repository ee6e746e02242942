//! The taking decoder: every key is taken out of its table by name and type, what cannot be read is
//! a problem and not the end, and what is left over at the end is unknown.
//!
//! serde stops at the first fault; a person who mistyped three keys wants to hear of all three.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::problem::{Problem, Severity, code};
use crate::wanted::Stack;

use super::Secrets;
use super::names::{LABEL, NameRule};
use super::suggest::{listed, nearest};

/// A place in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) file: usize,
    pub(crate) span: Range<usize>,
}

/// A value and the place where it is written.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) spot: Spot,
}

impl<T> At<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: f(self.value),
            spot: self.spot,
        }
    }
}

/// Where problems go. Readers share it, as several tables are open at a time.
#[derive(Debug, Default)]
pub(crate) struct Sink(RefCell<Vec<Problem>>);

impl Sink {
    pub(crate) fn report(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    pub(crate) fn has_errors(&self) -> bool {
        let problems = self.0.borrow();
        problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    pub(crate) fn into_inner(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// What readers need beside the text.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'d> {
    pub(crate) sink: &'d Sink,
    pub(crate) file: usize,
    /// The text of the file.
    pub(crate) text: &'d str,
    /// Gives the variables their values, once `[stack]` has been read.
    pub(crate) variables: &'d OnceCell<Stack>,
    pub(crate) secrets: &'d dyn Secrets,
}

impl Cx<'_> {
    pub(crate) fn spot(&self, span: Range<usize>) -> Spot {
        Spot {
            file: self.file,
            span,
        }
    }
}

/// A value with its key, before its type is known.
#[derive(Clone)]
pub(crate) struct Value<'d> {
    pub(crate) cx: Cx<'d>,
    /// The key, as messages name it.
    pub(crate) key: String,
    pub(crate) path: String,
    pub(crate) spot: Spot,
    pub(crate) raw: &'d DeValue<'d>,
}

/// A type that can be read from a value. A problem is reported where `None` is returned.
pub(crate) trait Decode: Sized {
    fn decode(value: &Value<'_>) -> Option<Self>;
}

impl<'d> Value<'d> {
    /// What the value is, with its article.
    pub(crate) fn found(&self) -> &'static str {
        match self.raw {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        }
    }

    pub(crate) fn report(&self, problem: Problem) {
        self.cx.sink.report(problem);
    }

    /// Reports that another type is wanted.
    pub(crate) fn wrong_type<T>(&self, wanted: &str, help: Option<String>) -> Option<T> {
        let message = format!("`{}` must be {wanted}", self.key);
        let mut problem =
            Problem::new(code::WRONG_TYPE, &self.spot, message).label(format!("this is {}", self.found()));
        problem.help = help;
        self.report(problem);
        None
    }

    /// Opens the value as a table.
    pub(crate) fn table(&self) -> Option<Table<'d>> {
        match self.raw {
            DeValue::Table(table) => Some(Table::new(self.cx, self.path.clone(), self.spot.clone(), table)),
            _ => None,
        }
    }

    /// The header that the value is written below, if it is a table or an array of tables.
    fn header(&self) -> Option<String> {
        match self.raw {
            DeValue::Table(_) => Some(format!("[{}]", self.path)),
            DeValue::Array(items) => items
                .iter()
                .next()
                .filter(|item| matches!(item.get_ref(), DeValue::Table(_)))
                .map(|_| format!("[[{}]]", self.path)),
            _ => None,
        }
    }

    /// The items of the value, if it is an array.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.raw else {
            return None;
        };
        let item = |item: &'d toml::Spanned<DeValue<'d>>| Self {
            cx: self.cx,
            key: self.key.clone(),
            path: self.path.clone(),
            spot: self.cx.spot(item.span()),
            raw: item.get_ref(),
        };
        Some(items.iter().map(item).collect())
    }

    /// Opens the value as an array of tables.
    fn tables(&self) -> Vec<Table<'d>> {
        let wanted = format!("an array of tables, `[[{}]]`", self.path);
        let help = || {
            Some(format!(
                "write `[[{}]]` with double brackets, once for each",
                self.path
            ))
        };
        let Some(items) = self.items() else {
            return self.wrong_type(&wanted, help()).unwrap_or_default();
        };
        let read = |item: &Value<'d>| item.table().or_else(|| item.wrong_type(&wanted, help()));
        items
            .iter()
            .filter_map(read)
            .map(|table| Table {
                of_array: true,
                ..table
            })
            .collect()
    }

    /// Reads one of a few words, and names the nearest to another.
    pub(crate) fn word<T: Copy>(
        &self,
        all: &[T],
        word: fn(T) -> &'static str,
        from: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let words = || all.iter().map(|&each| word(each));
        let DeValue::String(_) = self.raw else {
            return self.wrong_type(&format!("one of the words {}", listed(words())), None);
        };
        let text = String::decode(self)?;
        let read = from(&text);
        if read.is_none() {
            let help = match nearest(&text, words()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", listed(words())),
            };
            let message = format!("`{text}` is not a value of `{}`", self.key);
            self.report(
                Problem::new(code::UNKNOWN_WORD, &self.spot, message)
                    .label("unknown word")
                    .help(help),
            );
        }
        read
    }
}

/// A table whose keys are taken one by one.
pub(crate) struct Table<'d> {
    pub(crate) cx: Cx<'d>,
    /// The path of keys to it; empty for a whole file.
    pub(crate) path: String,
    /// Its header, or the whole of an inline table.
    pub(crate) spot: Spot,
    left: Vec<(At<&'d str>, Value<'d>)>,
    known: Vec<&'static str>,
    /// The known keys that were there.
    there: Vec<&'static str>,
    /// Keys of which one must be there and none is, with the problem.
    missing: Vec<(Vec<&'static str>, Problem)>,
    /// One of several: its header has double brackets.
    of_array: bool,
}

impl<'d> Table<'d> {
    pub(crate) fn new(cx: Cx<'d>, path: String, spot: Spot, table: &'d DeTable<'d>) -> Self {
        let left = table.iter().map(|(key, value)| {
            let name: &'d str = key.get_ref();
            let path = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            let at = At {
                value: name,
                spot: cx.spot(key.span()),
            };
            (
                at,
                Value {
                    cx,
                    key: name.into(),
                    path,
                    spot: cx.spot(value.span()),
                    raw: value.get_ref(),
                },
            )
        });
        Self {
            cx,
            left: left.collect(),
            path,
            spot,
            known: Vec::new(),
            there: Vec::new(),
            missing: Vec::new(),
            of_array: false,
        }
    }

    /// Takes a key's value out, whatever it is.
    pub(crate) fn take_raw(&mut self, key: &'static str) -> Option<(At<&'d str>, Value<'d>)> {
        self.known.push(key);
        let at = self.left.iter().position(|(name, _)| name.value == key)?;
        self.there.push(key);
        Some(self.left.remove(at))
    }

    /// Takes out a key that is kept for a later version or read out of its order; it is not offered as
    /// a neighbour.
    pub(crate) fn take_reserved(&mut self, key: &str) -> Option<(At<&'d str>, Value<'d>)> {
        let at = self.left.iter().position(|(name, _)| name.value == key)?;
        Some(self.left.remove(at))
    }

    /// Takes a key's value out; `None` when it is not there, and after a problem.
    pub(crate) fn take<T: Decode>(&mut self, key: &'static str) -> Option<At<T>> {
        let (_, value) = self.take_raw(key)?;
        Some(At {
            value: T::decode(&value)?,
            spot: value.spot,
        })
    }

    /// Takes a key's value out that must be there.
    pub(crate) fn need<T: Decode>(&mut self, key: &'static str, example: &str) -> Option<At<T>> {
        if self.has(key) {
            return self.take(key);
        }
        self.known.push(key);
        let message = format!("{} needs `{key}`", self.in_words());
        let problem = Problem::new(code::MISSING_KEY, &self.spot, message)
            .label(format!("`{key}` is missing"))
            .help(format!("write `{key} = {example}`"));
        self.missing(vec![key], problem);
        None
    }

    /// Reports at the end that none of these keys is there, unless one of them is mistyped: that is
    /// said already.
    pub(crate) fn missing(&mut self, keys: Vec<&'static str>, problem: Problem) {
        self.missing.push((keys, problem));
    }

    /// True when a key that is left over was probably meant to be this one. To be asked after all
    /// known keys have been taken.
    pub(crate) fn mistyped(&self, key: &str) -> bool {
        let meant = |left: &str| nearest(left, self.known.iter().copied()) == Some(key);
        self.left.iter().any(|(left, _)| meant(left.value))
    }

    /// True when the table has no key but unknown ones. To be asked after all known keys have been
    /// taken.
    pub(crate) fn is_bare(&self) -> bool {
        self.there.is_empty()
    }

    /// True when a key was there, whatever could be read of it.
    pub(crate) fn knows(&self, key: &str) -> bool {
        self.there.contains(&key)
    }

    /// True when the key is there and not taken yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.left.iter().any(|(name, _)| name.value == key)
    }

    /// Takes `name` out, the name that AWS knows the object by; where it is not written, `default`.
    pub(crate) fn name(&mut self, default: &At<String>, rule: &NameRule) -> At<String> {
        let written = self.has("name");
        let name = self.take("name").unwrap_or_else(|| default.clone());
        // What is wrong with a label has been said already.
        if written || LABEL.allows(&name.value) {
            rule.check(self.cx.sink, &name);
        }
        name
    }

    /// Takes a table out; one without keys where there is none.
    pub(crate) fn table_or_empty(&mut self, key: &'static str) -> Self {
        let path = format!("{}.{key}", self.path);
        self.table(key).unwrap_or_else(|| self.without_keys(path))
    }

    /// A table without keys in the place of this one.
    pub(crate) fn without_keys(&self, path: String) -> Self {
        Self {
            cx: self.cx,
            path,
            spot: self.spot.clone(),
            left: Vec::new(),
            known: Vec::new(),
            there: Vec::new(),
            missing: Vec::new(),
            of_array: false,
        }
    }

    /// Takes a table out.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Table<'d>> {
        let (_, value) = self.take_raw(key)?;
        value
            .table()
            .or_else(|| value.wrong_type(&format!("a table, `[{}]`", value.path), None))
    }

    /// Takes an array of tables out.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<Table<'d>> {
        self.take_raw(key)
            .map(|(_, value)| value.tables())
            .unwrap_or_default()
    }

    /// Takes an array of tables out that has to be read before its place in the list of sections.
    pub(crate) fn tables_unlisted(&mut self, key: &'static str) -> Vec<Table<'d>> {
        self.take_reserved(key)
            .map(|(_, value)| value.tables())
            .unwrap_or_default()
    }

    /// True when the key is there, not taken yet, and `false`.
    pub(crate) fn says_no(&self, key: &str) -> bool {
        let no = |value: &Value<'_>| matches!(value.raw, DeValue::Boolean(false));
        self.left
            .iter()
            .any(|(name, value)| name.value == key && no(value))
    }

    /// True when a table within this one, not taken yet, has the key.
    pub(crate) fn has_within(&self, table: &str, key: &str) -> bool {
        let within = |value: &Value<'_>| matches!(value.raw, DeValue::Table(keys) if keys.contains_key(key));
        self.left
            .iter()
            .any(|(name, value)| name.value == table && within(value))
    }

    /// Takes everything that is left: the labels of sections, or names with their values.
    pub(crate) fn drain(&mut self) -> Vec<(At<&'d str>, Value<'d>)> {
        std::mem::take(&mut self.left)
    }

    /// Reports what is left over, and what is missing.
    pub(crate) fn finish(self) {
        for (keys, problem) in &self.missing {
            if !keys.iter().any(|key| self.mistyped(key)) {
                self.cx.sink.report(problem.clone());
            }
        }
        for (key, value) in &self.left {
            let header = value.header().filter(|_| self.path.is_empty());
            let problem = match header {
                Some(header) => self.unknown_section(key, &header),
                None => self.unknown_key(key),
            };
            self.cx.sink.report(problem);
        }
    }

    fn unknown_key(&self, key: &At<&str>) -> Problem {
        let message = format!("unknown key `{}`", key.value);
        let known = || self.known.iter().copied();
        let help = match nearest(key.value, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{} takes {}", self.in_words(), listed(known())),
        };
        Problem::new(code::UNKNOWN_KEY, &key.spot, message)
            .label("no such key")
            .help(help)
    }

    /// The section may be of a later version, so all that this one has are named.
    fn unknown_section(&self, key: &At<&str>, header: &str) -> Problem {
        let sections = || self.known.iter().copied().filter(|known| *known != "format");
        let near = nearest(key.value, sections()).map(|near| format!("did you mean `{near}`? "));
        Problem::new(
            code::UNKNOWN_KEY,
            &key.spot,
            format!("unknown section `{header}`"),
        )
        .label("no such section")
        .help(format!(
            "{}the sections of this version are {}",
            near.unwrap_or_default(),
            listed(sections())
        ))
    }

    fn in_words(&self) -> String {
        match (self.path.as_str(), self.of_array) {
            ("", _) => "a spec".into(),
            (path, true) => format!("`[[{path}]]`"),
            (path, false) => format!("`[{path}]`"),
        }
    }
}
