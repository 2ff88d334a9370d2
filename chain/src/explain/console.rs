//! Reads calls to hardhat's console: every signature of `console.sol`, and `%s` in its strings.

use super::values::{plain, shown};
use crate::execution::Told;
use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Selector, U256, hex, keccak256};
use std::{collections::HashMap, sync::LazyLock};

/// Longest argument list of `console.log`.
const MOST_ARGUMENTS: usize = 4;

/// What `log` takes, by selector.
static SIGNATURES: LazyLock<HashMap<Selector, Vec<DynSolType>>> = LazyLock::new(signatures);

/// The lines that a person should see.
pub fn lines(told: &Told) -> Vec<String> {
    let mut lines: Vec<_> = told.calls.iter().map(|call| line(call)).collect();
    if told.missed > 0 {
        lines.push(format!("... and {} more", told.missed));
    }
    lines
}

/// One call in words; bytes that no `log` takes are shown as they are.
fn line(call: &[u8]) -> String {
    decode(call).map_or_else(
        || format!("unknown: {}", hex::encode_prefixed(call)),
        |values| formatted(&values),
    )
}

fn decode(call: &[u8]) -> Option<Vec<DynSolValue>> {
    let (selector, data) = call.split_first_chunk::<4>()?;
    let types = SIGNATURES.get(&Selector::from(*selector))?;
    let decoded = DynSolType::Tuple(types.clone()).abi_decode_params(data).ok()?;
    match decoded {
        DynSolValue::Tuple(values) => Some(values),
        single => Some(vec![single]),
    }
}

/// All signatures: up to four of uint256, string, bool and address in every order, and the single
/// ones. The first `console.sol` wrote `uint` and `int`, whose selectors differ: both are known.
fn signatures() -> HashMap<Selector, Vec<DynSolType>> {
    let words = [DynSolType::Uint(256), DynSolType::String, DynSolType::Bool, DynSolType::Address];
    let mut lists = vec![Vec::new()];
    let mut all = lists.clone();
    for _ in 0..MOST_ARGUMENTS {
        lists = lists.iter().flat_map(|list| with_each(list, &words)).collect();
        all.extend(lists.iter().cloned());
    }
    let singles = [DynSolType::Int(256), DynSolType::Bytes]
        .into_iter()
        .chain((1..=32).map(DynSolType::FixedBytes));
    all.extend(singles.map(|single| vec![single]));
    all.push(vec![DynSolType::String, DynSolType::Int(256)]);
    let known = |types: Vec<DynSolType>| {
        let names: Vec<_> = types.iter().map(DynSolType::to_string).collect();
        let exact = format!("log({})", names.join(","));
        let first = exact.replace("int256", "int");
        [(selector(&exact), types.clone()), (selector(&first), types)]
    };
    all.into_iter().flat_map(known).collect()
}

fn with_each(list: &[DynSolType], words: &[DynSolType]) -> Vec<Vec<DynSolType>> {
    words.iter().map(|word| [list, std::slice::from_ref(word)].concat()).collect()
}

fn selector(signature: &str) -> Selector {
    Selector::from_slice(keccak256(signature).get(..4).unwrap_or_default())
}

/// The values as one line: a first string is a template for those behind it.
fn formatted(values: &[DynSolValue]) -> String {
    match values.split_first() {
        Some((DynSolValue::String(template), rest)) if !rest.is_empty() => fill(template, rest),
        _ => values.iter().map(plain).collect::<Vec<_>>().join(" "),
    }
}

/// Fills a template; what it leaves over follows at its end.
fn fill(template: &str, values: &[DynSolValue]) -> String {
    let mut line = String::with_capacity(template.len());
    let mut values = values.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        line.push_str(before);
        rest = match conversion(after) {
            Some((Conversion::Percent, left)) => {
                line.push('%');
                left
            }
            Some((conversion, left)) => match values.next() {
                Some(value) => {
                    line.push_str(&convert(value, conversion));
                    left
                }
                None => {
                    line.push('%');
                    after
                }
            },
            None => {
                line.push('%');
                after
            }
        };
    }
    line.push_str(rest);
    for value in values {
        line.push(' ');
        line.push_str(&plain(value));
    }
    line
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    /// `%%`
    Percent,
    /// `%s`
    Text,
    /// `%o`: as it would stand in source.
    Object,
    /// `%d`, `%i`
    Number,
    /// `%x`
    Hex,
    /// `%e`, `%18e`: with so many decimals.
    Decimals(Option<u32>),
}

