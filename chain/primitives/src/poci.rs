//! Computes what chips sign and what draws read: the digests of `docs/protocol.md`, section 2.

use crate::{ChipId, Epoch, Height, Power, Round, Tag, tag};
use alloy_primitives::{Address, B256, U256, keccak256};

/// Where a chip is registered: the chain and the registry contract that signed messages name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registry {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `PociRegistry` contract.
    pub address: Address,
}

/// The id of a chip: `keccak256(x ‖ y)` of its P-256 identity.
pub fn chip_id(x: &B256, y: &B256) -> ChipId {
    ChipId(keccak256([x.as_slice(), y.as_slice()].concat()))
}

/// What a BLS proof of possession is bound to, 32 bytes; the signed message is `key ‖ context`.
pub fn possession_context(registry: Registry, operator: Address, chip: ChipId) -> B256 {
    keccak256(words(&[
        tag(Tag::Possession),
        number(registry.chain_id),
        registry.address.into_word(),
        operator.into_word(),
        chip.0,
    ]))
}

/// A chip's statement that an operator may register it; EIP-712, signed with P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChipAttestation {
    /// The account that registers the chip.
    pub operator: Address,
    /// `keccak256` of the 48-byte BLS key.
    pub bls_key_hash: B256,
    /// How often the chip was registered before.
    pub nonce: u64,
    /// Last second, inclusive, in which the registration is accepted.
    pub deadline: u64,
}

impl ChipAttestation {
    /// The EIP-712 digest that the chip signs.
    pub fn digest(&self, registry: Registry) -> B256 {
        let body = keccak256(words(&[
            keccak256(
                "ChipAttestation(address operator,bytes32 blsKeyHash,uint256 nonce,uint64 deadline)",
            ),
            self.operator.into_word(),
            self.bls_key_hash,
            number(self.nonce),
            number(self.deadline),
        ]));
        let domain = keccak256(words(&[
            keccak256(
                "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
            ),
            keccak256("UtilityNet PociRegistry"),
            keccak256("1"),
            number(registry.chain_id),
            registry.address.into_word(),
        ]));
        keccak256([&[0x19, 0x01], domain.as_slice(), body.as_slice()].concat())
    }
}

/// One operator's availability in one epoch: what its present chips sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvailabilityRound {
    /// Chain and registry.
    pub registry: Registry,
    /// The operator whose chips sign.
    pub operator: Address,
    /// The epoch that is proven.
    pub epoch: Epoch,
    /// PREVRANDAO of block `eE - 1`.
    pub beacon: B256,
}

impl AvailabilityRound {
    /// The 32 bytes that every present chip signs, with BLS and with P-256.
    pub fn message(&self) -> B256 {
        keccak256(words(&[
            tag(Tag::Availability),
            number(self.registry.chain_id),
            self.registry.address.into_word(),
            self.operator.into_word(),
            number(self.epoch.0),
            self.beacon,
        ]))
    }
}

/// A leaf of an availability proof: `keccak256(0x00 ‖ index(32) ‖ chipId ‖ r ‖ s)`.
pub fn availability_leaf(index: u64, chip: ChipId, r: &B256, s: &B256) -> B256 {
    keccak256(
        [&[0x00], number(index).as_slice(), chip.0.as_slice(), r.as_slice(), s.as_slice()].concat(),
    )
}

/// An inner node of an availability proof: `keccak256(0x01 ‖ left ‖ right)`.
pub fn availability_node(left: &B256, right: &B256) -> B256 {
    keccak256([&[0x01], left.as_slice(), right.as_slice()].concat())
}

/// What a block's draw reads: nothing of the block itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawInput {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The height that is drawn for.
    pub height: Height,
    /// PREVRANDAO of the block before.
    pub parent_beacon: B256,
}

impl DrawInput {
    /// The VRF's input, 128 bytes: `abi.encode(tag, chainId, height, parentBeacon)`.
    pub fn alpha(&self) -> Vec<u8> {
        words(&[tag(Tag::Draw), number(self.chain_id), number(self.height.0), self.parent_beacon])
    }

    /// The point on the segment line that a round draws, below `total`; `None` without power.
    pub fn kappa(&self, round: Round, total: Power) -> Option<Power> {
        let hash = keccak256(words(&[
            tag(Tag::Round),
            number(self.chain_id),
            self.parent_beacon,
            number(self.height.0),
            number(u64::from(round.0)),
        ]));
        let point = U256::from_be_bytes(hash.0).checked_rem(U256::from(total.0))?;
        u128::try_from(point).ok().map(Power)
    }

    /// The beacon of a block that the genesis sealer makes, since no chip's VRF speaks for it.
    pub fn sealer_beacon(&self) -> B256 {
        keccak256(words(&[
            tag(Tag::SealerBeacon),
            number(self.chain_id),
            number(self.height.0),
            self.parent_beacon,
        ]))
    }
}

/// What the seal under a block signs.
#[derive(Clone, Copy, Debug)]
pub struct SealInput<'a> {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The round that won; `u32::MAX` for the genesis sealer.
    pub round: Round,
    /// The VRF proof, 81 bytes; empty for the genesis sealer.
    pub proof: &'a [u8],
    /// RLP of the header with empty `extraData`.
    pub header_rlp: &'a [u8],
}

impl SealInput<'_> {
    /// `keccak256(tag ‖ chainId(32) ‖ round(32) ‖ pi ‖ rlp(header with empty extraData))`.
    pub fn digest(&self) -> B256 {
        let head = words(&[tag(Tag::Seal), number(self.chain_id), number(u64::from(self.round.0))]);
        keccak256([head.as_slice(), self.proof, self.header_rlp].concat())
    }
}

/// A number as a word.
pub(crate) fn number(n: u64) -> B256 {
    B256::from(U256::from(n))
}

/// Words one after the other, as `abi.encode` puts them.
pub(crate) fn words(list: &[B256]) -> Vec<u8> {
    list.iter().flat_map(|word| word.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> DrawInput {
        DrawInput { chain_id: 31_337, height: Height(7), parent_beacon: B256::repeat_byte(3) }
    }

    #[test]
    fn kappa_stays_below_the_total_power() {
        for round in 0..100 {
            let point = input().kappa(Round(round), Power(16)).expect("there is power");
            assert!(point < Power(16));
        }
    }

    #[test]
    fn nothing_is_drawn_without_power() {
        assert_eq!(input().kappa(Round(0), Power::ZERO), None);
    }

    #[test]
    fn alpha_is_four_words() {
        assert_eq!(input().alpha().len(), 128);
    }
}
