use super::*;
use crate::report::{Day, Named, ReadPart};

fn top(names: &[(&str, u64)], more: usize) -> Top {
    Top {
        top: names
            .iter()
            .map(|(name, count)| Named {
                name: (*name).to_owned(),
                count: *count,
            })
            .collect(),
        names: names.len() + more,
        rough: false,
    }
}

fn counted(days: &[(&str, u64)], who: &str) -> Counted {
    let matches = days.iter().map(|(_, matches)| matches).sum();
    let at = |day: Option<&(&str, u64)>| day.map(|(day, _)| format!("{day}T10:00:00Z"));
    Counted {
        matches,
        undated: matches / 9,
        first: at(days.first()),
        last: at(days.last()),
        principals: top(&[(who, matches)], 2),
        addresses: top(&[("198.51.100.7", matches)], 0),
        events: top(&[("iam CreateUser", matches)], 0),
        regions: top(&[("us-east-1", matches)], 0),
        days: days
            .iter()
            .map(|(day, matches)| Day {
                day: (*day).to_owned(),
                matches: *matches,
            })
            .collect(),
    }
}

fn outlook(alarms: usize) -> Outlook {
    Outlook {
        alarm: "acme-iam-changes".into(),
        alarms,
        in_alarm_seconds: 600 * alarms as i64,
        longest_seconds: 600,
        notices: alarms,
        announced: alarms as u64,
        swallowed: 7,
        quiet: 0,
    }
}

fn rule(name: &str, counted: Counted) -> RulePart {
    RulePart {
        name: name.into(),
        pattern: r#"{ $.eventSource = "iam.amazonaws.com" }"#.into(),
        log_group: "/acme/activity".into(),
        counted,
        alarm: None,
        no_alarm: None,
        exclusions: Vec::new(),
    }
}

