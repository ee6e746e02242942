//! Unpacking at once what is small enough.

use std::io::{self, Read};

use libdeflater::{DecompressionError, Decompressor};
use memchr::memmem;

use crate::read::GZIP;

/// The most bytes of a packed file that is unpacked at once.
pub(crate) const PACKED: u64 = 16 * 1024 * 1024;

/// The most bytes that such a file may have when it is unpacked.
pub(crate) const UNPACKED: usize = 32 * 1024 * 1024;

/// Unpacks files, one after the other, in memory that is used again.
pub(crate) struct Inflater {
    packed: Vec<u8>,
    text: Vec<u8>,
    length: usize,
    decompressor: Decompressor,
}

/// What came of it.
pub(crate) enum Loaded {
    /// The text is there.
    Whole,
    /// It is larger, packed in several parts, or broken: nothing was found out about it.
    Otherwise,
}

impl Default for Inflater {
    fn default() -> Self {
        Self {
            packed: Vec::new(),
            text: Vec::new(),
            length: 0,
            decompressor: Decompressor::new(),
        }
    }
}

impl Inflater {
    /// The text of the file that was loaded.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// Loads a file of so many bytes, packed with gzip or not.
    pub(crate) fn load(&mut self, file: impl Read, bytes: u64) -> io::Result<Loaded> {
        if bytes > PACKED {
            return Ok(Loaded::Otherwise);
        }
        let packed = self.read(file, bytes)?;
        if packed as u64 > PACKED {
            return Ok(Loaded::Otherwise);
        }
        if !self.packed[..packed].starts_with(&GZIP) {
            std::mem::swap(&mut self.packed, &mut self.text);
            self.length = packed;
            return Ok(Loaded::Whole);
        }
        let packed = &self.packed[..packed];
        // The library unpacks the first part and says nothing of others. Each would begin with this, which stands
        // among other bytes by chance only: then the slow way is taken for nothing.
        let begin = [GZIP[0], GZIP[1], 8];
        let mut begins = memmem::find_iter(&packed[1..], &begin);
        // Three bits of the flags must be zero (RFC 1952, 2.3.1.2).
        if begins.any(|at| packed.get(1 + at + 3).is_none_or(|flags| flags & 0xe0 == 0)) {
            return Ok(Loaded::Otherwise);
        }
        // The trailer says how large the text is. Whoever wrote the file could say anything.
        let told = packed
            .last_chunk::<4>()
            .map_or(0, |told| u32::from_le_bytes(*told) as usize);
        let mut room = told
            .clamp(packed.len() * 4, UNPACKED.max(packed.len() * 4))
            .min(UNPACKED);
        loop {
            if self.text.len() < room {
                self.text.resize(room, 0);
            }
            match self.decompressor.gzip_decompress(packed, &mut self.text) {
                Ok(length) => {
                    self.length = length;
                    return Ok(Loaded::Whole);
                }
                Err(DecompressionError::InsufficientSpace) if self.text.len() < UNPACKED => {
                    room = (self.text.len() * 2).min(UNPACKED);
                }
                Err(_) => return Ok(Loaded::Otherwise),
            }
        }
    }

    /// Reads a file that should have so many bytes; returns how many it has, or more than are unpacked at once.
    fn read(&mut self, mut file: impl Read, bytes: u64) -> io::Result<usize> {
        // With room for one more, which tells whether that is all.
        let told = usize::try_from(bytes.saturating_add(1)).unwrap_or(usize::MAX);
        if self.packed.len() < told {
            self.packed.resize(told, 0);
        }
        let mut filled = 0;
        while filled < told {
            match file.read(&mut self.packed[filled..told]) {
                Ok(0) => return Ok(filled),
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // It has grown.
        self.packed.truncate(filled);
        let rest = (PACKED + 1).saturating_sub(filled as u64);
        file.take(rest).read_to_end(&mut self.packed)?;
        Ok(self.packed.len())
    }
}
