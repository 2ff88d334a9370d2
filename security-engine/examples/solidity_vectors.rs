//! Writes `test/vectors/chips.json`: real chips for the contracts' tests, the same on every run.
//!
//! `cargo run --release -p utnet-se --example solidity_vectors > test/vectors/chips.json`

use std::{error::Error, io::Write as _};

use alloy_primitives::{Address, B256, U256, address, hex, keccak256};
use serde_json::{Map, Value, json};
use utnet_primitives::{
    AvailabilityRound, ChipAttestation, DrawInput, Epoch, Height, Registry, SystemContract,
    possession_context, system_address,
};
use utnet_se::{P256Signature, SecurityEngine, SeededEntropy, SoftwareChip, aggregate};

const CHAIN_ID: u64 = 31_337;
/// The account of the private key 0xA11CE.
const OPERATOR: Address = address!("0xe05fcC23807536bEe418f142D19fa0d21BB0cfF7");
/// The account of the private key 0xB0B, which takes over chip 0.
const NEW_OPERATOR: Address = address!("0x0376AAc07Ad725E01357B1725B5ceC61aE10473c");
const DEADLINE: u64 = 4_000_000_000;
const CHIPS: usize = 32;
const EPOCH_BLOCKS: u64 = 16;
const EPOCHS: u64 = 8;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let mut entropy = SeededEntropy::new([7; 32]);
    let mut chips = (0..CHIPS)
        .map(|i| {
            let name = format!("TPU-{i:04}");
            SoftwareChip::create(&dir.path().join(&name), &name, 1, &mut entropy)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let [first, second, ..] = chips.as_mut_slice() else { return Err("too few chips".into()) };
    let keys = (first.create_vrf_key(&mut entropy)?, second.create_vrf_key(&mut entropy)?);
    let mut file = registrations(&chips)?;
    file.insert("vrfKey".into(), text(keys.0));
    file.insert("newVrfKey".into(), text(keys.1));
    file.insert("vrf".into(), draw(&chips)?);
    file.insert("transfer".into(), transfer(&chips)?);
    let epochs: Outcome<Map<String, Value>> =
        (1..=EPOCHS).map(|epoch| Ok((format!("e{epoch}"), availability(&chips, epoch)?))).collect();
    file.insert("epochs".into(), Value::Object(epochs?));

    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&file)?)?;
    Ok(())
}

/// What registers all chips for the operator: one list per field.
fn registrations(chips: &[SoftwareChip]) -> Outcome<Map<String, Value>> {
    let signed: Vec<_> =
        chips.iter().map(|chip| attest(chip, OPERATOR, 0)).collect::<Result<_, _>>()?;
    let proofs: Vec<_> =
        chips.iter().map(|chip| possess(chip, OPERATOR)).collect::<Result<_, _>>()?;
    let fields = json!({
        "chainId": CHAIN_ID,
        "registry": registry().address,
        "operator": OPERATOR,
        "newOperator": NEW_OPERATOR,
        "deadline": DEADLINE,
        "x": chips.iter().map(|chip| chip.identity().x).collect::<Vec<_>>(),
        "y": chips.iter().map(|chip| chip.identity().y).collect::<Vec<_>>(),
        "serialHash": chips.iter().map(|chip| keccak256(chip.serial())).collect::<Vec<_>>(),
        "blsKey": chips.iter().map(|chip| text(chip.bls_key())).collect::<Vec<_>>(),
        "wrappedKeys":
            chips.iter().map(|chip| text(chip.wrapped_keys().to_bytes())).collect::<Vec<_>>(),
        "r": signed.iter().map(|signature| signature.r).collect::<Vec<_>>(),
        "s": signed.iter().map(|signature| signature.s).collect::<Vec<_>>(),
        "possession": proofs.iter().map(text).collect::<Vec<_>>(),
    });
    match fields {
        Value::Object(map) => Ok(map),
        _ => Err("an object was written above".into()),
    }
}

/// What registers chip 0 again, for another operator.
fn transfer(chips: &[SoftwareChip]) -> Outcome<Value> {
    let chip = chips.first().ok_or("no chips")?;
    let signature = attest(chip, NEW_OPERATOR, 1)?;
    let possession = text(possess(chip, NEW_OPERATOR)?);
    Ok(json!({ "r": signature.r, "s": signature.s, "possession": possession }))
}

/// Aggregates of one epoch, and what brings chip 7 back in it.
fn availability(chips: &[SoftwareChip], epoch: u64) -> Outcome<Value> {
    let round = AvailabilityRound {
        registry: registry(),
        operator: OPERATOR,
        epoch: Epoch(epoch),
        beacon: beacon(epoch * EPOCH_BLOCKS - 1),
    };
    let message = round.message();
    let signatures: Vec<[u8; 96]> =
        chips.iter().map(|chip| chip.bls_sign(&message.0)).collect::<Result<_, _>>()?;
    let but = |count: usize, absent: &[usize]| -> Outcome<Value> {
        let present: Vec<_> = (0..count)
            .zip(&signatures)
            .filter(|(i, _)| !absent.contains(i))
            .map(|(_, signature)| *signature)
            .collect();
        Ok(text(aggregate(&present)?))
    };
    let resume = chips.get(7).ok_or("too few chips")?.sign_digest(&message.0)?;
    Ok(json!({
        "message": message,
        "of8": but(8, &[])?,
        "of8without7": but(8, &[7])?,
        "of8without2and5": but(8, &[2, 5])?,
        "of32": but(32, &[])?,
        "of32without0and31": but(32, &[0, 31])?,
        "r7": resume.r,
        "s7": resume.s,
    }))
}

/// A draw of the first chip's VRF key.
fn draw(chips: &[SoftwareChip]) -> Outcome<Value> {
    let input = DrawInput { chain_id: CHAIN_ID, height: Height(17), parent_beacon: beacon(16) };
    let proof = chips.first().ok_or("no chips")?.vrf_prove(&input.alpha())?;
    Ok(json!({ "alpha": text(input.alpha()), "pi": text(proof.pi), "beta": text(proof.beta) }))
}

fn attest(chip: &SoftwareChip, operator: Address, nonce: u64) -> Outcome<P256Signature> {
    let bls_key_hash = keccak256(chip.bls_key());
    let attestation = ChipAttestation { operator, bls_key_hash, nonce, deadline: DEADLINE };
    Ok(chip.sign_digest(&attestation.digest(registry()).0)?)
}

fn possess(chip: &SoftwareChip, operator: Address) -> Outcome<[u8; 96]> {
    let context = possession_context(registry(), operator, chip.chip_id());
    Ok(chip.bls_prove_possession(&context.0)?)
}

fn registry() -> Registry {
    Registry { chain_id: CHAIN_ID, address: system_address(SystemContract::PociRegistry) }
}

/// The beacon that the tests give to a height.
fn beacon(height: u64) -> B256 {
    keccak256(U256::from(height).to_be_bytes::<32>())
}

fn text(bytes: impl AsRef<[u8]>) -> Value {
    Value::String(hex::encode_prefixed(bytes))
}
