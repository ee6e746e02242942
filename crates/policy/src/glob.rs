//! Names with wildcards and policy variables, and what they fit.

use crate::evaluate::Fit;
use crate::request::Request;

/// Which characters of a text stand for others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wildcards {
    /// None: the text stands for itself.
    None,
    /// `*` and `?`, for any character.
    Anywhere,
    /// `*` and `?` in an ARN, where they stay within the part between two colons; a `*` that ends
    /// such a part "can expand to match beyond the colon boundaries" (IAM reference, "Resource").
    Segments,
}

#[derive(Clone, Copy)]
enum Token {
    Is(char),
    One { colon: bool },
    Many { colon: bool },
}

pub(crate) struct Glob(Vec<Token>);

/// The first five colons of an ARN part its segments; later ones belong to the resource.
const ARN_COLONS: usize = 5;

impl Glob {
    /// Compiles a text. `variables` is the request to take policy variables from, or none in a
    /// document whose version has no variables. Gives none if a variable cannot be replaced.
    pub(crate) fn new(text: &str, wildcards: Wildcards, variables: Option<&Request>) -> Option<Glob> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let (Some(request), Some(inner)) = (variables, rest.strip_prefix("${")) {
                let (name, after) = inner.split_once('}')?;
                tokens.extend(variable(name, request)?.chars().map(Token::Is));
                rest = after;
                continue;
            }
            tokens.push(match next {
                '*' if wildcards != Wildcards::None => Token::Many { colon: true },
                '?' if wildcards != Wildcards::None => Token::One { colon: true },
                other => Token::Is(other),
            });
            rest = &rest[next.len_utf8()..];
        }
        if wildcards == Wildcards::Segments {
            stay_in_segments(&mut tokens);
        }
        Some(Glob(tokens))
    }

    /// Ignores letter case from here on; the text to match must be in lower case.
    pub(crate) fn lowered(mut self) -> Glob {
        let lowered = self.0.into_iter().flat_map(|token| match token {
            Token::Is(c) => c.to_lowercase().map(Token::Is).collect(),
            other => vec![other],
        });
        self.0 = lowered.collect();
        self
    }

    /// Fits a text surely, surely not, or, where only a wildcard that jumps a colon would fit,
    /// unsurely: AWS says that it should not, and is not always so strict.
    pub(crate) fn fits(&self, text: &str) -> Fit {
        let text: Vec<char> = text.chars().collect();
        if run(&self.0, &text, true) {
            Fit::Yes
        } else if run(&self.0, &text, false) {
            Fit::Unsure
        } else {
            Fit::No
        }
    }

    /// Fits an ARN part by part: "each of the six colon-delimited components of the ARN is checked
    /// separately" (IAM reference, "ARN condition operators"). What is not an ARN is no sure fit.
    pub(crate) fn fits_arn(&self, text: &str) -> Fit {
        let parts = self.arn_parts();
        let actual: Vec<&str> = text.splitn(ARN_COLONS + 1, ':').collect();
        if parts.len() != actual.len() || parts.len() != ARN_COLONS + 1 {
            let text: Vec<char> = text.chars().collect();
            return if run(&self.0, &text, false) {
                Fit::Unsure
            } else {
                Fit::No
            };
        }
        let fits = parts.iter().zip(actual).all(|(part, actual)| {
            let actual: Vec<char> = actual.chars().collect();
            run(part, &actual, false)
        });
        Fit::of(fits)
    }

    fn arn_parts(&self) -> Vec<&[Token]> {
        self.0
            .splitn(ARN_COLONS + 1, |token| matches!(token, Token::Is(':')))
            .collect()
    }
}

/// The value of `${name}` or `${name, 'default'}`. A key with several values has no text.
fn variable(name: &str, request: &Request) -> Option<String> {
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => {
            let default = default.trim();
            let inner = default.strip_prefix('\'')?.strip_suffix('\'')?;
            (key.trim(), Some(inner))
        }
        None => (name.trim(), None),
    };
    // `${*}`, `${?}` and `${$}` are how a policy writes these characters themselves.
    if matches!(key, "*" | "?" | "$") {
        return Some(key.to_owned());
    }
    match request.values(key).as_slice() {
        [] => default.map(str::to_owned),
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}

fn stay_in_segments(tokens: &mut [Token]) {
    let mut colons = 0;
    for index in 0..tokens.len() {
        let last = matches!(tokens.get(index + 1), None | Some(Token::Is(':')));
        let token = &mut tokens[index];
        match token {
            Token::Is(':') => colons += 1,
            Token::Many { colon } if colons < ARN_COLONS => *colon = last,
            Token::One { colon } if colons < ARN_COLONS => *colon = false,
            _ => {}
        }
    }
}

