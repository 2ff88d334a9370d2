//! Prints what a command found: as JSON for programs, as aligned lines for people.

use serde_json::Value;
use std::io::{self, Write};

/// Writes a report.
///
/// # Errors
/// What the writer says.
pub(crate) fn print(out: &mut impl Write, report: &Value, is_json: bool) -> io::Result<()> {
    if is_json {
        return writeln!(out, "{report}");
    }
    lines(out, report, 0)
}

/// Adds what a transaction cost, after one.
pub(crate) fn with_gas(mut report: Value, gas_used: Option<u64>) -> Value {
    if let (Value::Object(fields), Some(gas_used)) = (&mut report, gas_used) {
        fields.insert("gasUsed".to_owned(), gas_used.into());
    }
    report
}

fn lines(out: &mut impl Write, value: &Value, indent: usize) -> io::Result<()> {
    match value {
        Value::Object(fields) => {
            let width = fields.keys().map(String::len).max().unwrap_or_default();
            for (name, field) in fields {
                write!(out, "{:indent$}{name:width$}  ", "")?;
                field_value(out, field, indent)?;
            }
            Ok(())
        }
        Value::Array(items) if items.is_empty() => writeln!(out, "{:indent$}none", ""),
        Value::Array(items) => items.iter().try_for_each(|item| row(out, item, indent)),
        plain => writeln!(out, "{:indent$}{}", "", text(plain)),
    }
}

fn field_value(out: &mut impl Write, value: &Value, indent: usize) -> io::Result<()> {
    match value {
        Value::Array(items) if items.is_empty() => writeln!(out, "none"),
        Value::Object(_) | Value::Array(_) => {
            writeln!(out)?;
            lines(out, value, indent + 2)
        }
        plain => writeln!(out, "{}", text(plain)),
    }
}

/// One item of a list: an object stands on one line.
fn row(out: &mut impl Write, item: &Value, indent: usize) -> io::Result<()> {
    match item {
        Value::Object(fields) => {
            let cells: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name} {}", text(value))).collect();
            writeln!(out, "{:indent$}{}", "", cells.join("  "))
        }
        other => lines(out, other, indent),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn printed(report: &Value) -> String {
        let mut out = Vec::new();
        print(&mut out, report, false).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_aligned_and_lists_have_a_line_an_item() {
        let report = json!({"a": 1, "list": [{"x": "y"}, {"x": "z"}]});
        assert_eq!(printed(&report), "a     1\nlist  \n  x y\n  x z\n");
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(printed(&json!([])), "none\n");
        assert_eq!(printed(&json!({"chips": []})), "chips  none\n");
    }

    #[test]
    fn json_stands_on_one_line() {
        let mut out = Vec::new();
        print(&mut out, &json!({"a": [1, 2]}), true).unwrap();
        assert_eq!(out, b"{\"a\":[1,2]}\n");
    }
}
