//! JSON as a tree, read by recursion.

use std::iter::Peekable;
use std::str::Chars;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    Array(Vec<Tree>),
    /// In the order of the text; a key may stand there twice.
    Object(Vec<(String, Tree)>),
}

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoTree {
    NotJson,
    /// Nested deeper than recursion is good for: nothing is said about such a text.
    TooDeep,
}

/// The deepest nesting that is read.
const MOST_DEPTH: usize = 200;

/// Reads a whole text.
pub(crate) fn read(text: &[u8]) -> Result<Tree, NoTree> {
    let text = std::str::from_utf8(text).map_err(|_| NoTree::NotJson)?;
    let mut reader = Reader(text.chars().peekable());
    let tree = reader.value(0)?;
    reader.blanks();
    match reader.0.next() {
        None => Ok(tree),
        Some(_) => Err(NoTree::NotJson),
    }
}

struct Reader<'t>(Peekable<Chars<'t>>);

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.0.next_if(|c| " \t\n\r".contains(*c)).is_some() {}
    }

    /// Goes over blanks and then this character, if it is there.
    fn eat(&mut self, wanted: char) -> bool {
        self.blanks();
        self.0.next_if_eq(&wanted).is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), NoTree> {
        match self.eat(wanted) {
            true => Ok(()),
            false => Err(NoTree::NotJson),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Tree, NoTree> {
        if depth > MOST_DEPTH {
            return Err(NoTree::TooDeep);
        }
        self.blanks();
        match self.0.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.text().map(Tree::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Tree, NoTree> {
        self.expect('{')?;
        let mut members = Vec::new();
        if self.eat('}') {
            return Ok(Tree::Object(members));
        }
        loop {
            self.blanks();
            let key = self.text()?;
            self.expect(':')?;
            members.push((key, self.value(depth + 1)?));
            if !self.eat(',') {
                self.expect('}')?;
                return Ok(Tree::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Tree, NoTree> {
        self.expect('[')?;
        let mut elements = Vec::new();
        if self.eat(']') {
            return Ok(Tree::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if !self.eat(',') {
                self.expect(']')?;
                return Ok(Tree::Array(elements));
            }
        }
    }

    fn text(&mut self) -> Result<String, NoTree> {
        if self.0.next() != Some('"') {
            return Err(NoTree::NotJson);
        }
        // Escapes are UTF-16, so all is: two halves that stand side by side are one character.
        let mut units: Vec<u16> = Vec::new();
        loop {
            let c = match self.0.next().ok_or(NoTree::NotJson)? {
                '"' => return Ok(String::from_utf16_lossy(&units)),
                '\\' => match self.0.next().ok_or(NoTree::NotJson)? {
                    'u' => {
                        let hex: String = self.0.by_ref().take(4).collect();
                        let is_hex = hex.len() == 4 && hex.chars().all(|c| c.is_ascii_hexdigit());
                        let unit = u16::from_str_radix(&hex, 16).ok().filter(|_| is_hex);
                        units.push(unit.ok_or(NoTree::NotJson)?);
                        continue;
                    }
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    c @ ('"' | '\\' | '/') => c,
                    _ => return Err(NoTree::NotJson),
                },
                c if c < ' ' => return Err(NoTree::NotJson),
                c => c,
            };
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }

    fn word(&mut self) -> Result<Tree, NoTree> {
        let mut word = String::new();
        while let Some(c) = self
            .0
            .next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c))
        {
            word.push(c);
        }
        match word.as_str() {
            "null" => Ok(Tree::Null),
            "true" => Ok(Tree::Bool(true)),
            "false" => Ok(Tree::Bool(false)),
            number if is_number(number) => Ok(Tree::Number(word)),
            _ => Err(NoTree::NotJson),
        }
    }
}

/// `-12.5e+3`: without a zero before other digits, and with digits on both sides of the point.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (base, power) = match text.split_once(['e', 'E']) {
        Some((base, power)) => (base, Some(power)),
        None => (text, None),
    };
    let (whole, fraction) = match base.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (base, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && power.is_none_or(|power| digits(power.strip_prefix(['+', '-']).unwrap_or(power)))
}
