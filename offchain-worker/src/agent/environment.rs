//! Proves the environment: computes what each epoch's round asks, commits to the answer, opens it in the next epoch.

use super::{
    Agent, AgentError, Fault,
    working::{Effort, Purpose, Trouble},
};
use crate::{
    compute::{Outcome, Refusal, Runtime, trial::Trial},
    decide::environment::{Seen, Step, next_step},
    notebook::{Record, remove_in},
    records::TrialRecord,
};
use alloy_primitives::{B256, keccak256};
use utnet_bindings::{
    EnvironmentProof::{answerOfCall, commitCall, firstRoundCall, questionOfCall, revealCall},
    PociRegistry::powerOfCall,
    states::AnswerState,
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_jobs::sha256;
use utnet_primitives::{EnvironmentRound, Epoch};

impl Effort for Trial {
    fn run(self, runtime: &Runtime) -> Result<Outcome, Refusal> {
        let manifest = runtime.attempt(&self)?;
        Ok(Outcome { root: sha256(&manifest.encode()), steps: 0, manifest })
    }
}

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_environment(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        // Where the chips are proven, the environment is.
        if self.parts.choices.chips.is_none() {
            return Ok(());
        }
        let epoch = Epoch(head.number.0 / self.parts.choices.epoch_blocks.max(1));
        self.note_round(epoch).await?;
        for trial in self.parts.notebook.all::<TrialRecord>()? {
            let seen = self.look_at_trial(&trial, epoch).await?;
            match next_step(&trial, &seen) {
                Step::Wait => {}
                Step::Compute if self.is_busy(Purpose::Trial(trial.round)) => {}
                Step::Compute => self.compute_trial(trial)?,
                Step::Commit => self.commit_answer(&trial)?,
                Step::Reveal => self.reveal_answer(&trial)?,
                Step::Forget => self.forget_trial(&trial)?,
            }
        }
        Ok(())
    }

    /// Notes the epoch's round, once, if this operator has a part in it. The salt is on disk before anything depends on it.
    async fn note_round(&self, round: Epoch) -> Result<(), AgentError> {
        let (home, notebook) = (&self.parts.home, &self.parts.notebook);
        if notebook.find::<TrialRecord>(&round.0.to_be_bytes())?.is_some() {
            return Ok(());
        }
        let power = self.view(home.registry, &powerOfCall { operator: home.operator }).await?;
        if power == 0 || round.0 < self.view(home.environment, &firstRoundCall {}).await? {
            return Ok(());
        }
        let asked = self.view(home.environment, &questionOfCall { round: round.0 }).await?;
        notebook.keep_first(TrialRecord {
            round,
            program: asked.program.programHash,
            seed: asked.seed,
            salt: B256::from(rand::random::<[u8; 32]>()),
            answer: None,
            trouble: None,
        })?;
        Ok(())
    }

    async fn look_at_trial(&self, trial: &TrialRecord, epoch: Epoch) -> Result<Seen, AgentError> {
        let home = &self.parts.home;
        let call = answerOfCall { operator: home.operator, round: trial.round.0 };
        let answer = self.view(home.environment, &call).await?;
        Ok(Seen {
            epoch,
            answer: AnswerState::try_from(answer.state)?,
            is_running: self.is_running(Purpose::Trial(trial.round)),
        })
    }

    fn compute_trial(&mut self, record: TrialRecord) -> Result<(), AgentError> {
        let round = record.round;
        let Some(trial) = Trial::of(record.program, record.seed) else {
            tracing::warn!(round = round.0, program = %record.program, "the round draws a program that this worker does not have");
            let trouble = Some("unknown program".to_owned());
            return Ok(self.parts.notebook.put(&TrialRecord { trouble, ..record })?);
        };
        self.start(Purpose::Trial(round), async move { Ok(trial) });
        Ok(())
    }

    /// Notes what the runtime found; a second finding of one round is dropped.
    pub(super) fn note_trial(
        &self,
        round: Epoch,
        outcome: Result<Outcome, Trouble>,
    ) -> Result<(), AgentError> {
        let known = self.parts.notebook.find::<TrialRecord>(&round.0.to_be_bytes())?;
        let Some(record) = known.filter(|record| record.answer.is_none()) else { return Ok(()) };
        let trial = Trial::of(record.program, record.seed);
        let found = outcome.map(|outcome| trial.and_then(|it| it.answer(&outcome.manifest)));
        let record = match found {
            Ok(Some(answer)) => {
                tracing::info!(round = round.0, program = trial.map(|it| it.name()), %answer, "environment tried");
                TrialRecord { answer: Some(spoil(self.parts.choices.fault, answer)), ..record }
            }
            Ok(None) => TrialRecord { trouble: Some("no answer in the result".into()), ..record },
            Err(trouble) if trouble.is_retryable() => {
                tracing::warn!(round = round.0, %trouble, "environment not tried, trying again");
                return Ok(());
            }
            Err(trouble) => {
                tracing::warn!(round = round.0, %trouble, "this environment gives no answer");
                TrialRecord { trouble: Some(trouble.to_string()), ..record }
            }
        };
        Ok(self.parts.notebook.put(&record)?)
    }

    fn commit_answer(&self, trial: &TrialRecord) -> Result<(), AgentError> {
        let Some(answer) = trial.answer else { return Ok(()) };
        let home = &self.parts.home;
        let (chain_id, contract, round) = (home.chain_id, home.environment, trial.round);
        let known = EnvironmentRound { chain_id, contract, round };
        let commitment = known.commitment(home.operator, answer, trial.salt);
        let words: [&[u8]; 2] = [b"commit-answer", &trial.key()];
        let call = commitCall { round: round.0, commitment };
        self.send(&words, &Intent::call(home.environment, &call))
    }

    fn reveal_answer(&self, trial: &TrialRecord) -> Result<(), AgentError> {
        let Some(answer) = trial.answer else { return Ok(()) };
        let words: [&[u8]; 2] = [b"reveal-answer", &trial.key()];
        let call = revealCall { round: trial.round.0, answer, salt: trial.salt };
        self.send(&words, &Intent::call(self.parts.home.environment, &call))
    }

    fn forget_trial(&self, trial: &TrialRecord) -> Result<(), AgentError> {
        let txn = self.parts.notebook.begin()?;
        for word in [b"commit-answer".as_slice(), b"reveal-answer"] {
            self.forget_in(&txn, &[word, &trial.key()])?;
        }
        remove_in::<TrialRecord>(&txn, &trial.key())?;
        Ok(txn.commit().map_err(StorageError::from)?)
    }
}

/// An answer that nobody finds who computes.
fn spoil(fault: Option<Fault>, answer: B256) -> B256 {
    match fault {
        Some(Fault::WrongEnvironment) => keccak256(answer),
        _ => answer,
    }
}