/// The conversion that stands behind a percent sign, and what follows it.
fn conversion(after: &str) -> Option<(Conversion, &str)> {
    let digits =
        after.len().saturating_sub(after.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    let (digits, left) = after.split_at_checked(digits)?;
    let letter = left.chars().next()?;
    let conversion = match (letter, digits.is_empty()) {
        ('e', true) => Conversion::Decimals(None),
        ('e', false) => Conversion::Decimals(Some(digits.parse().ok()?)),
        (_, false) => return None,
        ('%', true) => Conversion::Percent,
        ('s', true) => Conversion::Text,
        ('o', true) => Conversion::Object,
        ('d' | 'i', true) => Conversion::Number,
        ('x', true) => Conversion::Hex,
        _ => return None,
    };
    Some((conversion, left.get(letter.len_utf8()..)?))
}

fn convert(value: &DynSolValue, conversion: Conversion) -> String {
    match (conversion, value) {
        (Conversion::Object, value) => shown(value),
        (Conversion::Number, DynSolValue::Bool(on)) => u8::from(*on).to_string(),
        (Conversion::Number, DynSolValue::Uint(..) | DynSolValue::Int(..)) => plain(value),
        (Conversion::Number, DynSolValue::String(text)) if text.parse::<f64>().is_ok() => {
            text.clone()
        }
        (Conversion::Number, _) => "NaN".into(),
        (Conversion::Hex, DynSolValue::Uint(number, _)) => format!("{number:#x}"),
        (Conversion::Hex, DynSolValue::Int(number, _)) => {
            let sign = if number.is_negative() { "-" } else { "" };
            format!("{sign}{:#x}", number.unsigned_abs())
        }
        (Conversion::Decimals(places), DynSolValue::Uint(number, _)) => decimals(*number, places),
        (Conversion::Decimals(places), DynSolValue::Int(number, _)) => {
            let sign = if number.is_negative() { "-" } else { "" };
            format!("{sign}{}", decimals(number.unsigned_abs(), places))
        }
        (_, value) => plain(value),
    }
}

/// A number with its point moved left: by `places`, or behind the first digit with an exponent.
fn decimals(number: U256, places: Option<u32>) -> String {
    let digits = number.to_string();
    let (whole, part, exponent) = match places {
        Some(places) => {
            let places = usize::try_from(places.min(1_000)).unwrap_or_default();
            let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
            let point = padded.len().saturating_sub(places);
            let (whole, part) = padded.split_at(point);
            (whole.to_owned(), part.to_owned(), String::new())
        }
        None => {
            let (whole, part) = digits.split_at(1);
            let exponent = digits.len().saturating_sub(1);
            (whole.to_owned(), part.to_owned(), format!("e{exponent}"))
        }
    };
    match part.trim_end_matches('0') {
        "" => format!("{whole}{exponent}"),
        part => format!("{whole}.{part}{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{I256, address};
    use alloy_sol_types::{SolCall, sol};

    fn text(text: &str) -> DynSolValue {
        DynSolValue::String(text.into())
    }

    fn uint(number: u64) -> DynSolValue {
        DynSolValue::Uint(U256::from(number), 256)
    }

    #[test]
    fn a_template_is_filled_as_node_js_fills_it() {
        let one = [text("x=%d y=%s"), uint(7), DynSolValue::Bool(true)];
        assert_eq!(formatted(&one), "x=7 y=true");
        assert_eq!(formatted(&[text("100%"), uint(1)]), "100% 1");
        assert_eq!(formatted(&[text("%s and %s"), uint(1)]), "1 and %s");
        assert_eq!(formatted(&[text("a"), text("b"), uint(3)]), "a b 3");
        assert_eq!(formatted(&[text("%s")]), "%s");
        assert_eq!(formatted(&[text("%% %z %o"), text("it")]), "% %z \"it\"");
        assert_eq!(formatted(&[text("%d %d"), text("x"), DynSolValue::Bool(true)]), "NaN 1");
        assert_eq!(formatted(&[uint(1), text("%s")]), "1 %s");
        assert_eq!(formatted(&[]), "");
    }

    #[test]
    fn numbers_are_written_in_hex_and_with_decimals() {
        let minus = DynSolValue::Int(I256::unchecked_from(-255), 256);
        assert_eq!(formatted(&[text("%x %x"), uint(255), minus.clone()]), "0xff -0xff");
        assert_eq!(formatted(&[text("%18e"), uint(1_500_000_000_000_000_000)]), "1.5");
        assert_eq!(formatted(&[text("%2e"), uint(5)]), "0.05");
        assert_eq!(formatted(&[text("%e"), uint(1_230_000)]), "1.23e6");
        assert_eq!(formatted(&[text("%i"), minus]), "-255");
    }

    #[test]
    fn every_signature_of_console_sol_is_known() {
        // 1 + 4 + 16 + 64 + 256 lists of words, int256, bytes, bytes1 to bytes32, (string, int256);
        // 220 of the lists, int256 and (string, int256) hold a number: these have a second spelling.
        let with_numbers = (1 + 4 + 16 + 64 + 256) - (1 + 3 + 9 + 27 + 81) + 2;
        assert_eq!(SIGNATURES.len(), 341 + 2 + 32 + 1 + with_numbers);
    }

    #[test]
    fn a_call_is_decoded_by_its_selector() {
        sol! { function log(string, uint256, address, bool); }
        let who = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        let call = logCall { _0: "%s of".into(), _1: U256::from(5), _2: who, _3: false };
        let told = Told::of(call.abi_encode().into());
        assert_eq!(lines(&told), [format!("5 of {who} false")]);
    }

    #[test]
    fn the_first_spelling_is_decoded_too() {
        let call = [&selector("log(string,uint)")[..], &text_and_seven()].concat();
        assert_eq!(line(&call), "seven 7");
    }

    fn text_and_seven() -> Vec<u8> {
        DynSolValue::Tuple(vec![text("seven"), uint(7)]).abi_encode_params()
    }

    #[test]
    fn what_no_log_takes_is_shown_in_hex() {
        assert_eq!(line(&[1, 2, 3]), "unknown: 0x010203");
        assert_eq!(line(&selector("log(string)")[..]), "unknown: 0x41304fac");
    }
}
