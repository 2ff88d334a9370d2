//! Traces the operator functions of the environment proof: what PyTorch is tried with.
//!
//! No weights: all numbers are arguments. Sums are long enough that a runtime which leaves a kernel out is found, and
//! short enough that the order of their parts moves a result by some millionths.

use super::{Operator, TorchError};
use std::path::Path;
use tch::{CModule, Device, Kind, Tensor};

/// What an operator function makes of its arguments; nothing if one is missing.
type Forward = fn(&[Tensor]) -> Option<Tensor>;

/// Traces an operator function and writes it.
pub(super) fn trace(operator: Operator, path: &Path) -> Result<(), TorchError> {
    let zeros = |shape: &[i64]| Tensor::f_zeros(shape, (Kind::Float, Device::Cpu));
    let (name, examples, forward): (_, Vec<Tensor>, Forward) = match operator {
        Operator::Attention => ("Attention", vec![zeros(&[3, 64, 32])?], attention),
        Operator::Convolution => {
            let examples = vec![zeros(&[4, 8, 32, 32])?, zeros(&[16, 8, 3, 3])?];
            ("Convolution", examples, convolution)
        }
    };
    let mut closure = |given: &[Tensor]| forward(given).into_iter().collect();
    let module = CModule::create_by_tracing(name, "forward", &examples, &mut closure)?;
    module.save(path)?;
    Ok(())
}

/// Scaled dot-product attention of 64 rows of 32 numbers, weighed by the queries and summed.
fn attention(given: &[Tensor]) -> Option<Tensor> {
    let rows = given.first()?;
    let (queries, keys, values) = (rows.select(0, 0), rows.select(0, 1), rows.select(0, 2));
    let scores = queries.matmul(&keys.transpose(0, 1)) * 0.5;
    let mixed = scores.softmax(-1, Kind::Float).matmul(&values);
    Some((mixed * queries).sum(Kind::Float).reshape([1]))
}

/// Sixteen 3 x 3 filters over four pictures of eight channels, the greatest of each 2 x 2, their sines summed.
fn convolution(given: &[Tensor]) -> Option<Tensor> {
    let (pictures, filters) = (given.first()?, given.get(1)?);
    let filtered = pictures.conv2d::<Tensor>(filters, None, [1, 1], [1, 1], [1, 1], 1);
    let greatest = filtered.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
    Some((greatest.sin().sum(Kind::Float) / 16.0).reshape([1]))
}
