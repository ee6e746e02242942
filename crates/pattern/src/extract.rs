//! Values that a metric filter takes out of a matching event: `$.latency`, `$bytes`, `$3`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::json::{Read, Scalar, Scanner};
use crate::matcher::words;
use crate::parse;
use crate::problem::Problem;
use crate::tree::{FieldKind, Form, Selector, Step};

/// Takes one value out of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Extractor(Source);

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Json(Selector),
    /// The word's place from the front or, behind a `...`, from the back; and whether it takes all
    /// that follows.
    Word {
        front: Option<usize>,
        back: usize,
        rest: bool,
    },
}

/// The pattern has no such field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchField {
    /// What is wrong, in one lowercase fragment.
    pub message: String,
    /// The way out.
    pub help: String,
}

impl fmt::Display for NoSuchField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.help)
    }
}

impl std::error::Error for NoSuchField {}

impl Extractor {
    /// Prepares a metric value or a dimension of a pattern's form: `$.path` for JSON patterns, for
    /// space-delimited ones `$name`, or `$1` for the event's first word.
    ///
    /// # Errors
    /// When the pattern has no such field.
    pub fn new(form: &Form, selector: &str) -> Result<Self, NoSuchField> {
        match form {
            Form::Json(_) => json(selector),
            Form::Delimited(fields) => {
                let kinds: Vec<&FieldKind> = fields.iter().map(|field| &field.kind).collect();
                word(&kinds, selector)
            }
            Form::Terms(_) => Err(NoSuchField {
                message: "a pattern of terms has no fields".into(),
                help: "write a number, or a pattern `{ ... }` or `[ ... ]`".into(),
            }),
        }
    }

    /// The value as text: of a string its content, of a number or boolean its spelling. `None` where
    /// it is missing, null or no single value.
    #[must_use]
    pub fn text<'m>(&self, message: &'m [u8]) -> Option<Cow<'m, [u8]>> {
        match &self.0 {
            Source::Json(selector) => match find(message, &selector.steps).ok()?? {
                Scalar::String(text) => Some(text.text()),
                Scalar::Number(text) => Some(Cow::Borrowed(text)),
                Scalar::True => Some(Cow::Borrowed(b"true")),
                Scalar::False => Some(Cow::Borrowed(b"false")),
                Scalar::Null => None,
            },
            Source::Word { front, back, rest } => {
                let words = words(message);
                let at = front.or_else(|| words.len().checked_sub(*back))?;
                let word = words.get(at)?.clone();
                let text = match *rest && words.len() > at + 1 {
                    // All that is left, as it stands: with the sign that opens a group of words.
                    true => {
                        let before = word
                            .start
                            .checked_sub(1)
                            .filter(|at| !message[*at].is_ascii_whitespace());
                        message[before.unwrap_or(word.start)..].trim_ascii_end()
                    }
                    false => &message[word],
                };
                Some(Cow::Borrowed(text))
            }
        }
    }

    /// The value as the number that a metric filter publishes; `None` where it is no finite number.
    #[must_use]
    pub fn number(&self, message: &[u8]) -> Option<f64> {
        let text = match &self.0 {
            Source::Json(selector) => match find(message, &selector.steps).ok()?? {
                Scalar::Number(text) => Cow::Borrowed(text),
                _ => return None,
            },
            Source::Word { .. } => self.text(message)?,
        };
        let number: f64 = std::str::from_utf8(&text).ok()?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}

fn json(text: &str) -> Result<Extractor, NoSuchField> {
    let bad = |problem: Option<&Problem>| NoSuchField {
        message: problem.map_or_else(
            || format!("`{text}` is no field"),
            |problem| problem.message.clone(),
        ),
        help: "write a field of the event, such as `$.latency`".into(),
    };
    let selector = parse::selector(text).map_err(|problems| bad(problems.as_slice().first()))?;
    match selector {
        selector if selector.has_wildcard() => Err(NoSuchField {
            message: format!("`{text}` names several values"),
            help: "name one field, without `[*]` and `.*`".into(),
        }),
        selector => Ok(Extractor(Source::Json(selector))),
    }
}

