//! Seals a dataset's key to its buyer, and opens it (`docs/protocol.md`, Datasets).
//!
//! The seller itself delivers it on chain, so nothing inside is signed. A changed bit gives another text: one that is
//! not canonical is refused, a wrong key shows at the data's fingerprint.

use crate::{OpenError, PublicKey, SealError, Sealed, SecretKey, keystream};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolType, SolValue, sol_data};
use std::fmt;
use utnet_primitives::{SaleId, Tag, tag};
use zeroize::{Zeroize, Zeroizing};

/// `(dataPointer, key)`.
type Plaintext = (sol_data::String, sol_data::FixedBytes<32>);

/// The market that a sealed key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Market {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `DatasetMarket` contract.
    pub address: Address,
}

impl Market {
    /// HPKE `info` of a key: 128 bytes.
    fn info(&self, sale: SaleId) -> Vec<u8> {
        let chain: B256 = U256::from(self.chain_id).into();
        let words = [tag(Tag::Dataset), chain, self.address.into_word(), sale.0];
        words.iter().flat_map(|word| word.0).collect()
    }
}

/// What a buyer pays for. The key is wiped when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DatasetKey {
    /// Where the sealed bytes are.
    pub data_pointer: String,
    /// What opens them, see [`crate::apply_keystream`].
    pub key: B256,
}

impl fmt::Debug for DatasetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetKey")
            .field("data_pointer", &self.data_pointer)
            .field("key", &"..")
            .finish()
    }
}

impl Drop for DatasetKey {
    fn drop(&mut self) {
        self.key.0.zeroize();
    }
}

/// Seals a key to the buyer of one sale.
///
/// # Errors
/// [`SealError`] when the pointer is too long for the market.
pub fn seal_dataset_key(
    key: &DatasetKey,
    market: &Market,
    sale: SaleId,
    buyer: &PublicKey,
) -> Result<Sealed, SealError> {
    keystream::seal(encode(key), &market.info(sale), buyer)
}

/// Opens a delivered key as the buyer of one sale.
///
/// # Errors
/// [`OpenError`] when it is for somebody or something else, or was changed.
pub fn open_dataset_key(
    sealed: &Sealed,
    market: &Market,
    sale: SaleId,
    buyer: &SecretKey,
) -> Result<DatasetKey, OpenError> {
    let text = keystream::open(sealed, &market.info(sale), buyer)?;
    decode(&text).ok_or(OpenError::NotForUs)
}

fn encode(key: &DatasetKey) -> Zeroizing<Vec<u8>> {
    Zeroizing::new((key.data_pointer.as_str(), key.key).abi_encode_params())
}

/// Decodes only what [`encode`] makes: other encodings of the same values are refused.
fn decode(text: &[u8]) -> Option<DatasetKey> {
    let (data_pointer, key) = Plaintext::abi_decode_params_validate(text).ok()?;
    let key = DatasetKey { data_pointer, key };
    (encode(&key).as_slice() == text).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKET: Market = Market { chain_id: 31_337, address: Address::repeat_byte(5) };
    const SALE: SaleId = SaleId(B256::repeat_byte(6));

    fn a_key() -> DatasetKey {
        DatasetKey {
            data_pointer: "https://data.example/sealed".to_owned(),
            key: B256::repeat_byte(0xab),
        }
    }

    #[test]
    fn the_buyer_opens_what_was_sealed_to_it() {
        let buyer = SecretKey::generate();
        let sealed = seal_dataset_key(&a_key(), &MARKET, SALE, &buyer.public()).unwrap();

        assert_eq!(open_dataset_key(&sealed, &MARKET, SALE, &buyer), Ok(a_key()));
    }

    #[test]
    fn another_buyer_sale_chain_or_market_opens_nothing() {
        let buyer = SecretKey::generate();
        let sealed = seal_dataset_key(&a_key(), &MARKET, SALE, &buyer.public()).unwrap();
        let elsewhere = Market { address: Address::repeat_byte(7), ..MARKET };
        let fork = Market { chain_id: 1, ..MARKET };

        let refused = Err(OpenError::NotForUs);
        assert_eq!(open_dataset_key(&sealed, &MARKET, SALE, &SecretKey::generate()), refused);
        assert_eq!(open_dataset_key(&sealed, &MARKET, SaleId(B256::ZERO), &buyer), refused);
        assert_eq!(open_dataset_key(&sealed, &elsewhere, SALE, &buyer), refused);
        assert_eq!(open_dataset_key(&sealed, &fork, SALE, &buyer), refused);
    }

    #[test]
    fn a_pointer_too_long_for_the_market_is_refused() {
        let key = DatasetKey { data_pointer: "x".repeat(1_000), key: B256::ZERO };
        let sealed = seal_dataset_key(&key, &MARKET, SALE, &SecretKey::generate().public());

        assert!(matches!(sealed, Err(SealError::TooLong { .. })));
    }

    #[test]
    fn the_key_is_not_shown() {
        assert!(!format!("{:?}", a_key()).contains("abab"));
    }
}
