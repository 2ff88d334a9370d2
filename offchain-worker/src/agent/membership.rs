//! Answers for seats in committees with a stake.

use super::{Agent, AgentError};
use alloy_primitives::U256;
use utnet_bindings::{
    Committee::{enlistCall, seatBondCall, standingOfCall},
    PociRegistry::{currentEpochCall, powerOfCall},
};
use utnet_client::{Chain, Intent};
use utnet_primitives::Epoch;

impl<C: Chain> Agent<C> {
    /// Looks once in each epoch, where chips are proven.
    pub(super) async fn attend_seats(&mut self) -> Result<(), AgentError> {
        if self.parts.choices.chips.is_none() {
            return Ok(());
        }
        let epoch = Epoch(self.view(self.parts.home.registry, &currentEpochCall {}).await?);
        if self.counted_seats != Some(epoch) {
            self.enlist().await?;
            self.counted_seats = Some(epoch);
        }
        Ok(())
    }

    /// Fills the stake up when it does not answer for one more seat. Operators without power are not drawn anyway.
    async fn enlist(&self) -> Result<(), AgentError> {
        let (home, seats) = (self.parts.home, self.parts.choices.committee_seats);
        if seats == 0 {
            return Ok(());
        }
        let operator = home.operator;
        let bond = U256::from(self.view(home.committee, &seatBondCall {}).await?);
        let standing = self.view(home.committee, &standingOfCall { operator }).await?;
        let is_short = U256::from(standing.free) < bond;
        if !is_short || self.view(home.registry, &powerOfCall { operator }).await? == 0 {
            return Ok(());
        }
        let stake = bond.saturating_mul(U256::from(seats));
        if !self.can_spare(stake).await? {
            tracing::warn!(%stake, "too few coins for seats in committees and the gas of what else is due");
            return Ok(());
        }
        tracing::info!(%stake, "answering for seats in committees");
        // Each stake is for the seats that come after those that spent the last one.
        let words: [&[u8]; 2] = [b"enlist", &standing.seats.to_be_bytes()];
        self.send(&words, &Intent::call(home.committee, &enlistCall {}).with_value(stake))
    }
}
