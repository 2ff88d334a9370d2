//! Collects figures and prints them as a table in Markdown, one column a peer.

use std::collections::BTreeMap;

/// Figures by what they measure, in the order in which they came, and by peer.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(String, BTreeMap<&'static str, String>)>,
    peers: Vec<&'static str>,
}

impl Table {
    /// Notes one figure, and shows it at once.
    pub(crate) fn note(&mut self, what: &str, peer: &'static str, figure: impl Into<String>) {
        let figure = figure.into();
        eprintln!("   {what}, {peer}: {figure}");
        if !self.peers.contains(&peer) {
            self.peers.push(peer);
        }
        let row = match self.rows.iter().position(|(name, _)| name == what) {
            Some(row) => row,
            None => {
                self.rows.push((what.to_owned(), BTreeMap::new()));
                self.rows.len() - 1
            }
        };
        self.rows[row].1.insert(peer, figure);
    }

    /// Notes what a peer failed at, as far as nothing was noted before, and goes on.
    pub(crate) fn note_failure(&mut self, what: &str, peer: &'static str, error: &anyhow::Error) {
        eprintln!("   {what}, {peer}: {error:#}");
        self.note(what, peer, "failed or hung");
    }

    /// Prints all to standard output.
    #[expect(clippy::print_stdout, reason = "the table is what the program is for")]
    pub(crate) fn print(&self) {
        println!("| | {} |", self.peers.join(" | "));
        println!("|---|{}", "--:|".repeat(self.peers.len()));
        for (what, figures) in &self.rows {
            let cells: Vec<_> = self
                .peers
                .iter()
                .map(|peer| figures.get(peer).map_or("", String::as_str))
                .collect();
            println!("| {what} | {} |", cells.join(" | "));
        }
    }
}