/// Keeps the set of all places that the tokens so far can end at: going back to the last `*` only
/// would be wrong where a `*` cannot grow past a colon.
fn run(tokens: &[Token], text: &[char], strict: bool) -> bool {
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for token in tokens {
        let mut next = vec![false; text.len() + 1];
        match *token {
            Token::Is(c) => {
                for (i, actual) in text.iter().enumerate() {
                    next[i + 1] = ends[i] && *actual == c;
                }
            }
            Token::One { colon } => {
                for (i, actual) in text.iter().enumerate() {
                    next[i + 1] = ends[i] && (colon || !strict || *actual != ':');
                }
            }
            Token::Many { colon } => {
                next[0] = ends[0];
                for (i, actual) in text.iter().enumerate() {
                    let grows = next[i] && (colon || !strict || *actual != ':');
                    next[i + 1] = ends[i + 1] || grows;
                }
            }
        }
        ends = next;
    }
    ends[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Caller;

    fn fit(pattern: &str, wildcards: Wildcards, text: &str) -> Fit {
        Glob::new(pattern, wildcards, None).unwrap().fits(text)
    }

    #[test]
    fn wildcards() {
        let any = |pattern, text| fit(pattern, Wildcards::Anywhere, text);
        assert_eq!(any("s3:Get*", "s3:GetObject"), Fit::Yes);
        assert_eq!(any("s3:Get*", "s3:PutObject"), Fit::No);
        assert_eq!(any("*a*b", "xaabab"), Fit::Yes);
        assert_eq!(any("a?c", "abc"), Fit::Yes);
        assert_eq!(any("a?c", "ac"), Fit::No);
        assert_eq!(any("", ""), Fit::Yes);
        assert_eq!(any("*", ""), Fit::Yes);
        assert_eq!(fit("a*", Wildcards::None, "ab"), Fit::No);
        assert_eq!(fit("a*", Wildcards::None, "a*"), Fit::Yes);
    }

    #[test]
    fn a_wildcard_within_an_arn_segment_stays_there() {
        let arn = |pattern, text| fit(pattern, Wildcards::Segments, text);
        let bucket = "arn:aws:s3:::logs/AWSLogs/1/a:b";
        assert_eq!(arn("*", bucket), Fit::Yes);
        assert_eq!(arn("arn:aws:s3:::logs/*", bucket), Fit::Yes);
        assert_eq!(arn("arn:aws:s3:::l*b", bucket), Fit::Yes);
        assert_eq!(arn("arn:*:logs/*", bucket), Fit::Yes);
        assert_eq!(arn("arn:a*s3:::logs/*", bucket), Fit::Unsure);
        assert_eq!(arn("arn:aws?s3:::logs/*", bucket), Fit::Unsure);
        assert_eq!(arn("arn:aws:sns:*", bucket), Fit::No);
    }

    #[test]
    fn arn_conditions_compare_part_by_part() {
        let arn = |pattern, text| {
            let glob = Glob::new(pattern, Wildcards::Anywhere, None).unwrap();
            glob.fits_arn(text)
        };
        let alarm = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b";
        assert_eq!(arn("arn:aws:cloudwatch:*:123456789012:alarm:*", alarm), Fit::Yes);
        assert_eq!(arn("arn:aws:cloudwatch:*", alarm), Fit::Unsure);
        assert_eq!(arn("arn:aws:cloudwatch:*:*:*", alarm), Fit::Yes);
        assert_eq!(arn("arn:aws:cloudwatch:*:alarm:*", alarm), Fit::No);
        assert_eq!(arn("*", alarm), Fit::Unsure);
        assert_eq!(arn("arn:aws:sns:*:*:*", alarm), Fit::No);
        assert_eq!(arn("arn:aws:sns:*:*:*", "nothing"), Fit::No);
    }

    #[test]
    fn variables_are_replaced_by_text_not_by_patterns() {
        let request = Request::new(Caller::Anonymous, "", "")
            .context("aws:SourceAccount", "123456789012")
            .context("aws:username", "*");
        let glob = |pattern| Glob::new(pattern, Wildcards::Anywhere, Some(&request));
        let fits = |pattern, text| glob(pattern).unwrap().fits(text);
        assert_eq!(fits("b/${AWS:sourceaccount}/*", "b/123456789012/x"), Fit::Yes);
        assert_eq!(fits("b/${aws:username}", "b/x"), Fit::No);
        assert_eq!(fits("b/${aws:username}", "b/*"), Fit::Yes);
        assert_eq!(fits("${*}${?}${$}{x}", "*?${x}"), Fit::Yes);
        assert_eq!(fits("${aws:x, 'team'}-*", "team-a"), Fit::Yes);
        assert!(glob("${aws:x}").is_none());
        assert!(glob("${aws:x").is_none());
        assert_eq!(fit("${*}", Wildcards::None, "${*}"), Fit::Yes);
    }

    #[test]
    fn variables_know_arns() {
        let request = Request::new(Caller::Anonymous, "", "").context("aws:SourceAccount", "1");
        let glob = Glob::new(
            "arn:aws:cloudtrail:*:${aws:SourceAccount}:trail/*",
            Wildcards::Anywhere,
            Some(&request),
        );
        let fit = glob.unwrap().fits_arn("arn:aws:cloudtrail:eu-west-1:1:trail/t");
        assert_eq!(fit, Fit::Yes);
    }
}
