//! Where `CloudTrail` puts log files in a bucket, and what their names say ("Finding your `CloudTrail` log
//! files", "`CloudTrail` log file name format"):
//!
//! ```text
//! [PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/
//!     ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz
//! ```
//!
//! The time in the name is that of the delivery, and so is the day of the folder. A file can hold records of
//! any time before, mostly of the last 15 minutes: the first file of a day holds the last calls of the day
//! before. So files are selected with some [slack](Selection::slack), and records by their own time.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Component, Path};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What kind of events a log file holds. A folder for each stands in that of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// Calls: management events, data events and network activity events.
    Events,
    /// What Insights found.
    Insights,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Events, Self::Insights];

    /// The word that folders and file names have for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Events => "CloudTrail",
            Self::Insights => "CloudTrail-Insight",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }
}

/// The word in folders and names of digests, with which log files are proved unchanged. They hold no records.
pub(crate) const DIGEST: &str = "CloudTrail-Digest";

/// The name of a log file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName {
    /// What it holds.
    pub sort: Sort,
    /// The account whose calls it holds.
    pub account: String,
    /// The region that logged them.
    pub region: String,
    /// When it was delivered, to the minute, in UTC.
    pub delivered: DateTime,
    /// Letters and digits without a meaning, which keep files from overwriting each other.
    pub unique: String,
    /// Whether it is packed, as `CloudTrail` delivers it: `.json.gz` and not `.json`.
    pub packed: bool,
}

impl FileName {
    /// Reads the name of a file; `None` for what is no log file of `CloudTrail`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, packed) = match name.strip_suffix(".json.gz") {
            Some(stem) => (stem, true),
            None => (name.strip_suffix(".json")?, false),
        };
        let [account, word, region, time, unique] = stem.split('_').collect::<Vec<_>>().try_into().ok()?;
        let is_unique = !unique.is_empty() && unique.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_account(account) && is_region(region) && is_unique).then_some(())?;
        Some(Self {
            sort: Sort::of_word(word)?,
            account: account.to_owned(),
            region: region.to_owned(),
            delivered: minute(time)?,
            unique: unique.to_owned(),
            packed,
        })
    }

    /// The same of the file at a path, of which only the name counts.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        Self::parse(path.file_name()?.to_str()?)
    }

    /// When the minute began in which it was delivered.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        begin(self.delivered)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sort,
            account,
            region,
            delivered,
            unique,
            packed,
        } = self;
        let (word, time) = (sort.word(), delivered.strftime("%Y%m%dT%H%MZ"));
        let end = if *packed { ".json.gz" } else { ".json" };
        write!(f, "{account}_{word}_{region}_{time}_{unique}{end}")
    }
}

/// Where the log files of a trail begin in its bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root {
    /// The trail's prefix, without a `/` at its end.
    pub prefix: Option<String>,
    /// The id of the organization, such as `o-exampleorgid`, whose trail it is.
    pub organization: Option<String>,
}

impl Root {
    /// The files of a trail with this prefix, or without one.
    #[must_use]
    pub fn of_trail(prefix: Option<&str>) -> Self {
        let prefix = prefix.map(|prefix| prefix.trim_end_matches('/'));
        Self {
            prefix: prefix.filter(|prefix| !prefix.is_empty()).map(str::to_owned),
            organization: None,
        }
    }

    /// What the keys of all of them begin with, up to the account.
    #[must_use]
    pub fn accounts(&self) -> String {
        let prefix = self.prefix.iter().map(|prefix| format!("{prefix}/"));
        let organization = self.organization.iter().map(|id| format!("{id}/"));
        let parts = prefix.chain(["AWSLogs/".to_owned()]).chain(organization);
        parts.collect()
    }

    /// What the keys of an account's begin with, up to the region.
    #[must_use]
    pub fn regions(&self, account: &str, sort: Sort) -> String {
        format!("{}{account}/{}/", self.accounts(), sort.word())
    }

    /// What the keys of a region's begin with, up to the year.
    #[must_use]
    pub fn region(&self, account: &str, sort: Sort, region: &str) -> String {
        format!("{}{region}/", self.regions(account, sort))
    }

    /// What the keys of a day's begin with. Within a region, keys stand in the order of days.
    #[must_use]
    pub fn day(&self, account: &str, sort: Sort, region: &str, day: Date) -> String {
        let region = self.region(account, sort, region);
        format!("{region}{}/", day.strftime("%Y/%m/%d"))
    }
}

/// The key of a log file in a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it begins with.
    pub root: Root,
    /// The rest follows from the file's name.
    pub name: FileName,
}

