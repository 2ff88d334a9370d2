//! Admits transactions to the pool.

use super::{
    api::{EngineError, Origin, Submission},
    command::Admission,
    header::next_excess_blob_gas,
    offer::Offer,
    worker::Engine,
};
use crate::{
    execution::{At, ChainView, ReadError, StateView},
    pool::{Payer, Rejected, Rules},
};
use alloy_primitives::{Address, KECCAK256_EMPTY, TxHash, U256};
use std::collections::BTreeMap;
use utnet_primitives::{Height, Seconds};

/// Longest creation code in bytes: twice EIP-170's limit (EIP-3860).
const INIT_CODE_BYTES: usize = 49_152;

/// Accounts of those who send, each read once.
struct Payers {
    state: StateView,
    /// Whether they must be able to pay.
    checks_balances: bool,
    read: BTreeMap<Address, Payer>,
}

impl Payers {
    fn find(&mut self, sender: Address) -> Result<&Payer, ReadError> {
        if !self.read.contains_key(&sender) {
            let mut account = self.state.account(sender)?.unwrap_or_default();
            if !self.checks_balances {
                account.balance = U256::MAX;
            }
            let has_code = account.code_hash != KECCAK256_EMPTY;
            let code = if has_code { self.state.code(sender)? } else { Default::default() };
            self.read.insert(sender, Payer { account, code });
        }
        Ok(&self.read[&sender])
    }
}

impl Engine {
    /// Checks transactions, one after another, and puts those that pass into the pool.
    pub(super) fn submit(&mut self, offers: Vec<Offer>) -> Result<Vec<Admission>, EngineError> {
        let view = self.view()?;
        let rules = self.rules(&view);
        let mut payers = Payers {
            state: view.state(At::Latest)?,
            checks_balances: self.checks_balances,
            read: BTreeMap::new(),
        };
        let admit = |offer| self.admit(offer, &rules, &mut payers);
        Ok(offers.into_iter().map(admit).collect())
    }

    fn admit(
        &self,
        offer: Offer,
        rules: &Rules,
        payers: &mut Payers,
    ) -> Result<TxHash, EngineError> {
        self.check_origin(&offer.submission)?;
        let Submission { transaction, origin } = offer.submission;
        let payer = payers.find(transaction.signer())?;
        let next = payer.account.nonce;
        rules.check(&transaction, payer, origin == Origin::Asserted)?;
        if !offer.are_blobs_proven {
            return Err(Rejected::BlobProof.into());
        }
        let inserted = self.shared.pool.write().insert(transaction, next)?;
        for entry in inserted.ready {
            self.shared.announce_pending(entry);
        }
        Ok(inserted.hash)
    }

    /// An asserted sender must be impersonated.
    pub(super) fn check_origin(&self, submission: &Submission) -> Result<(), Rejected> {
        let sender = submission.transaction.signer();
        match submission.origin {
            Origin::Asserted if !self.settings.is_impersonated(&sender) => {
                Err(Rejected::NotImpersonated { sender })
            }
            Origin::Asserted | Origin::Signed => Ok(()),
        }
    }

    /// What the next block asks of a transaction.
    fn rules(&self, view: &ChainView) -> Rules {
        let (spec, head) = (view.spec(), view.head());
        let wall = self.clock.seconds();
        let timestamp = self.settings.time.next(Seconds(head.timestamp), wall);
        let height = Height(head.number.saturating_add(1));
        let blobs = spec.blob_params(timestamp).map(|params| {
            let excess = next_excess_blob_gas(spec, head, timestamp).unwrap_or_default();
            (params, params.calc_blob_fee(excess))
        });
        Rules {
            spec_id: spec.evm_spec(height, timestamp),
            chain_id: spec.chain_id,
            block_gas_limit: self.settings.gas_limit.0,
            gas_cap: spec.transaction_gas_cap(timestamp),
            init_code_bytes: spec
                .limits
                .code_bytes
                .map_or(INIT_CODE_BYTES, |bytes| bytes.saturating_mul(2)),
            base_fee: self.base_fee(view),
            is_base_fee_needed: self.settings.mining.is_instant(),
            min_gas_price: self.settings.min_gas_price.0,
            blobs,
        }
    }
}
