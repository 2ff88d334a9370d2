//! Cuts a stream of bytes into JSON texts by counting brackets, each byte looked at once.
//!
//! Pure: no socket. Never panics, whatever the bytes.

use bytes::{Buf, BytesMut};

/// Why a stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    /// What stands between two requests is no request.
    #[error("parse error: a request must be a JSON object or array")]
    NotJson,
    /// A request that never ends.
    #[error("request is too big: more than {limit} bytes")]
    TooLong {
        /// Bytes that one request may have.
        limit: usize,
    },
}

/// Bytes received and not yet cut.
#[derive(Debug)]
pub(super) struct Frames {
    bytes: BytesMut,
    limit: usize,
    scan: Scan,
}

/// How far the first text in the buffer has been read.
#[derive(Debug, Default, Clone, Copy)]
struct Scan {
    /// Bytes looked at.
    seen: usize,
    /// Brackets open at that point.
    depth: usize,
    /// What a quote or bracket means at that point.
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    String,
    Escape,
}

impl Scan {
    /// Takes one byte; true when it ends the text.
    const fn take(&mut self, byte: u8) -> bool {
        self.seen += 1;
        match (self.place, byte) {
            (Place::Escape, _) => self.place = Place::String,
            (Place::String, b'\\') => self.place = Place::Escape,
            (Place::String, b'"') => self.place = Place::Outside,
            (Place::String, _) => {}
            (Place::Outside, b'"') => self.place = Place::String,
            (Place::Outside, b'{' | b'[') => self.depth += 1,
            (Place::Outside, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (Place::Outside, _) => {}
        }
        self.depth == 0
    }
}

impl Frames {
    /// An empty buffer; a text of more than `limit` bytes is refused.
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: BytesMut::new(), limit, scan: Scan::default() }
    }

    /// Where to put the bytes that come next, with room for at least `room`.
    pub(super) fn buffer(&mut self, room: usize) -> &mut BytesMut {
        self.bytes.reserve(room);
        &mut self.bytes
    }

    /// The next whole text; `None` until more bytes come. After an error nothing follows.
    pub(super) fn next(&mut self) -> Option<Result<String, Broken>> {
        if self.scan.seen == 0 {
            let blank = self.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.bytes.advance(blank);
        }
        if self.bytes.first().is_some_and(|byte| !matches!(byte, b'{' | b'[')) {
            return Some(Err(self.give_up(Broken::NotJson)));
        }
        let mut rest = self.bytes.iter().skip(self.scan.seen);
        let ended = rest.any(|byte| self.scan.take(*byte));
        if self.scan.seen > self.limit {
            return Some(Err(self.give_up(Broken::TooLong { limit: self.limit })));
        }
        ended.then(|| self.cut())
    }

    fn cut(&mut self) -> Result<String, Broken> {
        let text = self.bytes.split_to(self.scan.seen);
        self.scan = Scan::default();
        String::from_utf8(text.into()).map_err(|_not_utf8| self.give_up(Broken::NotJson))
    }

    fn give_up(&mut self, why: Broken) -> Broken {
        self.bytes.clear();
        self.scan = Scan::default();
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(chunks: &[&[u8]]) -> Vec<Result<String, Broken>> {
        let mut frames = Frames::new(100);
        let mut texts = Vec::new();
        for chunk in chunks {
            frames.buffer(0).extend_from_slice(chunk);
            texts.extend(std::iter::from_fn(|| frames.next()));
        }
        texts
    }

    #[test]
    fn texts_without_anything_between_them_are_told_apart() {
        assert_eq!(
            cut(&[b"{\"a\":[1]}[2] \n{}"]),
            [Ok("{\"a\":[1]}".to_owned()), Ok("[2]".to_owned()), Ok("{}".to_owned())]
        );
    }

    #[test]
    fn brackets_and_quotes_inside_strings_count_for_nothing() {
        let text = r#"{"a":"}\"]{\\"}"#;
        assert_eq!(cut(&[text.as_bytes()]), [Ok(text.to_owned())]);
    }

    #[test]
    fn a_text_may_come_in_pieces() {
        assert_eq!(cut(&[b"{\"a\":", b"\"\\", b"\"\"", b"}"]), [Ok(r#"{"a":"\""}"#.to_owned())]);
    }

    #[test]
    fn garbage_between_texts_breaks_the_stream() {
        assert_eq!(cut(&[b"hello"]), [Err(Broken::NotJson)]);
    }

    #[test]
    fn a_text_above_the_limit_is_refused_before_it_ends() {
        assert_eq!(cut(&[b"[", &[b' '; 100]]), [Err(Broken::TooLong { limit: 100 })]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_cutter_panic(chunks in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..40), 0..10,
        )) {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            cut(&chunks);
        }

        #[test]
        fn cutting_does_not_depend_on_the_pieces(size in 1usize..9) {
            let stream = br#"{"a":"\\\"}"}[[],{}]{"b":{"c":[]}}"#;
            let pieces: Vec<&[u8]> = stream.chunks(size).collect();
            prop_assert_eq!(cut(&pieces), cut(&[stream]));
        }
    }
}
