//! Tells where a call failed in the words of its source: function, file and line of each frame.

use super::{
    artifacts::{Artifacts, Recognised},
    code::Place,
    frames::{Failed, Follower},
};
use crate::execution::{CallError, Sandbox};
use alloy_evm::revm::context::TxEnv;

/// Runs a call again and tells where it failed, the innermost place first.
///
/// # Errors
/// When it cannot be run.
pub(super) fn of(
    artifacts: &Artifacts,
    sandbox: &mut Sandbox,
    call: TxEnv,
) -> Result<Vec<String>, CallError> {
    let mut follower = Follower::new(artifacts);
    sandbox.run(call, &mut follower)?;
    let mut lines = Vec::new();
    let mut frame = follower.failed.as_ref();
    while let Some(failed) = frame {
        // Frames come from the outermost on, lines of a frame from the innermost on.
        lines.splice(0..0, frame_lines(failed));
        frame = failed.cause.as_deref();
    }
    Ok(lines)
}

/// The lines of one frame: the place where it stood, and where its functions were called.
fn frame_lines(failed: &Failed) -> Vec<String> {
    let Some(known) = &failed.code else {
        let what = if failed.is_creation { "a constructor" } else { "a contract" };
        return vec![format!("{what} without artifact at {}", failed.address)];
    };
    let calls = failed.calls.iter().rev();
    let mut lines: Vec<_> = std::iter::once(&failed.pc)
        .chain(calls)
        .filter_map(|pc| line(known, known.code().place(*pc)?))
        .collect();
    lines.dedup();
    if lines.is_empty() {
        lines.push(format!("{}.{}", known.contract.name, unnamed(known)));
    }
    lines
}

/// A place as `Contract.function (file:line)`; none for what the compiler made up, and for the
/// jump from the entry into a function, which the compiler gives the function's own place.
fn line(known: &Recognised, place: Place) -> Option<String> {
    let source = known.code().source(place)?;
    let function = source.function(place.offset);
    let is_whole = |start: usize, end: usize| place.offset == start && place.length >= end - start;
    if function.is_some_and(|scope| is_whole(scope.range.start, scope.range.end)) {
        return None;
    }
    let contract = source.contract(place.offset).map(|scope| scope.name.as_str());
    let name = match (contract, function) {
        (Some(contract), Some(function)) => format!("{contract}.{}", function.name),
        (None, Some(function)) => function.name.clone(),
        (contract, None) => {
            format!("{}.{}", contract.unwrap_or(&known.contract.name), unnamed(known))
        }
    };
    Some(match source.line(place.offset) {
        Some(line) => format!("{name} ({}:{line})", source.path),
        None => format!("{name} ({})", source.path),
    })
}

/// What runs where no function of the source does.
const fn unnamed(known: &Recognised) -> &'static str {
    if known.is_creation { "constructor" } else { "<no function>" }
}
