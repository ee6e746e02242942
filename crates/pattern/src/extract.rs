//! Values that a metric filter takes out of a matching event: `$.latency`, `$bytes`, `$3`.

use std::borrow::Cow;
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
    /// Prepares a metric value or a dimension (`$.path` for JSON patterns, `$name` or `$1` for
    /// space-delimited ones) of a pattern's form.
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
    let names: Vec<String> = fields
        .iter()
        .enumerate()
        .filter_map(|(at, kind)| match kind {
            FieldKind::Word { name: Some(name), .. } => Some(format!("${name}")),
            FieldKind::Word { name: None, .. } => Some(format!("${}", at + 1)),
            FieldKind::Ellipsis => None,
        })
        .collect();
    let missing = || NoSuchField {
        message: format!("the pattern has no word `{selector}`"),
        help: match names.as_slice() {
            [] => "name the words in the pattern: `[first, second]`".into(),
            names => format!("it has {}", names.join(", ")),
        },
    };
    let wanted = selector.strip_prefix('$').ok_or_else(missing)?;
    let by_name =
        |kind: &&FieldKind| matches!(kind, FieldKind::Word { name: Some(name), .. } if name == wanted);
    let by_place = || wanted.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
    let at = fields
        .iter()
        .position(by_name)
        .or_else(by_place)
        .filter(|&at| matches!(fields.get(at), Some(FieldKind::Word { .. })))
        .ok_or_else(missing)?;
    let ellipsis = fields.iter().position(|kind| **kind == FieldKind::Ellipsis);
    let last = at + 1 == fields.len();
    let free = matches!(fields[at], FieldKind::Word { condition: None, .. });
    Ok(Extractor(Source::Word {
        front: ellipsis.is_none_or(|ellipsis| at < ellipsis).then_some(at),
        back: fields.len() - at,
        rest: last && free && ellipsis.is_none(),
    }))
}

/// The value that a selector without wildcards leads to; of a key that stands there twice, the last.
fn find<'m>(message: &'m [u8], steps: &[Step]) -> Read<Option<Scalar<'m>>> {
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
