//! How long the CIS patterns take on real records, beside a parse into `serde_json::Value` and plain
//! comparisons on it, in one run.
//!
//! ```text
//! cargo bench -p trailwarden-pattern
//! ```
//!
//! What is printed is a median of rounds on one core of this machine, and ratios that hold when its
//! speed drifts, because every round measures both.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use trailwarden_pattern::{
    Comparison, Condition, Form, Matcher, MatcherSet, Node, NodeKind, Operator, Pattern, Scratch, Selector,
    Shape, Step, Test, records,
};

const ROUNDS: usize = 15;

/// The patterns of `tests/events/expected.json` that stand for the fifteen controls.
const CONTROLS: [&str; 15] = [
    "4.1-securityhub",
    "4.2",
    "4.3",
    "4.4",
    "4.5",
    "4.6",
    "4.7",
    "4.8",
    "4.9",
    "4.10",
    "4.11",
    "4.12",
    "4.13",
    "4.14",
    "4.15",
];

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
    let records = samples(&folder);
    let bytes: usize = records.iter().map(Vec::len).sum();
    let expected: Value =
        serde_json::from_slice(&fs::read(folder.join("expected.json")).expect("the counts")).expect("JSON");
    let texts: Vec<&str> = CONTROLS
        .iter()
        .map(|control| expected["patterns"][control]["pattern"].as_str().expect("text"))
        .collect();
    let patterns: Vec<Pattern> = texts
        .iter()
        .map(|text| Pattern::parse(text).expect("good"))
        .collect();
    let matchers: Vec<Matcher> = patterns.iter().map(Pattern::matcher).collect();
    let set = MatcherSet::new(&patterns.iter().collect::<Vec<_>>(), &[]);
    let count = records.len();
    println!(
        "{} CIS patterns on {count} real CloudTrail records ({} KB, {} bytes each on average), median of {ROUNDS} \
         rounds, one thread",
        texts.len(),
        bytes / 1000,
        bytes / count
    );

    let compile = median(|| {
        for text in &texts {
            black_box(Pattern::parse(black_box(text)).expect("good").matcher());
        }
    });
    let per_pattern = compile / u32::try_from(texts.len()).expect("few");
    println!(
        "\ncompile, per pattern: {:.1} µs",
        per_pattern.as_secs_f64() * 1e6
    );

    // Each round measures all in turn.
    let mut times: [Vec<Duration>; 4] = Default::default();
    let mut counts = [0; 4];
    for _ in 0..ROUNDS {
        let ways: [&dyn Fn() -> usize; 4] = [
            &|| count_with(&matchers, &records),
            &|| count_at_once(&set, &records),
            &|| {
                let plain = |pattern: &Pattern, record: &Vec<u8>| holds(pattern, &parsed(record));
                patterns
                    .iter()
                    .map(|pattern| records.iter().filter(|record| plain(pattern, record)).count())
                    .sum()
            },
            &|| {
                let once = |record: &Vec<u8>| {
                    let value = parsed(record);
                    patterns.iter().filter(|pattern| holds(pattern, &value)).count()
                };
                records.iter().map(once).sum()
            },
        ];
        for (at, way) in ways.iter().enumerate() {
            let start = Instant::now();
            counts[at] = black_box(way());
            times[at].push(start.elapsed());
        }
    }
    assert!(
        counts.iter().all(|found| *found == counts[0]),
        "all find the same: {counts:?}"
    );
    println!(
        "\n{:<46} {:>14} {:>9} {:>8}",
        "evaluate", "evaluations/s", "GB/s", "ratio"
    );
    let names = [
        "this crate, each pattern on its own",
        "this crate, one pass for all fifteen",
        "serde_json::Value for each pattern",
        "serde_json::Value once for all fifteen",
    ];
    for (at, name) in names.iter().enumerate() {
        let mut own = times[at].clone();
        own.sort();
        let took = own[ROUNDS / 2].as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let (evaluations, read) = (
            (count * texts.len()) as f64 / took,
            (bytes * texts.len()) as f64 / took,
        );
        let mut ratios: Vec<f64> = times[at]
            .iter()
            .zip(&times[0])
            .map(|(other, ours)| other.as_secs_f64() / ours.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "{name:<46} {evaluations:>14.0} {:>9.2} {:>7.1}x",
            read / 1e9,
            ratios[ROUNDS / 2]
        );
    }
    println!(
        "\nThe ratio is the time against the first row's, round by round. GB/s counts a record once for each pattern."
    );
}

fn count_with(matchers: &[Matcher], records: &[Vec<u8>]) -> usize {
    let count = |matcher: &Matcher| records.iter().filter(|record| matcher.is_match(record)).count();
    matchers.iter().map(count).sum()
}

fn count_at_once(set: &MatcherSet, records: &[Vec<u8>]) -> usize {
    let mut scratch = Scratch::default();
    let mut count = |record: &Vec<u8>| {
        let look = set.look(record, &mut scratch);
        (0..set.len()).filter(|at| look.is_match(*at)).count()
    };
    records.iter().map(&mut count).sum()
}

fn median(run: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

fn samples(folder: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the samples")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a sample");
        let text = match name.as_str() {
            "expected.json" => continue,
            name if name.ends_with(".gz") => {
                let mut text = Vec::new();
                MultiGzDecoder::new(&*bytes)
                    .read_to_end(&mut text)
                    .expect("whole");
                text
            }
            name if name.ends_with(".json") => bytes,
            _ => continue,
        };
        // In one line, as CloudTrail sends them.
        let one_line = |record: &&[u8]| serde_json::to_vec(&parsed(record)).expect("JSON");
        all.extend(records(&text).expect("a log file").iter().map(one_line));
    }
    all
}

fn parsed(record: &[u8]) -> Value {
    serde_json::from_slice(record).expect("JSON")
}

/// The conditions that CIS patterns have, on a parsed record.
fn holds(pattern: &Pattern, record: &Value) -> bool {
    match pattern.form() {
        Form::Json(node) => node_holds(node, record),
        _ => unreachable!("CIS patterns are about JSON"),
    }
}

fn node_holds(node: &Node<Test>, record: &Value) -> bool {
    match &node.kind {
        NodeKind::All(nodes) => nodes.iter().all(|node| node_holds(node, record)),
        NodeKind::Any(nodes) => nodes.iter().any(|node| node_holds(node, record)),
        NodeKind::Test(test) => {
            let value = find(&test.selector, record);
            match &test.condition {
                Condition::NotExists => value.is_none(),
                Condition::Compare(compare) => value
                    .and_then(Value::as_str)
                    .is_some_and(|text| compares(compare, text)),
                _ => unreachable!("no CIS pattern has this"),
            }
        }
    }
}

fn find<'v>(selector: &Selector, record: &'v Value) -> Option<&'v Value> {
    selector.steps.iter().try_fold(record, |value, step| match step {
        Step::Key(name) => value.get(name),
        _ => None,
    })
}

fn compares(compare: &Comparison, text: &str) -> bool {
    let trailwarden_pattern::Value::Text(wanted) = &compare.value else {
        unreachable!("CIS patterns compare texts");
    };
    let equal = match wanted.shape {
        Shape::Exact => text == wanted.text,
        Shape::Starts => text.starts_with(&wanted.text),
        Shape::Ends => text.ends_with(&wanted.text),
        Shape::Contains => text.contains(&wanted.text),
        Shape::Any => true,
    };
    equal == (compare.operator == Operator::Equal)
}
