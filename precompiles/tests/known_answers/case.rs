//! Describes one known answer, as it is built and as it is stored.

use serde::{Deserialize, Serialize};
use utnet_precompiles::{Gas, Halt, Output, Precompile};

/// How a case must end: the output in hex, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Output(String, u64),
    Halt(String, u64),
}

/// A case as its builder states it.
pub(crate) struct Case {
    name: String,
    input: Vec<u8>,
    expected: Result<Vec<u8>, &'static str>,
    source: String,
    budget: Option<u64>,
}

/// A case as the file holds it. `gas` is what the call uses out of `budget` (30,000,000 if absent).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) input: String,
    pub(crate) gas: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) halt: Option<String>,
    pub(crate) source: String,
}

/// The reason of a call that runs out of gas.
pub(crate) const OUT_OF_GAS: &str = "out of gas";

impl Case {
    pub(crate) fn answer(
        name: impl Into<String>,
        input: Vec<u8>,
        output: impl Into<Vec<u8>>,
        source: impl Into<String>,
    ) -> Self {
        let expected = Ok(output.into());
        Self { name: name.into(), input, expected, source: source.into(), budget: None }
    }

    pub(crate) fn halt(name: &str, input: Vec<u8>, reason: &'static str) -> Self {
        let source = "form of the input".to_owned();
        Self { name: name.to_owned(), input, expected: Err(reason), source, budget: None }
    }

    pub(crate) fn with_budget(self, budget: u64) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Runs the case, checks its outcome, and adds the gas.
    pub(crate) fn record(self, precompile: &Precompile) -> Record {
        let budget = self.budget.unwrap_or(crate::AMPLE);
        let outcome = outcome_of((precompile.run)(&self.input, Gas::new(budget)));
        let (Outcome::Output(_, used) | Outcome::Halt(_, used)) = outcome;
        let expected = match &self.expected {
            Ok(output) => Outcome::Output(hex0x(output), used),
            Err(reason) => Outcome::Halt((*reason).to_owned(), used),
        };
        assert_eq!(expected, outcome, "{}", self.name);
        let gas = if self.expected == Err(OUT_OF_GAS) { budget } else { used };
        Record {
            name: self.name,
            input: hex0x(&self.input),
            gas,
            budget: self.budget,
            output: self.expected.as_ref().ok().map(|output| hex0x(output)),
            halt: self.expected.err().map(str::to_owned),
            source: self.source,
        }
    }
}

impl Record {
    pub(crate) fn outcome(&self) -> Outcome {
        match (&self.output, &self.halt) {
            (Some(output), None) => Outcome::Output(output.clone(), self.gas),
            (None, Some(halt)) if halt == OUT_OF_GAS => Outcome::Halt(halt.clone(), 0),
            (None, Some(halt)) => Outcome::Halt(halt.clone(), self.gas),
            _ => unreachable!("{}: either output or halt", self.name),
        }
    }
}

/// Out of gas counts as gas 0 here: the caller's whole budget is gone.
pub(crate) fn outcome_of(result: Result<Output, Halt>) -> Outcome {
    match result {
        Ok(Output { gas_used, bytes }) => Outcome::Output(hex0x(&bytes), gas_used.get()),
        Err(Halt::OutOfGas) => Outcome::Halt(OUT_OF_GAS.to_owned(), 0),
        Err(Halt::Revert { reason, gas_used }) => Outcome::Halt(reason.to_owned(), gas_used.get()),
    }
}

fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A 32-byte word that says yes or no.
pub(crate) fn yes_or_no(is_true: bool) -> Vec<u8> {
    let mut word = vec![0; 32];
    word[31] = u8::from(is_true);
    word
}
