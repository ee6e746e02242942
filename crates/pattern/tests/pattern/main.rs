//! The language against its documented examples, sentence by sentence.

mod blowup;
mod found;
mod laws;
mod manual;
mod published;
mod rows;
mod slow;
mod vectors;