impl Key {
    /// Reads a key; `None` for what is no log file, or stands in a folder that is not its own.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let name = FileName::parse(key.rsplit('/').next()?)?;
        let own = name.folder();
        let above = key
            .strip_suffix(&name.to_string())?
            .strip_suffix(&format!("{own}/"))?;
        let parts: Vec<&str> = above.split_terminator('/').collect();
        let (prefix, organization) = match parts[..] {
            [ref prefix @ .., "AWSLogs"] => (prefix, None),
            [ref prefix @ .., "AWSLogs", id] if is_organization(id) => (prefix, Some(id.to_owned())),
            _ => return None,
        };
        let root = Root {
            prefix: (!prefix.is_empty()).then(|| prefix.join("/")),
            organization,
        };
        Some(Self { root, name })
    }

    /// The same without the trail's prefix: `AWSLogs/...`.
    #[must_use]
    pub fn below_prefix(&self) -> String {
        let root = Root {
            prefix: None,
            ..self.root.clone()
        };
        format!("{}{}/{}", root.accounts(), self.name.folder(), self.name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { root, name } = self;
        write!(f, "{}{}/{name}", root.accounts(), name.folder())
    }
}

impl FileName {
    /// The folders that it stands in, from the account on.
    fn folder(&self) -> String {
        let day = self.delivered.strftime("%Y/%m/%d");
        format!("{}/{}/{}/{day}", self.account, self.sort.word(), self.region)
    }
}

/// What a folder of the layout says of the files below it, as far down as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The region.
    pub region: Option<String>,
    /// The days on which its files were delivered: the first and the last.
    pub days: Option<(Date, Date)>,
    /// True for a folder of digests, which hold no records.
    pub digests: bool,
}

impl Folder {
    /// Reads the end of a path. What is no folder of the layout says nothing.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let parts: Vec<&str> = path
            .components()
            .map(|part| match part {
                Component::Normal(name) => name.to_str().unwrap_or_default(),
                _ => "",
            })
            .collect();
        let mut folder = Self {
            region: None,
            days: None,
            digests: false,
        };
        let sort =
            |pair: &[&str]| is_account(pair[0]) && (Sort::of_word(pair[1]).is_some() || pair[1] == DIGEST);
        let Some(at) = parts.windows(2).rposition(sort) else {
            return folder;
        };
        folder.digests = parts[at + 1] == DIGEST;
        let [region, day @ ..] = &parts[at + 2..] else {
            return folder;
        };
        folder.region = is_region(region).then(|| (*region).to_owned());
        folder.days = folder.region.as_ref().and_then(|_| days(day));
        folder
    }
}

/// The days of `YYYY`, `YYYY/MM` and `YYYY/MM/DD`.
fn days(parts: &[&str]) -> Option<(Date, Date)> {
    let number = |at: usize, digits: usize| {
        let part = parts.get(at)?;
        let fits = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse::<i16>().ok()).flatten()
    };
    let (year, month, day) = (number(0, 4)?, number(1, 2), number(2, 2));
    let small = |number: i16| i8::try_from(number).ok();
    match (parts.len(), month, day) {
        (1, ..) => Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?)),
        (2, Some(month), _) => {
            let first = Date::new(year, small(month)?, 1).ok()?;
            Some((first, first.last_of_month()))
        }
        (_, Some(month), Some(day)) => {
            let day = Date::new(year, small(month)?, small(day)?).ok()?;
            Some((day, day))
        }
        _ => None,
    }
}

/// What is wanted of log files. Whatever it says, records are to be held against [`Selection::holds`]: files
/// are selected by what their names say, and those whose names say nothing always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The regions that logged; all without one.
    pub regions: BTreeSet<String>,
    /// The first moment of the calls that are wanted.
    pub from: Option<Timestamp>,
    /// The last one.
    pub to: Option<Timestamp>,
    /// How long after a call its record may be delivered: files that come later are not looked for.
    pub slack: SignedDuration,
}

/// An hour. `CloudTrail` delivers within 5 minutes on the average and promises nothing; 15 minutes are usual.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

impl Default for Selection {
    /// Everything, with an hour of slack.
    fn default() -> Self {
        Self {
            regions: BTreeSet::new(),
            from: None,
            to: None,
            slack: SLACK,
        }
    }
}

