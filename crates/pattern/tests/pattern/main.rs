//! The language against its documented examples, sentence by sentence.

mod vectors;
