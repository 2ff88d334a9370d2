//! Reads a Solidity file just enough to say in which line and function a place is.

use std::ops::Range;

/// A Solidity file.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path, as the compiler knew it.
    pub(super) path: String,
    /// Where lines begin; empty when the text is not at hand.
    lines: Vec<usize>,
    contracts: Vec<Scope>,
    functions: Vec<Scope>,
}

/// Something with a name and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) range: Range<usize>,
    pub(super) name: String,
}

impl Source {
    /// A file and its text, if that can be had.
    pub(super) fn new(path: String, text: Option<&str>) -> Self {
        let text = text.unwrap_or_default();
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = match text {
            "" => Vec::new(),
            _ => std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
        };
        let mut scopes = Scopes::default();
        for token in (Tokens { text: text.as_bytes(), at: 0 }) {
            scopes.take(&token);
        }
        Self { path, lines, contracts: scopes.contracts, functions: scopes.functions }
    }

    /// The line of a place, from 1; none without the text.
    pub(super) fn line(&self, offset: usize) -> Option<usize> {
        let line = self.lines.partition_point(|start| *start <= offset);
        (line > 0).then_some(line)
    }

    /// The contract, interface or library around a place.
    pub(super) fn contract(&self, offset: usize) -> Option<&Scope> {
        self.contracts.iter().find(|scope| scope.range.contains(&offset))
    }

    /// The function, modifier or constructor around a place.
    pub(super) fn function(&self, offset: usize) -> Option<&Scope> {
        self.functions.iter().find(|scope| scope.range.contains(&offset))
    }
}

/// What matters of a file: words and brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a [u8], usize),
    Mark(u8, usize),
}

/// Walks through a file, past comments and strings.
struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let at = self.at;
            match rest {
                [] => return None,
                [b'/', b'/', ..] => self.skip_to(b"\n", 2),
                [b'/', b'*', ..] => self.skip_to(b"*/", 2),
                [quote @ (b'"' | b'\''), ..] => self.skip_string(*quote),
                [b'{' | b'}' | b'(' | b')' | b';', ..] => {
                    self.at += 1;
                    return Some(Token::Mark(rest[0], at));
                }
                [first, ..] if is_letter(*first) => {
                    let length = rest.iter().take_while(|byte| is_letter(**byte)).count();
                    self.at += length;
                    return Some(Token::Word(rest.get(..length)?, at));
                }
                _ => self.at += 1,
            }
        }
    }
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

impl Tokens<'_> {
    /// Goes on behind the next `end`, at least `least` bytes ahead.
    fn skip_to(&mut self, end: &[u8], least: usize) {
        self.at += least;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|bytes| bytes == end);
        self.at = found.map_or(self.text.len(), |found| self.at + found + end.len());
    }

    fn skip_string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == quote {
                return;
            }
        }
    }
}

/// Collects contracts and functions with their ranges.
#[derive(Default)]
struct Scopes {
    contracts: Vec<Scope>,
    functions: Vec<Scope>,
    /// Open braces and parentheses.
    braces: usize,
    parentheses: usize,
    /// A contract whose name or body is still to come, and at which depth its body is open.
    contract: Open,
    function: Open,
}

/// A scope on its way.
#[derive(Default)]
enum Open {
    #[default]
    None,
    /// The keyword was seen.
    Keyword { start: usize },
    /// The name is known, the body is to come.
    Head { start: usize, name: String },
    /// The body is open since this many braces.
    Body { start: usize, name: String, braces: usize },
}

impl Scopes {
    fn take(&mut self, token: &Token<'_>) {
        match *token {
            Token::Word(word, at) => self.word(word, at),
            Token::Mark(b'{', _) => self.open_brace(),
            Token::Mark(b'}', at) => self.close_brace(at),
            Token::Mark(b'(', _) => {
                self.parentheses += 1;
                // A function type in a parameter list has no name: `function (uint256) external`.
                if matches!(self.function, Open::Keyword { .. }) {
                    self.function = Open::None;
                }
            }
            Token::Mark(b')', _) => self.parentheses = self.parentheses.saturating_sub(1),
            Token::Mark(_, at) => self.semicolon(at),
        }
    }

