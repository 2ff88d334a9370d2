//! Predicts the next character of a text: a small model and the text as numbers.

use super::{
    TorchError,
    safetensors::{self, Array, Numbers},
};
use std::collections::BTreeMap;
use tch::{
    Device, Kind, Tensor,
    nn::{self, Module, RNN},
};
use utnet_jobs::params::{ModelKind, TrainParams};

/// The bytes of a text, numbered in ascending order.
#[derive(Debug)]
pub(super) struct Alphabet {
    letters: Vec<u8>,
}

impl Alphabet {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut letters = text.to_vec();
        letters.sort_unstable();
        letters.dedup();
        Self { letters }
    }

    pub(super) fn letters(&self) -> &[u8] {
        &self.letters
    }

    fn size(&self) -> i64 {
        i64::try_from(self.letters.len()).unwrap_or(256)
    }

    /// Numbers of a text whose bytes are all known.
    pub(super) fn numbers(&self, text: &[u8]) -> Tensor {
        let mut number_of = [0_i64; 256];
        for (number, letter) in (0..).zip(&self.letters) {
            number_of[usize::from(*letter)] = number;
        }
        let numbers: Vec<i64> = text.iter().map(|byte| number_of[usize::from(*byte)]).collect();
        Tensor::from_slice(&numbers)
    }
}

/// A model with its weights.
#[derive(Debug)]
pub(super) struct Model {
    weights: nn::VarStore,
    embedding: nn::Embedding,
    body: Body,
    head: nn::Linear,
    context: i64,
}

#[derive(Debug)]
enum Body {
    /// Context embeddings side by side, one hidden layer.
    Mlp(nn::Linear),
    Gru(Box<nn::GRU>),
}

impl Model {
    pub(super) fn new(recipe: &TrainParams, alphabet: &Alphabet) -> Self {
        let weights = nn::VarStore::new(Device::Cpu);
        let root = weights.root();
        let (context, embedding, hidden) =
            (i64::from(recipe.context), i64::from(recipe.embedding), i64::from(recipe.hidden));
        let letters = alphabet.size();
        let table = nn::embedding(&root / "embedding", letters, embedding, Default::default());
        let body = match recipe.model {
            ModelKind::Mlp => {
                let layer =
                    nn::linear(&root / "hidden", context * embedding, hidden, Default::default());
                Body::Mlp(layer)
            }
            ModelKind::Gru => {
                Body::Gru(Box::new(nn::gru(&root / "gru", embedding, hidden, Default::default())))
            }
        };
        let head = nn::linear(&root / "head", hidden, letters, Default::default());
        Self { weights, embedding: table, body, head, context }
    }

    pub(super) const fn weights(&self) -> &nn::VarStore {
        &self.weights
    }

    /// How many characters must precede the first that is predicted.
    pub(super) const fn context(&self) -> i64 {
        self.context
    }

    /// Mean loss, in nats per character, over windows of `context + 1` numbers, one per row.
    ///
    /// The MLP predicts the last of each window from all before; the GRU every one from those before it.
    pub(super) fn loss(&self, windows: &Tensor) -> Tensor {
        let inputs = windows.narrow(1, 0, self.context);
        let embedded = self.embedding.forward(&inputs);
        match &self.body {
            Body::Mlp(hidden) => {
                let layer = hidden.forward(&embedded.flatten(1, 2)).tanh();
                let targets = windows.select(1, self.context);
                self.head.forward(&layer).cross_entropy_for_logits(&targets)
            }
            Body::Gru(gru) => {
                let (layers, _state) = gru.seq(&embedded);
                let targets = windows.narrow(1, 1, self.context).flatten(0, 1);
                self.head.forward(&layers).flatten(0, 1).cross_entropy_for_logits(&targets)
            }
        }
    }

    /// Mean loss over the characters from `first` on, each predicted from what precedes it in the text.
    pub(super) fn loss_from(&self, text: &Tensor, first: i64) -> f64 {
        let _no_gradients = tch::no_grad_guard();
        let length = text.size()[0];
        let windows = match &self.body {
            Body::Mlp(_) => text
                .narrow(0, first - self.context, length - first + self.context)
                .unfold(0, self.context + 1, 1),
            Body::Gru(_) => return self.recurrent_loss_from(text, first),
        };
        self.loss(&windows).double_value(&[])
    }

    fn recurrent_loss_from(&self, text: &Tensor, first: i64) -> f64 {
        let predicted = text.size()[0] - first;
        let Body::Gru(gru) = &self.body else { return f64::NAN };
        // The same run-up as in training, then the whole held-out text in one sequence.
        let run_up = self.context.min(first) - 1;
        let inputs = text.narrow(0, first - 1 - run_up, predicted + run_up).unsqueeze(0);
        let (layers, _state) = gru.seq(&self.embedding.forward(&inputs));
        let logits = self.head.forward(&layers).squeeze_dim(0).narrow(0, run_up, predicted);
        logits.cross_entropy_for_logits(&text.narrow(0, first, predicted)).double_value(&[])
    }

    pub(super) fn parameters(&self) -> i64 {
        self.weights
            .trainable_variables()
            .iter()
            .map(|tensor| i64::try_from(tensor.numel()).unwrap_or(i64::MAX))
            .fold(0, i64::saturating_add)
    }

    /// The weights as a safetensors file.
    pub(super) fn checkpoint(&self) -> Result<Vec<u8>, TorchError> {
        let named: BTreeMap<String, Tensor> = self.weights.variables().into_iter().collect();
        let arrays = named
            .into_iter()
            .map(|(name, tensor)| Ok((name, to_array(&tensor)?)))
            .collect::<Result<BTreeMap<_, _>, TorchError>>()?;
        Ok(safetensors::encode(&arrays))
    }
}

/// Copies a tensor out of libtorch; floats become 32 bits, everything else 64-bit integers.
pub(super) fn to_array(tensor: &Tensor) -> Result<Array, TorchError> {
    let flat = tensor.detach().contiguous().flatten(0, -1);
    let numbers = if tensor.is_floating_point() {
        Numbers::Float(Vec::<f32>::try_from(&flat.to_kind(Kind::Float))?)
    } else {
        Numbers::Integer(Vec::<i64>::try_from(&flat.to_kind(Kind::Int64))?)
    };
    Ok(Array { shape: tensor.size(), numbers })
}

/// Copies an array into libtorch.
pub(super) fn to_tensor(array: &Array) -> Result<Tensor, TorchError> {
    let flat = match &array.numbers {
        Numbers::Float(list) => Tensor::f_from_slice(list)?,
        Numbers::Integer(list) => Tensor::f_from_slice(list)?,
    };
    Ok(flat.f_reshape(&array.shape)?)
}
