//! Trains a character model with Adam and reports how its loss fell.

use super::{
    TorchError, micro,
    model::{Alphabet, Model},
};
use crate::compute::{Output, baseline};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use serde::Serialize;
use std::collections::BTreeMap;
use tch::{
    Tensor,
    nn::{self, OptimizerConfig},
};
use utnet_jobs::params::TrainParams;

/// The longest norm of a step's gradients.
const CLIP: f64 = 1.0;

/// One point of the loss curve; losses in nats per character, to six places.
#[derive(Serialize)]
struct Point {
    step: u64,
    train: f64,
    held_out: f64,
}

/// What a checkpoint needs to be used again.
#[derive(Serialize)]
struct Card<'a> {
    alphabet: &'a [u8],
    recipe: &'a TrainParams,
    seed: u64,
}

pub(super) fn train(recipe: &TrainParams, seed: u64, text: &[u8]) -> Result<Output, TorchError> {
    let (shown, held_out) = baseline::split(text);
    let needed = 20 * (recipe.context as usize + 2);
    if text.len() < needed {
        return Err(TorchError::TextTooShort { bytes: text.len(), needed });
    }
    let alphabet = Alphabet::of(text);
    let numbers = alphabet.numbers(text);
    let model = Model::new(recipe, &alphabet);
    // The first held-out character is only a context, as it is for the bigram model.
    let first = i64::try_from(shown.len() + 1).unwrap_or(i64::MAX);
    let windows = numbers.narrow(0, 0, first - 1).unfold(0, model.context() + 1, 1);

    let curve = descend(recipe, seed, &model, &windows, &|| model.loss_from(&numbers, first))?;

    let last = curve.last().ok_or(TorchError::NotFinite { figure: "training without steps" })?;
    let bigram = baseline::bigram_loss(shown, held_out);
    let metrics = BTreeMap::from([
        ("bigramLossMicro".to_owned(), micro("bigram loss", bigram)?),
        ("heldOutLossMicro".to_owned(), micro("held-out loss", last.held_out)?),
        ("trainLossMicro".to_owned(), micro("training loss", last.train)?),
        ("parameters".to_owned(), model.parameters()),
        ("steps".to_owned(), i64::try_from(recipe.steps).unwrap_or(i64::MAX)),
    ]);
    let card = Card { alphabet: alphabet.letters(), recipe, seed };
    let files = BTreeMap::from([
        ("curve.json".to_owned(), json(&curve)),
        ("model.json".to_owned(), json(&card)),
        ("model.safetensors".to_owned(), model.checkpoint()?),
    ]);
    Ok(Output { files, metrics, steps: recipe.steps })
}

/// Takes the steps; `held_out` measures.
fn descend(
    recipe: &TrainParams,
    seed: u64,
    model: &Model,
    windows: &Tensor,
    held_out: &dyn Fn() -> f64,
) -> Result<Vec<Point>, TorchError> {
    let rate = f64::from(recipe.rate_micro) / 1e6;
    let mut adam = nn::Adam::default().build(model.weights(), rate)?;
    let mut chance = ChaCha20Rng::seed_from_u64(seed);
    let (mut curve, mut sum, mut since) = (Vec::new(), 0.0, 0.0);
    for step in 1..=recipe.steps {
        // The rate falls to a tenth along a line.
        adam.set_lr(rate * (1.0 - 0.9 * fraction(step, recipe.steps)));
        let loss = model.loss(&windows.index_select(0, &picks(recipe, windows, &mut chance)));
        adam.backward_step_clip_norm(&loss, CLIP);
        sum += loss.double_value(&[]);
        since += 1.0;
        if step % recipe.every == 0 || step == recipe.steps {
            let (train, held_out) = (sum / since, held_out());
            micro("training loss", train)?;
            curve.push(Point { step, train: six_places(train), held_out: six_places(held_out) });
            (sum, since) = (0.0, 0.0);
        }
    }
    Ok(curve)
}

/// Rows of one batch, drawn with replacement by our own generator: libtorch's may change.
fn picks(recipe: &TrainParams, windows: &Tensor, chance: &mut ChaCha20Rng) -> Tensor {
    let rows = windows.size()[0].unsigned_abs().max(1);
    let list: Vec<i64> =
        (0..recipe.batch).map(|_| (chance.next_u64() % rows).cast_signed()).collect();
    Tensor::from_slice(&list)
}

fn fraction(part: u64, whole: u64) -> f64 {
    let small = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    small(part) / small(whole)
}

fn six_places(loss: f64) -> f64 {
    (loss * 1e6).round() / 1e6
}

fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("numbers, strings and lists are always written")
}
