//! Checks the producer of a block made elsewhere: draw, proof, beacon, beneficiary, seal.

use super::{
    PociFault,
    draw::Draw,
    registry::Segment,
    seal::{SEALER_ROUND, bare_rlp},
};
use crate::execution::{ChainView, Producer};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Signature};
use utnet_precompiles::{se, vrf};
use utnet_primitives::{DrawnSidecar, SealInput, SealerSidecar, Seconds, Sidecar};

/// Checks who made the block after the head, and returns who earns it.
///
/// # Errors
/// [`PociFault`] with the first rule that does not hold; [`PociFault::Registry`] when there is no
/// POCI on this chain.
pub fn check_producer(
    view: &ChainView,
    header: &Header,
    sidecar: Option<&[u8]>,
) -> Result<Producer, PociFault> {
    let Some(schedule) = &view.spec().poci else {
        return Err(PociFault::Registry { function: "constructor" });
    };
    let sidecar = Sidecar::decode(sidecar.ok_or(PociFault::NoSidecar)?)?;
    let expected = sidecar.commitment();
    if header.extra_data.as_ref() != expected.as_slice() {
        return Err(PociFault::Commitment { expected });
    }
    let mut draw = Draw::next(view, schedule)?;
    match sidecar {
        Sidecar::Drawn(drawn) => check_drawn(&mut draw, header, &drawn),
        Sidecar::Sealer(sealer) => check_sealer(&draw, header, &sealer),
    }
}

fn check_drawn(
    draw: &mut Draw<'_>,
    header: &Header,
    sidecar: &DrawnSidecar,
) -> Result<Producer, PociFault> {
    let segment = check_round(draw, header, sidecar)?;
    let operator = segment.operator;
    let key = draw.vrf_key(segment)?.ok_or(PociFault::NoVrfKey { operator })?;
    let beacon = vrf::verify(&key, &sidecar.pi, &draw.input.alpha())
        .ok_or(PociFault::DrawProof { operator })?;
    check_beacon(header, beacon.into())?;
    check_beneficiary(header, operator)?;
    let seal = SealInput {
        chain_id: draw.input.chain_id,
        round: sidecar.round,
        proof: &sidecar.pi,
        header_rlp: &bare_rlp(header),
    };
    let signed = se::SeItem {
        digest: seal.digest().0,
        r: sidecar.r.0,
        s: sidecar.s.0,
        x: sidecar.x.0,
        y: sidecar.y.0,
    };
    if !se::verify(&signed) {
        return Err(PociFault::Seal { chip: segment.chip });
    }
    Ok(Producer { operator, chip: segment.chip })
}

/// Checks that the round is open and draws the chip that sealed.
fn check_round(
    draw: &mut Draw<'_>,
    header: &Header,
    sidecar: &DrawnSidecar,
) -> Result<Segment, PociFault> {
    let (round, max_rounds) = (sidecar.round, draw.schedule.max_rounds);
    if round.0 >= max_rounds {
        return Err(PociFault::RoundTooHigh { round, max_rounds });
    }
    let (timestamp, earliest) = (Seconds(header.timestamp), draw.earliest(round));
    if timestamp < earliest {
        return Err(PociFault::TooEarly { timestamp, earliest });
    }
    let drawn = draw.chip(round)?.ok_or(PociFault::NoPower { round })?;
    if drawn.chip != sidecar.chip() {
        return Err(PociFault::WrongChip { sealed: sidecar.chip(), drawn: drawn.chip });
    }
    if !draw.is_active(drawn)? {
        return Err(PociFault::ChipNotActive { chip: drawn.chip });
    }
    Ok(drawn)
}

fn check_sealer(
    draw: &Draw<'_>,
    header: &Header,
    sidecar: &SealerSidecar,
) -> Result<Producer, PociFault> {
    let (power, earliest) = (draw.total, draw.earliest_sealer());
    if Seconds(header.timestamp) < earliest {
        return Err(PociFault::SealerTooEarly { power, earliest });
    }
    let sealer = draw.schedule.sealer;
    check_beacon(header, draw.input.sealer_beacon())?;
    check_beneficiary(header, sealer)?;
    let seal = SealInput {
        chain_id: draw.input.chain_id,
        round: SEALER_ROUND,
        proof: &[],
        header_rlp: &bare_rlp(header),
    };
    match recover(&sidecar.signature, &seal.digest()) {
        Some(signer) if signer == sealer => Ok(Producer::default()),
        _ => Err(PociFault::SealerSeal { sealer }),
    }
}

/// Who signed a digest: r, s and the parity, 0 or 1. Of the two signatures that everybody can make of
/// one, only that with the low s counts.
fn recover(signature: &[u8; 65], digest: &B256) -> Option<Address> {
    let [.., 0 | 1] = signature else { return None };
    let signature = Signature::from_raw_array(signature).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_prehash(digest).ok()
}

fn check_beacon(header: &Header, expected: B256) -> Result<(), PociFault> {
    let found = header.mix_hash;
    if found == expected { Ok(()) } else { Err(PociFault::Beacon { found, expected }) }
}

fn check_beneficiary(header: &Header, expected: Address) -> Result<(), PociFault> {
    let found = header.beneficiary;
    if found == expected { Ok(()) } else { Err(PociFault::Beneficiary { found, expected }) }
}
