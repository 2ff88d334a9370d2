//! Makes chips, registers them and proves them available, as a worker would.

use crate::{
    engine::{
        EngineOptions, Origin, Submission,
        test_support::{START, TestChain, account, on_store},
    },
    execution::{BlockRecord, Founders, Issue, PooledTransaction, install},
    genesis::{ChainSpec, DevGenesis, Limits, SEALER_KEY},
    miner::MiningMode,
    poci::{Chips, Sealer},
};
use alloy_consensus::{SignableTransaction, TxEip1559, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue};
use std::{future::Future, path::Path};
use utnet_bindings::{Availability, EnvironmentProof, PociRegistry, VendorRegistry};
use utnet_db::Store;
use utnet_primitives::{
    AvailabilityRound, ChipAttestation, EnvironmentRound, Epoch, Height, Registry, SystemContract,
    availability_leaf, availability_node, possession_context, system_address,
};
use utnet_se::{P256Signature, SecurityEngine, SeededEntropy, SoftwareChip, aggregate};

/// The dev account that vouches for chips.
const VENDOR: usize = 0;
/// Blocks into the next epoch whose beacon draws the sample of an epoch.
const SAMPLE_DELAY: u64 = 8;
/// The dev account that operates the chips.
pub(crate) const OPERATOR: usize = 1;

/// A dev chain with our contracts.
pub(crate) fn spec(change: impl FnOnce(&mut DevGenesis)) -> ChainSpec {
    let mut dev = DevGenesis { timestamp: START, ..DevGenesis::default() };
    change(&mut dev);
    let mut genesis = dev.build().unwrap();
    let vendor = account(VENDOR).address();
    let issue = Issue::default();
    install(&mut genesis, &Founders { governor: vendor, vendors: vec![vendor], issue }).unwrap();
    ChainSpec::new(genesis, Limits::DEV).unwrap()
}

/// The dev chain's own genesis sealer, with the chips in a folder.
pub(crate) fn sealer(folder: &Path) -> Sealer {
    let key = PrivateKeySigner::from_bytes(&SEALER_KEY).unwrap();
    Sealer::new(Chips::new(vec![folder.to_path_buf()]), Some(key))
}

/// Runs a test on a chain with POCI whose node has the chips of a folder.
pub(crate) fn on_poci<F: Future<Output = ()>>(
    folder: &Path,
    spec: ChainSpec,
    test: impl FnOnce(TestChain) -> F,
) {
    let options = EngineOptions {
        mining: MiningMode::Instant,
        sealer: sealer(folder),
        ..EngineOptions::default()
    };
    on_store(Store::in_memory(), spec, options, test);
}

/// Makes chips in a folder; the first carries the operator's VRF key.
pub(crate) fn make_chips(folder: &Path, count: u8) -> Vec<SoftwareChip> {
    let mut entropy = SeededEntropy::new([7; 32]);
    (0..count)
        .map(|n| {
            let dir = folder.join(format!("chip-{n}"));
            let mut chip = SoftwareChip::create(&dir, &format!("SN-{n}"), 1, &mut entropy).unwrap();
            if n == 0 {
                chip.create_vrf_key(&mut entropy).unwrap();
            }
            chip
        })
        .collect()
}

pub(crate) fn registry() -> Registry {
    Registry { chain_id: 31_337, address: system_address(SystemContract::PociRegistry) }
}

/// Sends a transaction of a dev account and waits for its block.
pub(crate) async fn send(t: &TestChain, from: usize, to: SystemContract, call: Vec<u8>, wei: U256) {
    let signer = account(from);
    let state = t.chain.view().unwrap().state(crate::execution::At::Latest).unwrap();
    let nonce = state.account(signer.address()).unwrap().map_or(0, |a| a.nonce);
    let tx = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 16_000_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(system_address(to)),
        value: wei,
        input: call.into(),
        ..TxEip1559::default()
    };
    let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
    let signed = PooledTransaction::Eip1559(tx.into_signed(signature));
    let transaction = Recovered::new_unchecked(signed, signer.address());
    let hash = t.chain.submit(Submission { transaction, origin: Origin::Signed }).await.unwrap();
    let view = t.chain.view().unwrap();
    let (height, index) = view.transaction(hash).unwrap().expect("mined at once");
    let receipt = view.block(height).unwrap().unwrap().receipts.swap_remove(index);
    assert!(receipt.status(), "{} reverted", to.name());
}

