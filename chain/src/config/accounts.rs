//! Makes the dev accounts: keys from a phrase, known to everybody.

use super::{args::AccountArgs, error::NodeError};
use crate::rpc::Signers;
use alloy_primitives::{Address, B256, U256};
use alloy_signer_local::{
    LocalSignerError, MnemonicBuilder, PrivateKeySigner,
    coins_bip39::{English, Entropy, Mnemonic},
};
use rand_chacha::{
    ChaCha12Rng,
    rand_core::{RngCore, SeedableRng},
};

/// The dev accounts of one run.
#[derive(Clone, Debug)]
pub(super) struct DevAccounts {
    /// Keys, in order.
    pub(super) keys: Vec<PrivateKeySigner>,
    /// The phrase they come from.
    pub(super) mnemonic: String,
    /// The path, up to the index.
    pub(super) path: String,
    /// Wei that each has in genesis.
    pub(super) balance: U256,
}

impl DevAccounts {
    pub(super) fn new(args: &AccountArgs) -> Result<Self, NodeError> {
        let mnemonic = match (args.mnemonic_random, args.mnemonic_seed_unsafe) {
            (Some(words), _) => random(words)?,
            (None, Some(seed)) => seeded(seed),
            (None, None) => args.mnemonic.clone(),
        };
        let path = args.derivation_path.clone();
        let keys = (0..args.accounts).map(|index| derive(&mnemonic, &path, index));
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Self { keys, mnemonic, path, balance: args.balance })
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.keys.iter().map(PrivateKeySigner::address)
    }

    pub(super) fn signers(&self) -> Signers {
        Signers::new(self.keys.clone())
    }
}

fn derive(mnemonic: &str, path: &str, index: u32) -> Result<PrivateKeySigner, NodeError> {
    let builder = MnemonicBuilder::<English>::default().phrase(mnemonic);
    Ok(builder.derivation_path(format!("{path}{index}"))?.build()?)
}

/// The phrase of a seed, as anvil makes it: a byte of each number that the generator gives.
fn seeded(seed: u64) -> String {
    let mut numbers = ChaCha12Rng::seed_from_u64(seed);
    let entropy: [u8; 16] = std::array::from_fn(|_| numbers.next_u32().to_le_bytes()[0]);
    Mnemonic::<English>::new_from_entropy(entropy.into()).to_phrase()
}

fn random(words: usize) -> Result<String, NodeError> {
    // Each three words stand for four bytes of chance, of which 24 words need 32.
    let chance = B256::random();
    let entropy = chance.get(..words / 3 * 4).unwrap_or(chance.as_slice());
    let entropy = Entropy::from_slice(entropy).map_err(LocalSignerError::from)?;
    Ok(Mnemonic::<English>::new_from_entropy(entropy).to_phrase())
}