impl Selection {
    /// The calls of a time, from its first moment to its last.
    #[must_use]
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from: Some(from),
            to: Some(to),
            ..Self::default()
        }
    }

    /// Whether a call at this moment is wanted.
    #[must_use]
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time <= to)
    }

    /// Whether a file of this name can hold calls that are wanted.
    #[must_use]
    pub fn wants(&self, name: &FileName) -> bool {
        let first = name.time();
        // It was delivered within its minute, and holds what was before that.
        let last = first
            .saturating_add(SignedDuration::from_secs(59))
            .unwrap_or(first);
        self.wants_region(&name.region) && self.delivers(first, last)
    }

    /// Whether a folder can have files that hold calls that are wanted.
    #[must_use]
    pub fn wants_folder(&self, folder: &Folder) -> bool {
        let region = folder.region.as_ref();
        let days = folder.days.is_none_or(|(first, last)| {
            let last = begin(last.at(23, 59, 59, 0));
            self.delivers(begin(first.at(0, 0, 0, 0)), last)
        });
        !folder.digests && region.is_none_or(|region| self.wants_region(region)) && days
    }

    /// The last moment at which a file with calls that are wanted is delivered.
    #[must_use]
    pub fn last_delivery(&self) -> Option<Timestamp> {
        let to = self.to?;
        Some(to.saturating_add(self.slack).unwrap_or(Timestamp::MAX))
    }

    /// Whether anything that is delivered between two moments can be wanted.
    fn delivers(&self, first: Timestamp, last: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= last) && self.last_delivery().is_none_or(|to| first <= to)
    }

    fn wants_region(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }
}

/// A time of UTC.
fn begin(time: DateTime) -> Timestamp {
    TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX)
}

/// `YYYYMMDDTHHmmZ`.
fn minute(text: &str) -> Option<DateTime> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse::<i16>().ok()).flatten()
    };
    let small = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let (t, z) = (text.get(8..9)?, text.get(13..)?);
    (t == "T" && z == "Z").then_some(())?;
    DateTime::new(number(0, 4)?, small(4)?, small(6)?, small(9)?, small(11)?, 0, 0).ok()
}

