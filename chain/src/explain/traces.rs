//! Draws a call as a tree: calls with their arguments, events, results, with names from artifacts.

use super::{Artifacts, Detail, artifacts, console, values, words};
use crate::execution::{CONSOLE, CallError, Sandbox, Told};
use alloy_dyn_abi::DynSolValue;
use alloy_evm::revm::{context::TxEnv, state::EvmState};
use alloy_primitives::Selector;
use revm_inspectors::{
    ColorChoice,
    tracing::{
        CallTraceArena, TraceWriter, TraceWriterConfig, TracingInspector, TracingInspectorConfig,
        types::{CallTraceNode, DecodedCallData},
    },
};

/// Runs a call and draws it.
///
/// # Errors
/// When it cannot be run.
pub(super) fn tree(
    artifacts: Option<&Artifacts>,
    detail: Detail,
    sandbox: &mut Sandbox,
    call: TxEnv,
) -> Result<(String, EvmState), CallError> {
    let shows_storage = detail == Detail::Storage;
    let config = TracingInspectorConfig::none()
        .set_record_inputs(true)
        .set_record_logs(true)
        .set_bytecode(artifacts.is_some())
        .set_steps_and_state_diffs(shows_storage);
    let mut inspector = TracingInspector::new(config);
    let outcome = sandbox.run(call, &mut inspector)?;
    let mut arena = inspector.into_traces();
    for node in arena.nodes_mut() {
        name(node, artifacts);
    }
    Ok((draw(&arena, shows_storage), outcome.state))
}

fn draw(arena: &CallTraceArena, shows_storage: bool) -> String {
    let config = TraceWriterConfig::new().write_storage_changes(shows_storage);
    let mut writer = TraceWriter::with_config(Vec::new(), config).use_colors(ColorChoice::Never);
    // A vector takes everything that is written to it.
    writer.write_arena(arena).ok();
    String::from_utf8_lossy(&writer.into_writer()).into_owned()
}

/// Gives a call the names that are known.
fn name(node: &mut CallTraceNode, artifacts: Option<&Artifacts>) {
    if node.trace.address == CONSOLE {
        return name_console(node);
    }
    let Some(artifacts) = artifacts else { return };
    let trace = &mut node.trace;
    let is_creation = trace.kind.is_any_create();
    let code = trace.bytecode.clone().unwrap_or_default();
    let known = artifacts.recognise(&code, is_creation);
    if let Some(known) = &known {
        trace.decoded().label = Some(known.contract.name.clone());
    }
    if !is_creation {
        let selector = trace.data.first_chunk::<4>().map(|bytes| Selector::from(*bytes));
        let own = |selector| known.as_ref()?.contract.abi.function_by_selector(selector).cloned();
        let function =
            selector.and_then(|selector| own(selector).or_else(|| artifacts.function(selector)));
        if let Some(function) = function {
            if let Some(arguments) = artifacts::arguments(&function, &trace.data) {
                let args = named(function.inputs.iter().map(|input| &input.name), &arguments);
                let signature = function.signature();
                trace.decoded().call_data = Some(DecodedCallData { signature, args });
            }
            if trace.success && !function.outputs.is_empty() {
                let results = artifacts::results(&function, &trace.output);
                trace.decoded().return_data = results.map(|results| values::list(&results));
            }
        }
    }
    if trace.is_revert() {
        trace.decoded().return_data = words::revert(&trace.output, Some(artifacts));
    }
    for log in &mut node.logs {
        if let Some((event, names, arguments)) = artifacts.event(&log.raw_log) {
            log.decoded().name = Some(event);
            let shown = arguments.iter().map(values::shown);
            log.decoded().params = Some(names.into_iter().zip(shown).collect());
        }
    }
}

/// A line for the console reads as one.
fn name_console(node: &mut CallTraceNode) {
    let told = Told::of(node.trace.data.clone());
    let decoded = node.trace.decoded();
    decoded.label = Some("console".into());
    decoded.call_data =
        Some(DecodedCallData { signature: "log()".into(), args: console::lines(&told) });
}

/// Each value with its name, where it has one.
fn named<'a>(names: impl Iterator<Item = &'a String>, values: &[DynSolValue]) -> Vec<String> {
    let named = |(name, value): (&String, &DynSolValue)| match name.as_str() {
        "" => values::shown(value),
        name => format!("{name}: {}", values::shown(value)),
    };
    names.zip(values).map(named).collect()
}
