//! Runs TorchScript modules and makes one by tracing.

use super::{
    TorchError, TraceShape, micro,
    model::{to_array, to_tensor},
    safetensors::{self, Array, Numbers},
};
use crate::compute::Output;
use std::{collections::BTreeMap, path::Path};
use tch::{
    CModule, Device, IValue, Kind, Tensor,
    nn::{self, Module},
};
use utnet_jobs::manifest::MOST_OUTPUTS;

pub(super) fn infer(module: &[u8], input: &[u8]) -> Result<Output, TorchError> {
    let mut bytes = module;
    let mut module = CModule::load_data_on_device(&mut bytes, Device::Cpu)?;
    module.f_set_eval()?;
    let inputs = safetensors::decode(input)?
        .values()
        .map(|array| to_tensor(array).map(IValue::Tensor))
        .collect::<Result<Vec<_>, _>>()?;
    let answer = tch::no_grad(|| module.forward_is(&inputs))?;
    let arrays = named_arrays(answer)?;
    let metrics = measure(&arrays)?;
    let files = BTreeMap::from([("output.safetensors".to_owned(), safetensors::encode(&arrays))]);
    Ok(Output { files, metrics, steps: 1 })
}

/// Outputs as `output0`, `output1`, and so on.
fn named_arrays(answer: IValue) -> Result<BTreeMap<String, Array>, TorchError> {
    let mut tensors = Vec::new();
    collect(answer, &mut tensors)?;
    tensors
        .iter()
        .enumerate()
        .map(|(i, tensor)| Ok((format!("output{i}"), to_array(tensor)?)))
        .collect()
}

fn collect(answer: IValue, tensors: &mut Vec<Tensor>) -> Result<(), TorchError> {
    match answer {
        IValue::Tensor(tensor) => tensors.push(tensor),
        IValue::TensorList(list) => tensors.extend(list),
        IValue::Tuple(list) | IValue::GenericList(list) => {
            for item in list {
                collect(item, tensors)?;
            }
        }
        _ => return Err(TorchError::NoTensors),
    }
    if tensors.len() > MOST_OUTPUTS { Err(TorchError::TooManyOutputs) } else { Ok(()) }
}

/// Figures by which approximate results are compared.
fn measure(arrays: &BTreeMap<String, Array>) -> Result<BTreeMap<String, i64>, TorchError> {
    let mut metrics = BTreeMap::new();
    for (name, array) in arrays {
        let Numbers::Float(list) = &array.numbers else { continue };
        let count = f64::from(u32::try_from(list.len().max(1)).unwrap_or(u32::MAX));
        let mean = list.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
        let spread = list.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
        metrics.insert(format!("{name}MeanMicro"), micro("mean of an output", mean)?);
        metrics
            .insert(format!("{name}DeviationMicro"), micro("spread of an output", spread.sqrt())?);
    }
    Ok(metrics)
}

pub(super) fn trace(shape: &TraceShape, path: &Path) -> Result<(), TorchError> {
    let mut weights = nn::VarStore::new(Device::Cpu);
    let root = weights.root();
    let (inputs, hidden, outputs) =
        (i64::from(shape.inputs), i64::from(shape.hidden), i64::from(shape.outputs));
    let first = nn::linear(&root / "first", inputs, hidden, Default::default());
    let second = nn::linear(&root / "second", hidden, outputs, Default::default());
    // A traced constant must not ask for gradients.
    weights.freeze();
    let example = Tensor::f_zeros([1, inputs], (Kind::Float, Device::Cpu))?;
    let mut forward = |given: &[Tensor]| {
        given
            .first()
            .map(|x| second.forward(&first.forward(x).relu()).softmax(-1, Kind::Float))
            .into_iter()
            .collect()
    };
    let module = CModule::create_by_tracing("TwoLayers", "forward", &[example], &mut forward)?;
    module.save(path)?;
    Ok(())
}
