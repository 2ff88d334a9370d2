//! Measures how well the simplest honest model predicts a text: the bar that training must clear.

/// The share of a text that is held out: the last tenth.
pub fn split(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.len() - text.len() / 10)
}

/// Mean loss, in nats per character, of a bigram model with add-one smoothing.
///
/// Counted on `train`, measured on every character of `held_out` after its first; both over the bytes that occur in
/// either. Zero when there is nothing to predict.
pub fn bigram_loss(train: &[u8], held_out: &[u8]) -> f64 {
    let alphabet = count_distinct(train, held_out);
    let mut pairs = vec![0_u32; 256 * 256];
    let mut firsts = [0_u32; 256];
    for (first, second) in neighbours(train) {
        pairs[first * 256 + second] += 1;
        firsts[first] += 1;
    }
    let (mut loss, mut predicted) = (0.0, 0_u32);
    for (first, second) in neighbours(held_out) {
        let seen = f64::from(pairs[first * 256 + second]) + 1.0;
        let all = f64::from(firsts[first]) + f64::from(alphabet);
        loss -= (seen / all).ln();
        predicted += 1;
    }
    if predicted == 0 { 0.0 } else { loss / f64::from(predicted) }
}

fn neighbours(text: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    text.iter().zip(text.iter().skip(1)).map(|(a, b)| (usize::from(*a), usize::from(*b)))
}

fn count_distinct(train: &[u8], held_out: &[u8]) -> u32 {
    let mut seen = [false; 256];
    for byte in train.iter().chain(held_out) {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().map(|is_seen| u32::from(*is_seen)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tenth_is_held_out() {
        let text = [7_u8; 25];
        let (train, held_out) = split(&text);
        assert_eq!((train.len(), held_out.len()), (23, 2));
    }

    #[test]
    fn smoothing_adds_one_to_every_pair() {
        // a follows b once of one time, over two letters: (1 + 1) / (1 + 2)
        let loss = bigram_loss(b"ba", b"ba");
        assert!((loss - (1.5_f64).ln()).abs() < 1e-12);
    }

    #[test]
    fn a_text_of_one_letter_is_no_surprise() {
        assert!(bigram_loss(b"aaaa", b"aa").abs() < 1e-12);
    }
}
