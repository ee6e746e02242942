use std::path::PathBuf;
use std::time::Instant;
use trailwarden_pattern::Pattern;
use trailwarden_replay::{engine::Engine, files::find, layout::Selection, scan::Scanner};
fn main() {
    let path = PathBuf::from(std::env::args().nth(1).unwrap());
    let mode = std::env::args().nth(2).unwrap_or_default();
    let found = find(&[path], &Selection::default());
    let texts = std::fs::read_to_string("/tmp/cis.txt").unwrap();
    let patterns: Vec<Pattern> = texts
        .lines()
        .map(|l| Pattern::parse(l).unwrap_or_else(|e| panic!("{l}: {e:?}")))
        .collect();
    let refs: Vec<&Pattern> = patterns.iter().collect();
    let engine = Engine::new(&refs).unwrap();
    let start = Instant::now();
    if mode == "inflate" {
        let mut total = 0usize;
        let mut d = libdeflater::Decompressor::new();
        let mut out = vec![0u8; 32 << 20];
        for f in &found.files {
            if let trailwarden_replay::files::Input::File(p) = &f.input {
                let z = std::fs::read(p).unwrap();
                total += d.gzip_decompress(&z, &mut out).unwrap();
            }
        }
        let t = start.elapsed();
        println!(
            "{total} bytes {:.2} GB/s {t:?}",
            total as f64 / 1e9 / t.as_secs_f64()
        );
        return;
    }
    let mut scanner = Scanner::new(&engine);
    let mut hits = vec![0u64; patterns.len()];
    for f in &found.files {
        for p in scanner.file(f, None, |rules, _| rules.each().for_each(|r| hits[r] += 1)) {
            println!("{p}");
        }
    }
    let t = start.elapsed();
    println!(
        "{:?} {hits:?} {:.2} GB/s {t:?}",
        scanner.seen(),
        scanner.seen().bytes as f64 / 1e9 / t.as_secs_f64()
    );
}
