//! Tests what PyTorch jobs promise: they learn, and they repeat.

use super::*;
use safetensors::{Array, Numbers};
use std::collections::BTreeMap;
use utnet_jobs::params::ModelKind;

/// A text of some 35 kB that every machine makes alike: seeded sentences of a small grammar.
fn text() -> Vec<u8> {
    let (who, does, what) = (
        ["the worker", "a renter", "the referee", "an operator", "every chip", "no relayer"],
        ["signs", "computes", "posts", "challenges", "settles", "seals", "remembers", "repeats"],
        ["the result", "a batch", "its root", "the hand-over", "one leaf", "their bond"],
    );
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % n
    };
    let mut text = String::new();
    while text.len() < 35_000 {
        let line = (who[next(6)], does[next(8)], what[next(6)], next(1_000));
        text.push_str(&format!("{} {} {} in block {}.\n", line.0, line.1, line.2, line.3));
    }
    text.into_bytes()
}

#[test]
fn the_model_beats_smoothed_bigrams_on_the_held_out_text() {
    for model in [ModelKind::Mlp, ModelKind::Gru] {
        let recipe = TrainParams { model, ..TrainParams::default() };

        let output = train(&recipe, 1, &text()).expect("trains");

        let (learned, bar) =
            (output.metrics["heldOutLossMicro"], output.metrics["bigramLossMicro"]);
        assert!(learned < bar, "{model:?}: {learned} is not below {bar}");
        assert_eq!(output.steps, recipe.steps);
    }
}

#[test]
fn the_same_seed_trains_the_same_bytes() {
    let recipe = TrainParams { steps: 20, every: 10, ..TrainParams::default() };

    let (first, again) = (train(&recipe, 5, &text()), train(&recipe, 5, &text()));
    let other = train(&recipe, 6, &text()).expect("trains");

    let first = first.expect("trains");
    assert_eq!(first, again.expect("trains"));
    assert_ne!(first.files["model.safetensors"], other.files["model.safetensors"]);
}

#[test]
fn the_loss_curve_has_a_point_for_every_interval() {
    let recipe = TrainParams { steps: 25, every: 10, ..TrainParams::default() };
    let output = train(&recipe, 1, &text()).expect("trains");
    let curve: Vec<serde_json::Value> =
        serde_json::from_slice(&output.files["curve.json"]).expect("JSON");
    let steps: Vec<_> = curve.iter().map(|point| point["step"].as_u64()).collect();
    assert_eq!(steps, [Some(10), Some(20), Some(25)]);
}

#[test]
fn a_short_text_is_refused() {
    let refused = train(&TrainParams::default(), 1, b"too short");
    assert!(matches!(refused, Err(TorchError::TextTooShort { .. })));
}

#[test]
fn a_traced_module_answers_with_probabilities_and_repeats_itself() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("model.pt");
    let shape = TraceShape { inputs: 4, hidden: 8, outputs: 3, seed: 3 };
    trace(&shape, &path).expect("traced");
    let module = std::fs::read(&path).expect("written");
    let rows = Array { shape: vec![2, 4], numbers: Numbers::Float(vec![0.5; 8]) };
    let input = safetensors::encode(&BTreeMap::from([("x".to_owned(), rows)]));

    let first = infer(&module, &input).expect("runs");
    let again = infer(&module, &input).expect("runs");

    assert_eq!(first, again);
    let answer = safetensors::decode(&first.files["output.safetensors"]).expect("reads");
    assert_eq!(answer["output0"].shape, [2, 3]);
    let Numbers::Float(list) = &answer["output0"].numbers else { panic!("no floats") };
    assert!((list[..3].iter().sum::<f32>() - 1.0).abs() < 1e-6);
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    assert!(matches!(infer(b"no zip", b""), Err(TorchError::Library(_))));
}
