//! Puts transactions into the outbox under keys that name what they are for.

use super::{Agent, AgentError};
use alloy_primitives::U256;
use redb::WriteTransaction;
use utnet_client::{Chain, Failure, Intent, IntentKey, Status};
use utnet_primitives::Gas;

/// How often something that was mined and reverted is tried again.
const TRIES: u8 = 3;

/// Gas that must stay payable after something that can wait: proofs, openings, answers.
const RESERVED_GAS: Gas = Gas(10_000_000);

impl<C: Chain> Agent<C> {
    /// Whether the operator can spend that many wei and still pay for the gas of its duties.
    pub(super) async fn can_spare(&self, value: U256) -> Result<bool, AgentError> {
        let (chain, operator) = (&self.parts.chain, self.parts.home.operator);
        let price = U256::from(chain.fees().await?.max_fee());
        let reserve = U256::from(RESERVED_GAS.0).saturating_mul(price);
        Ok(chain.balance(operator).await? >= value.saturating_add(reserve))
    }

    /// Wants a transaction. The same words again change nothing, unless the last try is known to have failed.
    pub(super) fn send(&self, words: &[&[u8]], intent: &Intent) -> Result<(), AgentError> {
        let outbox = &self.parts.outbox;
        for attempt in 0..TRIES {
            let key = key_of(words, attempt);
            match outbox.status(key)? {
                None => {
                    outbox.enqueue(key, intent)?;
                    return Ok(());
                }
                Some(Status::Failed { failure: Failure::WouldRevert { message, .. }, .. }) => {
                    tracing::debug!(%key, message, "would revert, trying again");
                    outbox.retry(key)?;
                    return Ok(());
                }
                Some(Status::Failed { is_final: true, .. }) => {}
                Some(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// As [`Self::send`] for the first time, together with whatever else is in the transaction; the caller commits.
    pub(super) fn send_in(
        &self,
        txn: &WriteTransaction,
        words: &[&[u8]],
        intent: &Intent,
    ) -> Result<(), AgentError> {
        self.parts.outbox.enqueue_in(txn, key_of(words, 0), intent)?;
        Ok(())
    }

    /// Puts back what was refused before it was signed; what no node took is wanted again under the next key.
    pub(super) fn try_again(&self, words: &[&[u8]]) -> Result<(), AgentError> {
        let outbox = &self.parts.outbox;
        let Some((attempt, status)) = self.latest_try(words)? else { return Ok(()) };
        let key = key_of(words, attempt);
        match status {
            Some(Status::Failed { failure: Failure::WouldRevert { .. }, .. }) => {
                outbox.retry(key)?;
            }
            Some(_) => {}
            None => {
                let before = attempt.checked_sub(1).map(|before| key_of(words, before));
                let given_up = before.map(|before| outbox.find(before)).transpose()?.flatten();
                if let Some(entry) = given_up {
                    outbox.enqueue(key, &entry.intent)?;
                }
            }
        }
        Ok(())
    }

    /// Whether these words are on their way or done, or were tried so often that it is no use.
    pub(super) fn is_sent(&self, words: &[&[u8]]) -> Result<bool, AgentError> {
        Ok(!matches!(
            self.latest_try(words)?,
            Some((_, None | Some(Status::Failed { failure: Failure::WouldRevert { .. }, .. })))
        ))
    }

    /// Whether these words were never wanted, or what came of them was given up.
    pub(super) fn is_new(&self, words: &[&[u8]]) -> Result<bool, AgentError> {
        Ok(matches!(self.latest_try(words)?, Some((_, None))))
    }

    /// The first try that was not given up for an empty transaction, and where it stands; `None` when all were.
    fn latest_try(&self, words: &[&[u8]]) -> Result<Option<(u8, Option<Status>)>, AgentError> {
        for attempt in 0..TRIES {
            let status = self.parts.outbox.status(key_of(words, attempt))?;
            if !matches!(
                status,
                Some(Status::Failed { failure: Failure::Cancelled { .. }, is_final: true })
            ) {
                return Ok(Some((attempt, status)));
            }
        }
        Ok(None)
    }
}

impl<C: Chain> Agent<C> {
    /// Forgets what these words led to, together with whatever else is in the transaction; what is under way stays.
    pub(super) fn forget_in(
        &self,
        txn: &WriteTransaction,
        words: &[&[u8]],
    ) -> Result<(), AgentError> {
        for attempt in 0..TRIES {
            self.parts.outbox.forget_in(txn, key_of(words, attempt))?;
        }
        Ok(())
    }
}

fn key_of(words: &[&[u8]], attempt: u8) -> IntentKey {
    let attempt = [attempt];
    let parts: Vec<&[u8]> = words.iter().copied().chain([attempt.as_slice()]).collect();
    IntentKey::of(&parts)
}