/// True for what can be the id of an account: 12 digits.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for the id of an organization: `o-` and 10 to 32 letters and digits.
#[must_use]
pub fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// True for what can be the name of a region, such as `us-gov-west-1`: AWS does not say what names the next
/// ones will have.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let word = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !part.is_empty() && part.bytes().all(plain)
    };
    text.contains('-') && text.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "218007301253_CloudTrail_us-east-1_20230710T1145Z_7xgocspSowgK0Gto.json.gz";

    fn name(text: &str) -> FileName {
        FileName::parse(text).unwrap_or_else(|| panic!("{text} is a name"))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_name_alone_says_account_region_and_time() {
        let FileName {
            sort,
            account,
            region,
            delivered,
            unique,
            packed,
        } = FileName::of(Path::new("downloads").join(NAME).as_path()).unwrap();
        assert_eq!(sort, Sort::Events);
        assert_eq!((account.as_str(), region.as_str()), ("218007301253", "us-east-1"));
        assert_eq!(delivered.to_string(), "2023-07-10T11:45:00");
        assert_eq!((unique.as_str(), packed), ("7xgocspSowgK0Gto", true));
        assert_eq!(name(NAME).time(), at("2023-07-10T11:45:00Z"));
        assert!(!name("111122223333_CloudTrail_us-gov-west-1_20230710T1145Z_x.json").packed);
    }

    #[test]
    fn what_is_no_log_file_has_no_such_name() {
        for text in [
            "",
            "events.json",
            "2180073_CloudTrail_us-east-1_20230710T1145Z_7xgocspSowgK0Gto.json.gz",
            "218007301253_CloudTrail_us--east_20230710T1145Z_7xgocspSowgK0Gto.json.gz",
            "218007301253_CloudTrail_us-east-1_20230710T1145_7xgocspSowgK0Gto.json.gz",
            "218007301253_CloudTrail_us-east-1_20230710T114530Z_7xgocspSowgK0Gto.json.gz",
            "218007301253_CloudTrail_us-east-1_20231310T1145Z_7xgocspSowgK0Gto.json.gz",
            "218007301253_CloudTrail_us-east-1_2023071éT1145Z_7xgocspSowgK0Gto.json.gz",
            "218007301253_CloudTrail_us-east-1_20230710T1145Z_..json.gz",
            "218007301253_CloudTrail_us-east-1_20230710T1145Z_7xgocspSowgK0Gto.json.gz.part",
            "218007301253_CloudTrail-Digest_us-east-1_main_us-east-1_20230710T114530Z.json.gz",
        ] {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn keys_say_where_the_file_comes_from() {
        for (root, prefix, organization) in [
            ("AWSLogs/", None, None),
            ("a/b/AWSLogs/", Some("a/b"), None),
            ("AWSLogs/o-exampleorgid/", None, Some("o-exampleorgid")),
            (
                "AWSLogs/AWSLogs/o-exampleorgid/",
                Some("AWSLogs"),
                Some("o-exampleorgid"),
            ),
        ] {
            let text = format!("{root}218007301253/CloudTrail/us-east-1/2023/07/10/{NAME}");
            let key = Key::parse(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(key.root.prefix.as_deref(), prefix);
            assert_eq!(key.root.organization.as_deref(), organization);
            assert_eq!(key.to_string(), text);
            assert_eq!(key.root.accounts(), root);
            let below = key.below_prefix();
            assert!(text.ends_with(&below) && below.starts_with("AWSLogs/"), "{below}");
        }
        for folder in [
            "218007301253/CloudTrail/us-east-1/2023/07/10",
            "AWSLogs/218007301253/CloudTrail/us-east-1/2023/07/11",
            "AWSLogs/218007301253/CloudTrail/us-east-2/2023/07/10",
            "AWSLogs/218007301254/CloudTrail/us-east-1/2023/07/10",
            "AWSLogs/218007301253/CloudTrail-Insight/us-east-1/2023/07/10",
            "AWSLogs/x/218007301253/CloudTrail/us-east-1/2023/07/10",
        ] {
            assert_eq!(Key::parse(&format!("{folder}/{NAME}")), None, "{folder}");
        }
    }

    #[test]
    fn prefixes_lead_to_a_day() {
        let root = Root::of_trail(Some("audit/"));
        let day = jiff::civil::date(2026, 3, 1);
        assert_eq!(
            root.day("123456789012", Sort::Events, "eu-west-1", day),
            "audit/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/03/01/"
        );
        assert_eq!(
            Root::of_trail(None).regions("123456789012", Sort::Insights),
            "AWSLogs/123456789012/CloudTrail-Insight/"
        );
        assert_eq!(Root::of_trail(Some("/")), Root::default());
    }

    #[test]
    fn folders_say_what_can_be_below_them() {
        let root = Path::new("/data/AWSLogs/218007301253/CloudTrail");
        let days = |below: &str| {
            let folder = Folder::of(&root.join(below));
            folder.days.map(|(first, last)| format!("{first} {last}"))
        };
        assert_eq!(Folder::of(root).region, None);
        assert_eq!(
            Folder::of(&root.join("eu-west-1")).region.as_deref(),
            Some("eu-west-1")
        );
        assert_eq!(days("eu-west-1"), None);
        assert_eq!(days("eu-west-1/2023").as_deref(), Some("2023-01-01 2023-12-31"));
        assert_eq!(
            days("eu-west-1/2024/02").as_deref(),
            Some("2024-02-01 2024-02-29")
        );
        assert_eq!(
            days("eu-west-1/2024/02/29").as_deref(),
            Some("2024-02-29 2024-02-29")
        );
        // What CloudTrail did not make says nothing.
        for other in [
            "eu-west-1/x",
            "eu-west-1/2023/13",
            "eu-west-1/2023/02/30",
            "x/2023",
        ] {
            assert_eq!(days(other), None, "{other}");
        }
        assert_eq!(Folder::of(Path::new("us-east-1/2023/07")).days, None);
        let digests = Folder::of(Path::new("AWSLogs/218007301253/CloudTrail-Digest/us-east-1"));
        assert!(digests.digests && !Selection::default().wants_folder(&digests));
    }

    #[test]
    fn files_are_selected_by_when_their_records_can_have_been_delivered() {
        let selection = Selection::between(at("2023-07-09T23:50:00Z"), at("2023-07-09T23:59:59Z"));
        let delivered = |time: &str| name(&format!("218007301253_CloudTrail_us-east-1_{time}_x.json.gz"));
        for (time, wanted) in [
            ("20230709T2345Z", false),
            ("20230709T2349Z", false),
            // In its minute, so up to 23:50:59.
            ("20230709T2350Z", true),
            // The next day's first files have the last calls of this one.
            ("20230710T0000Z", true),
            ("20230710T0055Z", true),
            ("20230710T0105Z", false),
        ] {
            assert_eq!(selection.wants(&delivered(time)), wanted, "{time}");
        }
        let folder = |below: &str| {
            let path = Path::new("AWSLogs/218007301253/CloudTrail").join(below);
            selection.wants_folder(&Folder::of(&path))
        };
        assert!(folder("us-east-1") && folder("us-east-1/2023") && folder("us-east-1/2023/07"));
        assert!(folder("us-east-1/2023/07/09") && folder("us-east-1/2023/07/10"));
        assert!(!folder("us-east-1/2023/07/08") && !folder("us-east-1/2023/07/11"));
        assert!(!folder("us-east-1/2022") && !folder("us-east-1/2023/06"));
        // Records are selected by their own time.
        assert!(selection.holds(at("2023-07-09T23:50:00Z")) && !selection.holds(at("2023-07-10T00:00:00Z")));

        let regions = Selection {
            regions: BTreeSet::from(["eu-west-1".to_owned()]),
            ..Selection::default()
        };
        assert!(!regions.wants(&delivered("20230709T2345Z")));
        assert!(!regions.wants_folder(&Folder::of(Path::new("218007301253/CloudTrail/us-east-1"))));
        assert!(regions.wants_folder(&Folder::of(Path::new("218007301253/CloudTrail/eu-west-1/2023"))));
    }
}