/// One of everything.
fn report() -> Report {
    let days = [("2026-03-01", 3), ("2026-03-02", 0), ("2026-03-03", 9)];
    let busy = RulePart {
        alarm: Some(outlook(3)),
        exclusions: vec![Exclusion {
            principal: "arn:aws:iam::123456789012:role/ci".into(),
            clause: r#"(($.a NOT EXISTS) || ($.a != "x"))"#.into(),
            pattern: Some(r#"{ ($.b = 1) && (($.a NOT EXISTS) || ($.a != "x")) }"#.into()),
            removes: 8,
            alarm: Some(outlook(1)),
            hides: top(&[("iam CreateUser", 8)], 0),
        }],
        ..rule(
            "rule.iam-changes",
            counted(&days, "arn:aws:iam::123456789012:role/ci"),
        )
    };
    let unwatched = RulePart {
        no_alarm: Some("no alarm of the spec reads what it counts".into()),
        ..rule(
            "filter.roots",
            counted(&[("2026-03-02", 1)], "arn:aws:iam::1:root"),
        )
    };
    Report {
        format: 1,
        stack: "acme".into(),
        read: ReadPart {
            files: 4,
            records: 12_345,
            bytes: 34_000_000,
            oversized: 2,
            stopped: true,
        },
        rules: vec![unwatched, busy, rule("rule.silent", counted(&[], ""))],
        compared: Some(vec![
            ComparedPart {
                name: "rule.iam-changes".into(),
                of: "both",
                before: 10,
                after: 12,
                gained: counted(&days[2..], "arn:aws:iam::1:user/ann"),
                lost: counted(&days[..2], "arn:aws:iam::1:user/bob"),
            },
            ComparedPart {
                name: "rule.silent".into(),
                of: "both",
                before: 0,
                after: 0,
                gained: counted(&[], ""),
                lost: counted(&[], ""),
            },
        ]),
        problems: vec!["logs/a.json.gz: ends too early".into()],
    }
}

#[test]
fn the_page_of_a_small_report() {
    let page = html(&report());
    // The style is a file of its own.
    insta::assert_snapshot!(page.replace(STYLE, "...\n"));
    assert_eq!(html(&report()), page);
}

/// Every text of a report that comes from elsewhere is this one.
const HOSTILE: &str =
    "</title></style></pre><script>alert('x')</script>\" onload=\"y\" & \u{1b}[2J\n\u{202e}";

fn hostile() -> Report {
    let named = |count| top(&[(HOSTILE, count)], 1);
    let all = |days: &[(&str, u64)]| Counted {
        principals: named(3),
        addresses: named(2),
        events: named(1),
        regions: named(1),
        ..counted(days, HOSTILE)
    };
    let days = [("2026-03-01", 3), (HOSTILE, 9)];
    let alarm = Outlook {
        alarm: HOSTILE.into(),
        ..outlook(2)
    };
    let mut report = report();
    report.stack = HOSTILE.into();
    report.problems = vec![HOSTILE.into()];
    for rule in &mut report.rules {
        rule.name = HOSTILE.into();
        rule.pattern = HOSTILE.into();
        rule.log_group = HOSTILE.into();
        if rule.counted.matches > 0 {
            rule.counted = all(&days);
        }
        rule.alarm = rule.alarm.as_ref().map(|_| alarm.clone());
        rule.no_alarm = rule.no_alarm.as_ref().map(|_| HOSTILE.into());
        for exclusion in &mut rule.exclusions {
            exclusion.principal = HOSTILE.into();
            exclusion.clause = HOSTILE.into();
            exclusion.pattern = Some(HOSTILE.into());
            exclusion.alarm = Some(alarm.clone());
            exclusion.hides = named(1);
        }
    }
    for part in report.compared.iter_mut().flatten() {
        part.name = HOSTILE.into();
        part.gained = all(&days);
        part.lost = all(&days);
    }
    report
}

/// The tags of a page, without what stands between them.
fn tags(page: &str) -> Vec<&str> {
    let parts = page.split('<').skip(1);
    parts
        .map(|part| part.split_once('>').expect("every tag is closed").0)
        .collect()
}

#[test]
fn no_text_of_a_log_file_is_markup() {
    let (page, plain) = (html(&hostile()), html(&report()));
    assert!(
        page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&quot; &amp; ")
    );
    assert!(page.contains(r"\u{1b}[2J\u{a}\u{202e}"));
    let elements = |page: &str| -> Vec<String> {
        let names = tags(page)
            .into_iter()
            .map(|tag| tag.split([' ', '\n']).next().unwrap_or_default());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    assert_eq!(elements(&page), elements(&plain));
    assert!(tags(&page).iter().all(|tag| !tag.contains("onload=\"")));
    let controls = page.chars().filter(|c| c.is_control() && *c != '\n');
    assert_eq!(controls.count(), 0);
    // Every name stands somewhere, and each of its quotes is escaped.
    assert_eq!(
        page.matches("alert(").count(),
        page.matches("&quot;y&quot;").count()
    );
    assert!(page.matches("alert(").count() > 40);
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    for page in [html(&report()), html(&hostile())] {
        for from_elsewhere in [
            "http://", "https://", "src=", "url(", "@import", "<link", "<script", "<img",
        ] {
            assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
        }
        let mut links = page
            .match_indices("href=\"")
            .map(|(at, word)| &page[at + word.len()..]);
        assert!(links.all(|link| link.starts_with('#')));
    }
}

#[test]
fn every_link_leads_to_something_and_every_element_is_closed() {
    for page in [html(&report()), html(&hostile())] {
        let part = |word: &str| -> Vec<String> {
            let found = page
                .match_indices(word)
                .map(|(at, word)| &page[at + word.len()..]);
            found
                .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
                .collect()
        };
        let mut ids = part(" id=\"");
        for link in part("href=\"#").iter().chain(&part("aria-labelledby=\"")) {
            assert!(ids.contains(link), "{link}");
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        let mut open: Vec<&str> = Vec::new();
        for tag in tags(&page) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed)),
                None if tag.ends_with('/') || ["!doctype", "meta", "wbr"].contains(&name) => {}
                None => open.push(name),
            }
        }
        assert_eq!(open, [""; 0]);
    }
}

#[test]
fn years_are_as_many_bars_as_weeks() {
    let years: Vec<String> = (0..2000)
        .map(|day| trailwarden_spec::wanted::Date::of((20_000 + day) * 86_400).to_string())
        .collect();
    let days: Vec<(&str, u64)> = years.iter().map(|day| (day.as_str(), 2)).collect();
    let mut report = report();
    report.compared = None;
    report.rules = vec![rule("rule.iam-changes", counted(&days, "ann"))];
    let page = html(&report);
    let titles: Vec<&str> = page.split("<title>").skip(2).collect();
    // 33 days each.
    assert_eq!(titles.len(), 61);
    assert!(
        titles[0].starts_with("2024-10-04 to 2024-11-05: 66 matches</title>"),
        "{}",
        titles[0]
    );
    assert!(titles[60].starts_with("2030-03-07 to 2030-03-26: 40 matches</title>"));
    assert!(page.contains(
        "aria-label=\"Matches by 33 days (UTC) from 2024-10-04 to 2030-03-26, most 2 on 2024-10-04\""
    ));
    // One day is no picture.
    report.rules = vec![rule("rule.iam-changes", counted(&days[..1], "ann"))];
    assert!(!html(&report).contains("<figure>"));
}