fn word(fields: &[&FieldKind], selector: &str) -> Result<Extractor, NoSuchField> {
    let ellipsis = fields.iter().position(|kind| **kind == FieldKind::Ellipsis);
    let names: Vec<String> = fields
        .iter()
        .filter_map(|kind| match kind {
            FieldKind::Word { name: Some(name), .. } => Some(format!("${name}")),
            _ => None,
        })
        .collect();
    let missing = || NoSuchField {
        message: format!("the pattern has no word `{selector}`"),
        help: match (names.as_slice(), ellipsis) {
            ([], None) => format!("it has the words `$1` to `${}`", fields.len()),
            ([], Some(_)) => {
                "name the words in the pattern, or number those of the event: `$1`, `$2`, ...".into()
            }
            (names, _) => format!(
                "it has {}; others have the numbers `$1`, `$2`, ...",
                names.join(", ")
            ),
        },
    };
    let wanted = selector.strip_prefix('$').ok_or_else(missing)?;
    let by_name =
        |kind: &&FieldKind| matches!(kind, FieldKind::Word { name: Some(name), .. } if name == wanted);
    let Some(at) = fields.iter().position(by_name) else {
        // A number is a word's place in the event, wherever a `...` stands.
        let place = wanted
            .parse::<usize>()
            .ok()
            .and_then(|place| place.checked_sub(1));
        let place = place.filter(|at| ellipsis.is_some() || fields.is_empty() || *at < fields.len());
        return place.map(|at| in_order(fields, at)).ok_or_else(missing);
    };
    match ellipsis {
        Some(ellipsis) if at > ellipsis => Ok(Extractor(Source::Word {
            front: None,
            back: fields.len() - at,
            rest: false,
        })),
        _ => Ok(in_order(fields, at)),
    }
}

/// The word at a place counted from the front; the last entry takes the rest where nothing is asked
/// of it.
fn in_order(fields: &[&FieldKind], at: usize) -> Extractor {
    let ellipsis = fields.contains(&&FieldKind::Ellipsis);
    let free = matches!(fields.get(at), Some(FieldKind::Word { condition: None, .. }));
    Extractor(Source::Word {
        front: Some(at),
        back: 0,
        rest: free && at + 1 == fields.len() && !ellipsis,
    })
}

/// Every value of an event that a pattern has a name for, as `TestMetricFilter` shows them: for JSON
/// patterns the fields that they ask about, for space-delimited ones all words, by name or number.
#[must_use]
pub fn extracted(form: &Form, message: &[u8]) -> BTreeMap<String, String> {
    let mut names: Vec<String> = match form {
        Form::Json(node) => node
            .tests()
            .iter()
            .map(|test| test.selector.to_string())
            .collect(),
        Form::Delimited(fields) => fields
            .iter()
            .filter_map(|field| match &field.kind {
                FieldKind::Word { name: Some(name), .. } => Some(format!("${name}")),
                _ => None,
            })
            .collect(),
        Form::Terms(_) => return BTreeMap::new(),
    };
    if let Form::Delimited(fields) = form {
        let count = words(message).len();
        let ellipsis = fields.iter().position(|field| field.kind == FieldKind::Ellipsis);
        // The entry that a word of the event falls to.
        let entry = |at: usize| match ellipsis {
            None if fields.is_empty() => None,
            None => fields.get(at.min(fields.len() - 1)),
            Some(ellipsis) if at < ellipsis => fields.get(at),
            Some(_) => (at + fields.len())
                .checked_sub(count)
                .filter(|entry| Some(*entry) > ellipsis)
                .and_then(|entry| fields.get(entry)),
        };
        let named = |at: usize| {
            entry(at).is_some_and(|field| matches!(&field.kind, FieldKind::Word { name: Some(_), .. }))
        };
        names.extend(
            (0..count)
                .filter(|at| !named(*at))
                .map(|at| format!("${}", at + 1)),
        );
    }
    let value = |name: String| {
        let field = Extractor::new(form, &name).ok()?;
        let value = String::from_utf8_lossy(&field.text(message)?).into_owned();
        Some((name, value))
    };
    names.into_iter().filter_map(value).collect()
}

/// The value that a selector without wildcards leads to; of a key that stands there twice, the last.
pub(crate) fn find<'m>(message: &'m [u8], steps: &[Step]) -> Read<Option<Scalar<'m>>> {
    let mut scanner = Scanner::new(message)?;
    let mut value = scanner.raw()?;
    scanner.end()?;
    for step in steps {
        let mut scanner = Scanner::new(value)?;
        let (mut first, mut found) = (true, None);
        match (step, scanner.peek()?) {
            (Step::Key(name), b'{') => {
                while let Some(key) = scanner.member(&mut first)? {
                    let raw = scanner.raw()?;
                    if key.is(name) {
                        found = Some(raw);
                    }
                }
            }
            (Step::Index(wanted), b'[') => {
                let mut at = 0;
                while scanner.element(&mut first)? {
                    let raw = scanner.raw()?;
                    if at == *wanted {
                        found = Some(raw);
                    }
                    at += 1;
                }
            }
            _ => {}
        }
        match found {
            Some(raw) => value = raw,
            None => return Ok(None),
        }
    }
    match value.first() {
        Some(b'{' | b'[') => Ok(None),
        _ => Scanner::new(value)?.scalar().map(Some),
    }
}
