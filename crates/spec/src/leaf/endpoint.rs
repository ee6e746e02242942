use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The first characters of a text's SHA-256, in lower-case hex: enough to tell things apart, too
/// little to find the text.
#[must_use]
pub fn digest(text: &str, chars: usize) -> String {
    let mut hex: String = Sha256::digest(text.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    hex.truncate(chars);
    hex
}

/// Where a subscription delivers: an e-mail address, a phone number, a URL or an ARN.
///
/// It may be personal or carry a password, so that everything people read shows it masked
/// (`s***s@example.com`). Its identity is a digest in which a URL's password does not count,
/// because SNS reads passwords back as `****`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint(String);

impl Endpoint {
    /// An endpoint as typed or as read back. E-mail domains and URL hosts are put in lower case.
    #[must_use]
    pub fn new(protocol: &str, text: &str) -> Self {
        let text = text.trim();
        Self(match protocol {
            "email" | "email-json" => match text.rsplit_once('@') {
                Some((user, domain)) => format!("{user}@{}", domain.to_lowercase()),
                None => text.to_owned(),
            },
            "http" | "https" => with_host_lowered(text),
            _ => text.to_owned(),
        })
    }

    /// The text that is sent to SNS. Never show it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Eight hex digits that stand for this endpoint in addresses.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.without_password(), 8)
    }

    fn without_password(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return self.0.clone();
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let user = user.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}:****@{host}{path}")
            }
            None => self.0.clone(),
        }
    }
}

fn with_host_lowered(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    format!("{scheme}://{user}{host}{path}")
}

fn mask(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    match chars.as_slice() {
        [] => String::new(),
        [first, .., last] if chars.len() > 3 => format!("{first}***{last}"),
        [first, ..] => format!("{first}***"),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        if text.starts_with("arn:") {
            return f.write_str(text);
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            return write!(
                f,
                "{scheme}://{host}{}",
                if path.len() > 1 { "/***" } else { path }
            );
        }
        if let Some((user, domain)) = text.rsplit_once('@') {
            return write!(f, "{}@{domain}", mask(user));
        }
        let digits: Vec<char> = text.chars().collect();
        let shown = digits.len().saturating_sub(3);
        write!(
            f,
            "***{}",
            digits.get(shown..).unwrap_or_default().iter().collect::<String>()
        )
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_personal_is_shown() {
        for (protocol, text, shown) in [
            ("email", "secops@Example.com", "s***s@example.com"),
            ("sms", "+15551234567", "***567"),
            (
                "https",
                "https://user:pw@hooks.example.com/services/T000/secret",
                "https://hooks.example.com/***",
            ),
            (
                "sqs",
                "arn:aws:sqs:us-east-1:123456789012:q",
                "arn:aws:sqs:us-east-1:123456789012:q",
            ),
        ] {
            assert_eq!(Endpoint::new(protocol, text).to_string(), shown);
        }
    }

    #[test]
    fn a_password_that_reads_back_masked_is_the_same_endpoint() {
        let sent = Endpoint::new("https", "https://user:pw@example.com/x");
        let read = Endpoint::new("https", "https://user:****@example.com/x");
        assert_eq!(sent.digest(), read.digest());
        assert_ne!(
            sent.digest(),
            Endpoint::new("https", "https://user:****@example.com/y").digest()
        );
    }
}
