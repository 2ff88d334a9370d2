//! Shows rounds of the environment proof: what was drawn, who answered, whose rewards are suspended.

use crate::session::Session;
use alloy_primitives::Address;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utnet_bindings::{
    EnvironmentProof::{
        AnswerCommitted, answerOfCall, firstRoundCall, hasPassedCall, isSuspendedCall,
        programsCall, questionOfCall, tallyOfCall,
    },
    PociRegistry::{currentEpochCall, powerOfCall},
    states::AnswerState,
};
use utnet_primitives::{ENVIRONMENT_PROGRAMS, SystemContract};

const PROOF: SystemContract = SystemContract::EnvironmentProof;

/// Rounds that are shown: one that commits, one that reveals, two that were judged last.
const SHOWN: u64 = 4;

/// The rounds that operators' rewards depend on now, and the operators that answered in any round, or one of them.
pub(crate) async fn show(session: &Session, only: Option<Address>) -> Result<Value> {
    let registry = SystemContract::PociRegistry;
    let epoch: u64 = session.read(registry, &currentEpochCall {}).await?;
    let first: u64 = session.read(PROOF, &firstRoundCall {}).await?;
    let rounds: Vec<u64> = (epoch.saturating_sub(SHOWN - 1).max(first)..=epoch).collect();
    let operators = match only {
        Some(operator) => BTreeSet::from([operator]),
        None => session
            .events::<AnswerCommitted>(PROOF, None)
            .await?
            .into_iter()
            .map(|(event, _)| event.operator)
            .collect(),
    };
    let mut shown = Vec::new();
    for round in &rounds {
        shown.push(round_row(session, epoch, *round).await?);
    }
    let mut rows = Vec::new();
    for operator in operators {
        rows.push(operator_row(session, epoch, operator, &rounds).await?);
    }
    Ok(json!({ "epoch": epoch, "rounds": shown, "operators": rows }))
}

async fn round_row(session: &Session, epoch: u64, round: u64) -> Result<Value> {
    let tally = session.read(PROOF, &tallyOfCall { round }).await?;
    let asked = session.read(PROOF, &questionOfCall { round }).await?;
    let known = ENVIRONMENT_PROGRAMS.iter().find(|it| it.hash == asked.program.programHash);
    Ok(json!({
        "round": round,
        "stage": stage(epoch, round),
        "program": known.map_or_else(|| asked.program.programHash.to_string(), |it| it.name.to_owned()),
        "committed": tally.committed.to::<u128>(),
        "revealed": tally.revealed.to::<u128>(),
        "commitments": tally.commitments.to::<u64>(),
        "reveals": tally.reveals.to::<u64>(),
        "isDecided": tally.isDecided,
    }))
}

async fn operator_row(
    session: &Session,
    epoch: u64,
    operator: Address,
    rounds: &[u64],
) -> Result<Value> {
    let power: u128 = session.read(SystemContract::PociRegistry, &powerOfCall { operator }).await?;
    let is_suspended: bool = session.read(PROOF, &isSuspendedCall { operator }).await?;
    let mut row = json!({ "operator": operator, "power": power, "isSuspended": is_suspended });
    for round in rounds {
        let given = session.read(PROOF, &answerOfCall { operator, round: *round }).await?;
        let state = AnswerState::try_from(given.state)?;
        let has_passed = session.read(PROOF, &hasPassedCall { operator, round: *round }).await?;
        row[round.to_string()] = verdict(epoch, *round, state, has_passed).into();
    }
    Ok(row)
}

/// What a round is doing in an epoch.
const fn stage(epoch: u64, round: u64) -> &'static str {
    match epoch.saturating_sub(round) {
        0 => "commits",
        1 => "reveals",
        _ => "judged",
    }
}

/// What an operator has done in a round, or how that was judged.
fn verdict(epoch: u64, round: u64, state: AnswerState, has_passed: bool) -> &'static str {
    match (stage(epoch, round), state) {
        ("judged", AnswerState::Revealed) if has_passed => "passed",
        ("judged", AnswerState::Revealed) => "wrong",
        ("judged", _) => "silent",
        (_, AnswerState::None) => "open",
        (_, AnswerState::Committed) => "committed",
        (_, AnswerState::Revealed) => "revealed",
    }
}

/// The catalogue that rounds draw from.
pub(crate) async fn programs(session: &Session) -> Result<Value> {
    let listed = session.read(PROOF, &programsCall {}).await?;
    let rows = listed.into_iter().map(|program| {
        let known = ENVIRONMENT_PROGRAMS.iter().find(|it| it.hash == program.programHash);
        json!({
            "program": known.map_or("unknown", |it| it.name),
            "hash": program.programHash,
            "agreement": match program.tolerance {
                0 => "exact".to_owned(),
                1 => "reproducible".to_owned(),
                _ => format!("within {}", program.width),
            },
        })
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_commits_reveals_and_is_judged() {
        assert_eq!(
            [7, 6, 5, 4].map(|round| stage(7, round)),
            ["commits", "reveals", "judged", "judged"]
        );
    }

    #[test]
    fn an_answer_is_judged_only_when_its_round_is_over() {
        assert_eq!(verdict(7, 6, AnswerState::Revealed, false), "revealed");
        assert_eq!(verdict(7, 5, AnswerState::Revealed, true), "passed");
        assert_eq!(verdict(7, 5, AnswerState::Revealed, false), "wrong");
        assert_eq!(verdict(7, 5, AnswerState::Committed, false), "silent");
        assert_eq!(verdict(7, 7, AnswerState::None, false), "open");
    }
}