/// Vouches for chips and registers them for the operator. All leaves are in one batch per chip.
pub(crate) async fn register(t: &TestChain, chips: &[SoftwareChip]) {
    let operator = account(OPERATOR).address();
    let mut registrations = Vec::new();
    for chip in chips {
        let batch = vouch(t, chip).await;
        registrations.push(registration(chip, operator, batch));
    }
    let bonds = U256::from(chips.len()) * U256::from(1_000_000_000_000_000_000_u64);
    let vrf_key = chips[0].vrf_key().map_or(Bytes::new(), |key| Bytes::copy_from_slice(&key));
    let call = PociRegistry::registerCall { chips: registrations, vrfKey: vrf_key };
    send(t, OPERATOR, SystemContract::PociRegistry, call.abi_encode(), bonds).await;
}

/// Posts a batch of one chip; returns its id.
async fn vouch(t: &TestChain, chip: &SoftwareChip) -> B256 {
    let identity = chip.identity();
    let model = U256::from(chip.model()).to_be_bytes::<32>();
    let serial = keccak256(chip.serial());
    let parts: [&[u8]; 5] =
        [&[0], identity.x.as_slice(), identity.y.as_slice(), &model, serial.as_slice()];
    let root = keccak256(parts.concat());
    let call = VendorRegistry::postBatchCall { root, model: chip.model(), chips: 1 };
    send(t, VENDOR, SystemContract::VendorRegistry, call.abi_encode(), U256::ZERO).await;
    let vendor = account(VENDOR).address();
    keccak256((vendor, chip.model(), root, 1_u32).abi_encode())
}

fn registration(
    chip: &SoftwareChip,
    operator: Address,
    batch: B256,
) -> PociRegistry::ChipRegistration {
    let (identity, bls_key) = (chip.identity(), chip.bls_key());
    let deadline = START.0 + 1_000_000;
    let attestation =
        ChipAttestation { operator, bls_key_hash: keccak256(bls_key), nonce: 0, deadline };
    let signature = chip.sign_digest(&attestation.digest(registry()).0).unwrap();
    let context = possession_context(registry(), operator, chip.chip_id());
    PociRegistry::ChipRegistration {
        x: identity.x,
        y: identity.y,
        serialHash: keccak256(chip.serial()),
        batch,
        path: Vec::new(),
        r: signature.r,
        s: signature.s,
        deadline,
        blsKey: Bytes::copy_from_slice(&bls_key),
        possession: Bytes::copy_from_slice(&chip.bls_prove_possession(&context.0).unwrap()),
        wrappedKeys: chip.wrapped_keys().to_bytes().into(),
    }
}

/// What an epoch's present chips sign: all of them.
struct Signed {
    epoch: Epoch,
    message: B256,
    seals: Vec<P256Signature>,
    leaf_root: B256,
}

impl Signed {
    /// What all chips, in the order of their places, sign in an epoch.
    fn by(t: &TestChain, chips: &[SoftwareChip], epoch: Epoch) -> Self {
        let view = t.chain.view().unwrap();
        let schedule = view.spec().poci.clone().unwrap();
        let beacon = view.header(schedule.beacon_of(epoch)).unwrap().unwrap().mix_hash;
        let operator = account(OPERATOR).address();
        let message = AvailabilityRound { registry: registry(), operator, epoch, beacon }.message();
        let seals: Vec<_> =
            chips.iter().map(|chip| chip.sign_digest(&message.0).unwrap()).collect();
        let leaf = |(place, (chip, seal)): (u64, (&SoftwareChip, &P256Signature))| {
            availability_leaf(place, chip.chip_id(), &seal.r, &seal.s)
        };
        let leaf_root = root((0_u64..).zip(chips.iter().zip(&seals)).map(leaf).collect());
        Self { epoch, message, seals, leaf_root }
    }
}

/// The root over leaves; the last node of an odd level is promoted.
fn root(mut level: Vec<B256>) -> B256 {
    while level.len() > 1 {
        let above = level.chunks(2).map(|pair| match pair {
            [left, right] => availability_node(left, right),
            alone => alone[0],
        });
        level = above.collect();
    }
    level[0]
}

/// Proves all chips available in the epoch of the next block.
pub(crate) async fn prove(t: &TestChain, chips: &[SoftwareChip]) {
    let view = t.chain.view().unwrap();
    let epoch = view.spec().poci.as_ref().unwrap().epoch_of(Height(view.height().0 + 1));
    let signed = Signed::by(t, chips, epoch);
    let signatures: Vec<_> =
        chips.iter().map(|chip| chip.bls_sign(signed.message.as_slice()).unwrap()).collect();
    let proof = Availability::AvailabilityProof {
        operator: account(OPERATOR).address(),
        epoch: epoch.0,
        absent: Bytes::new(),
        signature: Bytes::copy_from_slice(&aggregate(&signatures).unwrap()),
        leafRoot: signed.leaf_root,
    };
    let call = Availability::proveCall { proof, authority: Bytes::new() };
    send(t, OPERATOR, SystemContract::Availability, call.abi_encode(), U256::ZERO).await;
}

