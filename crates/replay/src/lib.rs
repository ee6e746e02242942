//! `CloudTrail`'s log files, as a trail delivers them and as people have them, and what rules make of them.
//!
//! **In** go paths, and what is wanted of the files there: regions and a time. **Out** come records, one at a
//! time, each as it stands in its file, and problems with their places; with the rules of a spec, what each of them
//! matches and what its alarm would have done.
//!
//! - [`layout`]: what the name and the folder of a file say. No I/O.
//! - [`files`]: the files under files and folders that can hold what is wanted.
//! - [`read`]: the records of a file, as far as it can be read.
//! - [`scan`], [`engine`]: the same quickly, held against many patterns.
//! - [`run`], [`tally`], [`outlook`]: all files, counted, and what alarms would have made of that.
//! - [`report`], [`render`]: the numbers, for people and programs.
//!
//! A file that cannot be read, is cut off or holds a broken record ends nothing: the problem is said, and what
//! stands before it counts. The memory that reading takes is one unpacked file, which is used again for the
//! next one, so a thread can go through gigabytes with one [`read::Contents`].
//!
//! It **never** writes, calls AWS, prints, or asks for the time.

pub mod engine;
pub mod facts;
pub mod files;
mod inflate;
pub mod layout;
mod need;
mod needles;
pub mod outlook;
pub mod read;
pub mod render;
pub mod report;
pub mod rules;
pub mod run;
pub mod scan;
mod sieve;
mod split;
pub mod tally;
