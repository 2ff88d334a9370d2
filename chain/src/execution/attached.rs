//! Encodes what a block carries beside header and body: proof of its producer, roots of old
//! receipts, and what dev cheats changed before it.
//!
//! Usually only the sidecar is there and is stored as it is; it begins with `01` or `02`. Else:
//! `00 ‖ rlp([sidecar, [root, ..], [account, ..]])`, where account =
//! `[address, update, nonce, balance, codeHash, wiped, [[slot, value], ..]]` and update is 0 (kept),
//! 1 (set) or 2 (deleted).

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use utnet_db::{Account, AccountChange, AccountUpdate, StateChanges};

/// The first byte of the long form.
const LONG: u8 = 0x00;

/// What a block carries beside header and body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attached {
    /// Proof of the producer under POCI.
    pub(crate) sidecar: Option<Bytes>,
    /// State roots after each transaction, where receipts carry them.
    pub(crate) roots: Vec<B256>,
    /// What dev cheats changed between the parent and this block, without new code.
    pub(crate) outside: StateChanges,
}

#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Form {
    sidecar: Bytes,
    roots: Vec<B256>,
    outside: Vec<AccountForm>,
}

#[derive(Debug, RlpEncodable, RlpDecodable)]
struct AccountForm {
    address: Address,
    update: u8,
    nonce: u64,
    balance: U256,
    code_hash: B256,
    wiped: bool,
    slots: Vec<SlotForm>,
}

#[derive(Debug, RlpEncodable, RlpDecodable)]
struct SlotForm {
    slot: B256,
    value: U256,
}

impl Attached {
    /// The stored form; `None` if there is nothing.
    pub(crate) fn encode(&self) -> Option<Bytes> {
        if self.roots.is_empty() && self.outside.accounts.is_empty() {
            return self.sidecar.clone();
        }
        let form = Form {
            sidecar: self.sidecar.clone().unwrap_or_default(),
            roots: self.roots.clone(),
            outside: self.outside.accounts.iter().map(to_form).collect(),
        };
        let mut bytes = vec![LONG];
        form.encode(&mut bytes);
        Some(bytes.into())
    }

    /// Reads the stored form; what is damaged reads as nothing.
    pub(crate) fn decode(stored: Option<Bytes>) -> Self {
        let Some(stored) = stored else { return Self::default() };
        let Some((&LONG, mut rest)) = stored.split_first() else {
            return Self { sidecar: Some(stored), ..Self::default() };
        };
        let Ok(form) = Form::decode(&mut rest) else { return Self::default() };
        let accounts = form.outside.into_iter().map(from_form).collect();
        Self {
            sidecar: (!form.sidecar.is_empty()).then_some(form.sidecar),
            roots: form.roots,
            outside: StateChanges { accounts, ..StateChanges::default() },
        }
    }
}

fn to_form((address, change): (&Address, &AccountChange)) -> AccountForm {
    let (update, account) = match change.account {
        AccountUpdate::Unchanged => (0, Account::default()),
        AccountUpdate::Set(account) => (1, account),
        AccountUpdate::Deleted => (2, Account::default()),
    };
    let slots = change.storage.iter();
    AccountForm {
        address: *address,
        update,
        nonce: account.nonce,
        balance: account.balance,
        code_hash: account.bytecode_hash.unwrap_or_default(),
        wiped: change.storage_wiped,
        slots: slots.map(|(slot, value)| SlotForm { slot: *slot, value: *value }).collect(),
    }
}

fn from_form(form: AccountForm) -> (Address, AccountChange) {
    let account = Account {
        nonce: form.nonce,
        balance: form.balance,
        bytecode_hash: (!form.code_hash.is_zero()).then_some(form.code_hash),
    };
    let change = AccountChange {
        account: match form.update {
            1 => AccountUpdate::Set(account),
            2 => AccountUpdate::Deleted,
            _ => AccountUpdate::Unchanged,
        },
        storage_wiped: form.wiped,
        storage: form.slots.into_iter().map(|slot| (slot.slot, slot.value)).collect(),
    };
    (form.address, change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lone_sidecar_is_stored_as_it_is() {
        let sidecar = Bytes::from_static(&[1, 2, 3]);
        let attached = Attached { sidecar: Some(sidecar.clone()), ..Attached::default() };

        assert_eq!(attached.encode(), Some(sidecar));
        assert_eq!(Attached::decode(attached.encode()), attached);
        assert_eq!(Attached::default().encode(), None);
    }

    #[test]
    fn all_parts_survive_the_round_trip() {
        let mut outside = StateChanges::default();
        let account =
            Account { nonce: 3, balance: U256::from(9), bytecode_hash: Some(B256::repeat_byte(4)) };
        outside.set_account(Address::repeat_byte(1), account);
        outside.set_storage(Address::repeat_byte(1), B256::repeat_byte(2), U256::from(5));
        outside.delete_account(Address::repeat_byte(3));
        let attached = Attached {
            sidecar: Some(Bytes::from_static(&[2, 9])),
            roots: vec![B256::repeat_byte(8)],
            outside,
        };

        assert_eq!(Attached::decode(attached.encode()), attached);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            Attached::decode(Some(bytes.into()));
        }
    }
}
