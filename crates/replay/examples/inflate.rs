//! Unpacks log files and does nothing else: what no reader of them can be faster than.
//!
//! ```sh
//! cargo run --release -p trailwarden-replay --example inflate -- FOLDER
//! ```
//!
//! libdeflate, into memory that is used again, on as many threads as `trailwarden replay` takes.

#![expect(clippy::print_stdout, reason = "a program")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use libdeflater::{DecompressionError, Decompressor};
use trailwarden_replay::files::{Input, find};
use trailwarden_replay::layout::Selection;

fn main() {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let found = find(&folders, &Selection::default());
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let next = AtomicUsize::new(0);
    let bytes = AtomicUsize::new(0);
    let threads = available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut text = Vec::new();
                let mut decompressor = Decompressor::new();
                while let Some(file) = found.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Input::File(path) = &file.input {
                        let packed = std::fs::read(path).expect("a file that can be read");
                        let length = unpack(&mut decompressor, &packed, &mut text);
                        bytes.fetch_add(length, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (files, bytes) = (found.files.len(), bytes.into_inner());
    println!("{{\"files\":{files},\"bytes\":{bytes}}}");
}

fn unpack(decompressor: &mut Decompressor, packed: &[u8], text: &mut Vec<u8>) -> usize {
    loop {
        match decompressor.gzip_decompress(packed, text) {
            Ok(length) => return length,
            Err(DecompressionError::InsufficientSpace) => text.resize((text.len() * 2).max(1 << 20), 0),
            Err(error) => panic!("no gzip: {error}"),
        }
    }
}