    fn word(&mut self, word: &[u8], at: usize) {
        let name = || String::from_utf8_lossy(word).into_owned();
        match (&self.contract, &self.function) {
            (Open::Keyword { start }, _) => {
                self.contract = Open::Head { start: *start, name: name() }
            }
            (_, Open::Keyword { start }) => {
                self.function = Open::Head { start: *start, name: name() }
            }
            _ => {}
        }
        let is_in_function = !matches!(self.function, Open::None);
        if is_in_function || self.parentheses > 0 {
            return;
        }
        match word {
            b"contract" | b"interface" | b"library" if self.braces == 0 => {
                self.contract = Open::Keyword { start: at };
            }
            b"function" | b"modifier" => self.function = Open::Keyword { start: at },
            b"constructor" | b"receive" | b"fallback" if self.braces == 1 => {
                self.function = Open::Head { start: at, name: name() };
            }
            _ => {}
        }
    }

    fn open_brace(&mut self) {
        self.braces += 1;
        let braces = self.braces;
        for open in [&mut self.contract, &mut self.function] {
            if let Open::Head { start, name } = open {
                *open = Open::Body { start: *start, name: std::mem::take(name), braces };
            }
        }
    }

    fn close_brace(&mut self, at: usize) {
        let pairs =
            [(&mut self.contract, &mut self.contracts), (&mut self.function, &mut self.functions)];
        for (open, scopes) in pairs {
            if let Open::Body { start, name, braces } = open
                && *braces == self.braces
            {
                scopes.push(Scope { range: *start..at + 1, name: std::mem::take(name) });
                *open = Open::None;
            }
        }
        self.braces = self.braces.saturating_sub(1);
    }

    /// Ends a function without a body, as interfaces declare them.
    fn semicolon(&mut self, at: usize) {
        if let Open::Head { start, name } = &mut self.function
            && self.parentheses == 0
        {
            self.functions.push(Scope { range: *start..at + 1, name: std::mem::take(name) });
            self.function = Open::None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"// contract Fake {
/* function not() {} */
import {A} from "./A.sol";
interface I { function declared(uint256 a) external; }
abstract contract Base is I {
    string public text = "} function no() {";
    constructor(uint256 a) { text = 'it\'s {'; }
    modifier once() { _; }
    function add(uint256 a, function (uint256) external f) external once {
        if (a > 1) { revert(); }
        assembly { function inner() -> r { r := 1 } }
    }
    receive() external payable {}
}
function free() pure {}
"#;

    fn at(part: &str) -> usize {
        FILE.find(part).unwrap()
    }

    fn around(part: &str) -> (Option<&'static str>, Option<&'static str>) {
        let source = Source::new("Base.sol".into(), Some(FILE));
        let leak = |scope: Option<&Scope>| scope.map(|scope| &*scope.name.clone().leak());
        (leak(source.contract(at(part))), leak(source.function(at(part))))
    }

    #[test]
    fn the_function_around_a_place_is_found() {
        assert_eq!(around("revert()"), (Some("Base"), Some("add")));
        assert_eq!(around("r := 1"), (Some("Base"), Some("add")));
        assert_eq!(around("_;"), (Some("Base"), Some("once")));
        assert_eq!(around("text = 'it"), (Some("Base"), Some("constructor")));
        assert_eq!(around("payable {}"), (Some("Base"), Some("receive")));
        assert_eq!(around("uint256 a) external;"), (Some("I"), Some("declared")));
        assert_eq!(around("pure {}"), (None, Some("free")));
        assert_eq!(around("string public"), (Some("Base"), None));
        assert_eq!(around("import"), (None, None));
    }

    #[test]
    fn lines_count_from_one() {
        let source = Source::new("Base.sol".into(), Some(FILE));
        assert_eq!(source.line(0), Some(1));
        assert_eq!(source.line(at("import")), Some(3));
        assert_eq!(source.line(at("revert()")), Some(10));
    }

    #[test]
    fn a_file_without_its_text_has_no_lines() {
        let source = Source::new("Gone.sol".into(), None);
        assert_eq!((source.line(3), source.function(3)), (None, None));
    }

    #[test]
    fn any_bytes_can_be_read() {
        for text in ["function", "contract {", "}}}}", "\"", "/*", "//", "'\\", "function f(((("] {
            Source::new(String::new(), Some(text));
        }
    }
}
