//! Numbers, dates and addresses as condition operators compare them.

use std::net::IpAddr;

pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

/// Seconds since 1970: of the W3C forms of ISO 8601 that AWS takes (a day, or a day with time and
/// zone), or of seconds written as a number.
pub(crate) fn date(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.contains('T') && text.matches('-').count() != 2 {
        // Four digits may be a year as well as seconds.
        return number(text).filter(|_| text.len() != 4);
    }
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (month, day) = (digits(month, 12)?, digits(day, 31)?);
    if month == 0 || day == 0 {
        return None;
    }
    let days = days_since_1970(digits(year, 9999)?, month, day);
    // Exact: days and seconds of four-digit years are far below 2^53.
    let start = days as f64 * 86_400.0;
    Some(start + time.map_or(Some(0.0), seconds)?)
}

/// Seconds into the day, the zone taken off.
fn seconds(text: &str) -> Option<f64> {
    let (clock, offset) = if let Some(clock) = text.strip_suffix('Z') {
        (clock, 0)
    } else {
        let place = text.rfind(['+', '-'])?;
        let (hours, minutes) = text[place + 1..].split_once(':')?;
        let size = digits(hours, 23)? * 3600 + digits(minutes, 59)? * 60;
        let size = if text[place..].starts_with('-') {
            -size
        } else {
            size
        };
        (&text[..place], size)
    };
    let mut parts = clock.split(':');
    let hours = digits(parts.next()?, 23)?;
    let minutes = digits(parts.next()?, 59)?;
    let seconds = match parts.next() {
        Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => number(text).filter(|s| *s < 61.0)?,
        Some(_) => return None,
        None => 0.0,
    };
    if parts.next().is_some() {
        return None;
    }
    Some((hours * 3600 + minutes * 60 - offset) as f64 + seconds)
}

fn digits(text: &str, most: i64) -> Option<i64> {
    let all = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = all.then(|| text.parse().ok())??;
    (value <= most).then_some(value)
}

/// The proleptic Gregorian calendar, years counted from March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

/// A range of addresses, `203.0.113.0/24` or one address.
pub(crate) struct Network {
    base: IpAddr,
    prefix: u32,
}

impl Network {
    pub(crate) fn parse(text: &str) -> Option<Network> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (address(base)?, Some(prefix)),
            None => (address(text)?, None),
        };
        let most = match base {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|p| *p <= most)?,
            None => most,
        };
        Some(Network { base, prefix })
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.base, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        differing >= self.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date("1970-01-01"), Some(0.0));
        assert_eq!(date("2000-02-29T00:00:01Z"), Some(951_782_401.0));
        assert_eq!(
            date("2026-11-05T12:00:00.5+02:00"),
            date("2026-11-05T10:00:00.5Z")
        );
        assert_eq!(date("2026-11-05T12:00-02:00"), date("2026-11-05T14:00Z"));
        assert_eq!(date("1762300800"), Some(1_762_300_800.0));
        assert_eq!(date("2026-13-05"), None);
        assert_eq!(date("2026-11-05T12:00:00"), None);
        assert_eq!(date("2026"), None);
        assert_eq!(date("tomorrow"), None);
    }

    #[test]
    fn networks() {
        let has = |network, ip| Network::parse(network).unwrap().contains(address(ip).unwrap());
        assert!(has("0.0.0.0/0", "192.0.2.1"));
        assert!(has("::/0", "2001:db8::1"));
        assert!(!has("0.0.0.0/0", "2001:db8::1"));
        assert!(has("192.0.2.1", "192.0.2.1"));
        assert!(!has("192.0.2.0/31", "192.0.2.2"));
        assert!(Network::parse("192.0.2.0/x").is_none());
    }
}