/// Plays the environment proof as the only operator does, whose word is the majority: opens the answer of the epoch before,
/// if there is one, and commits to the next.
pub(crate) async fn answer(t: &TestChain, opens: Option<Epoch>) {
    let (operator, contract) = (account(OPERATOR).address(), SystemContract::EnvironmentProof);
    let (answer, salt) = (B256::repeat_byte(1), B256::repeat_byte(2));
    if let Some(Epoch(round)) = opens {
        let call = EnvironmentProof::revealCall { round, answer, salt };
        send(t, OPERATOR, contract, call.abi_encode(), U256::ZERO).await;
    }
    let view = t.chain.view().unwrap();
    let round = view.spec().poci.as_ref().unwrap().epoch_of(Height(view.height().0 + 1));
    let known = EnvironmentRound { chain_id: 31_337, contract: system_address(contract), round };
    let commitment = known.commitment(operator, answer, salt);
    let call = EnvironmentProof::commitCall { round: round.0, commitment };
    send(t, OPERATOR, contract, call.abi_encode(), U256::ZERO).await;
}

/// Opens what all chips signed in an epoch, as soon as the beacon of its sample is there; so few make it whole.
pub(crate) async fn open(t: &TestChain, chips: &[SoftwareChip], epoch: Epoch) {
    let view = t.chain.view().unwrap();
    let epoch_blocks = view.spec().poci.as_ref().unwrap().epoch_blocks;
    let drawn_at = (epoch.0 + 1) * epoch_blocks + SAMPLE_DELAY;
    t.chain.mine(drawn_at.saturating_sub(view.height().0), None).await.unwrap();
    let signed = Signed::by(t, chips, epoch);
    let leaves = chips.iter().zip(&signed.seals).map(|(chip, seal)| {
        let identity = chip.identity();
        Availability::ChipSignature { x: identity.x, y: identity.y, r: seal.r, s: seal.s }
    });
    let count = u32::try_from(chips.len()).unwrap();
    let opening = Availability::AvailabilityOpening {
        booked: Availability::BookedLeaves {
            operator: account(OPERATOR).address(),
            epoch: signed.epoch.0,
            leafRoot: signed.leaf_root,
            width: count,
            present: count,
            absent: Vec::new(),
        },
        uncounted: Vec::new(),
        leaves: leaves.collect(),
        nodes: Vec::new(),
    };
    let call = Availability::openCall { opening };
    send(t, OPERATOR, SystemContract::Availability, call.abi_encode(), U256::ZERO).await;
}

/// Makes blocks until the next one is the first of an epoch.
pub(crate) async fn reach(t: &TestChain, epoch: Epoch) {
    let view = t.chain.view().unwrap();
    let first = epoch.0 * view.spec().poci.as_ref().unwrap().epoch_blocks;
    let blocks = first.checked_sub(view.height().0 + 1).expect("the epoch is still to come");
    t.chain.mine(blocks, None).await.unwrap();
}

/// The same without any change.
pub(crate) fn default_spec() -> ChainSpec {
    spec(|_| {})
}

/// A chain with two chips from their registration to their first rewards.
pub(crate) async fn earn(t: &TestChain, chips: &[SoftwareChip]) {
    register(t, chips).await;
    for epoch in 1..=3 {
        reach(t, Epoch(epoch)).await;
        prove(t, chips).await;
        answer(t, (epoch > 1).then(|| Epoch(epoch - 1))).await;
        if epoch > 1 {
            open(t, chips, Epoch(epoch - 1)).await;
        }
    }
    reach(t, Epoch(4)).await;
}

/// All blocks of a chain that earned, with its rules.
pub(crate) fn story(folder: &Path) -> (ChainSpec, Vec<BlockRecord>) {
    let chips = make_chips(folder, 2);
    let mut blocks = Vec::new();
    on_poci(folder, default_spec(), async |t| {
        earn(&t, &chips).await;
        t.chain.mine(2, None).await.unwrap();
        let view = t.chain.view().unwrap();
        let all = 1..=view.height().0;
        blocks.extend(all.map(|h| view.block(Height(h)).unwrap().unwrap()));
    });
    (default_spec(), blocks)
}
