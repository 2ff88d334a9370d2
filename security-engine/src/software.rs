//! Plays a chip with a folder: take the folder away and the chip is absent.
//!
//! `efuse` holds S, `chip.json` what is public and the wrapped keys, `vrf.json` the operator's VRF
//! key on the chip that carries it. Memory holds nothing secret: each call reads S, unwraps one
//! private key, and wipes both. So a chip whose folder goes stops signing at once.

use std::path::{Path, PathBuf};

use alloy_primitives::{B256, FixedBytes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    engine::{P256Public, P256Signature, SecurityEngine, VrfProof, WrappedKeys},
    entropy::Entropy,
    fault::{Fault, Slot},
    folder, keys,
    wrap::{Efuse, Secret, Wrapped},
};

const EFUSE_FILE: &str = "efuse";
const CHIP_FILE: &str = "chip.json";
const VRF_FILE: &str = "vrf.json";

/// A chip made of a folder.
#[derive(Debug)]
pub struct SoftwareChip {
    dir: PathBuf,
    is_read_only: bool,
    chip: ChipFile,
    vrf: Option<VrfFile>,
}

/// `chip.json`: written once, when S is burned. Byte strings are `0x` hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChipFile {
    serial: String,
    model: u32,
    x: B256,
    y: B256,
    bls_key: FixedBytes<48>,
    wrapped_identity: FixedBytes<40>,
    wrapped_bls: FixedBytes<40>,
}

/// `vrf.json`: on one chip of an operator, written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VrfFile {
    key: FixedBytes<33>,
    wrapped: FixedBytes<40>,
}

/// Opens every chip in a folder of chip folders, read only, in the order of their names.
///
/// # Errors
/// [`Fault`] if the folder cannot be listed, or one of the chips does not open.
pub fn open_all(dir: &Path) -> Result<Vec<SoftwareChip>, Fault> {
    folder::subfolders(dir)?.iter().map(|dir| SoftwareChip::open_read_only(dir)).collect()
}

impl SoftwareChip {
    /// Makes a chip: burns a new S, draws its keys, and wraps them. Once per folder, ever.
    ///
    /// # Errors
    /// [`Fault::AlreadyBurned`] if the folder holds anything; otherwise [`Fault::NoEntropy`] or
    /// [`Fault::Storage`], and then there is no chip.
    pub fn create(
        dir: &Path,
        serial: &str,
        model: u32,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Fault> {
        let efuse = Efuse::draw(entropy)?;
        let identity = keys::draw_p256(entropy)?;
        let bls = keys::draw_bls(entropy)?;
        let public = keys::identity_of(&identity)?;
        let chip = ChipFile {
            serial: serial.to_owned(),
            model,
            x: public.x,
            y: public.y,
            bls_key: keys::bls_key_of(&bls)?.into(),
            wrapped_identity: efuse.wrap(&identity).into(),
            wrapped_bls: efuse.wrap(&bls).into(),
        };
        folder::create(dir, &[(EFUSE_FILE, efuse.as_bytes()), (CHIP_FILE, &encode(&chip))])?;
        Ok(Self { dir: dir.to_path_buf(), is_read_only: false, chip, vrf: None })
    }

    /// Opens a chip, for signing and for [`Self::create_vrf_key`].
    ///
    /// # Errors
    /// [`Fault::NotAChip`], [`Fault::Exposed`], [`Fault::Malformed`] for a folder that is not
    /// right; [`Fault::WrongChip`], [`Fault::KeyMismatch`] for keys that are not this chip's.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        let chip: ChipFile = read_json(&dir.join(CHIP_FILE))?
            .ok_or_else(|| Fault::NotAChip { path: dir.to_path_buf(), missing: CHIP_FILE })?;
        let vrf = read_json(&dir.join(VRF_FILE))?;
        let opened = Self { dir: dir.to_path_buf(), is_read_only: false, chip, vrf };
        opened.check_keys()?;
        Ok(opened)
    }

    /// Opens a chip for signing only: nothing is written, whatever is called.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_read_only(dir: &Path) -> Result<Self, Fault> {
        Ok(Self { is_read_only: true, ..Self::open(dir)? })
    }

    /// Draws the operator's VRF key and wraps it under this chip; once, ever.
    ///
    /// # Errors
    /// [`Fault::ReadOnly`], [`Fault::VrfKeyExists`], [`Fault::NoEntropy`], [`Fault::Storage`],
    /// [`Fault::NotAChip`] if the folder is gone.
    pub fn create_vrf_key(&mut self, entropy: &mut dyn Entropy) -> Result<[u8; 33], Fault> {
        if self.is_read_only {
            return Err(Fault::ReadOnly);
        }
        let secret = keys::draw_p256(entropy)?;
        let key = keys::vrf_key_of(&secret)?;
        let file =
            VrfFile { key: key.into(), wrapped: read_efuse(&self.dir)?.wrap(&secret).into() };
        if !folder::add(&self.dir, VRF_FILE, &encode(&file))? {
            return Err(Fault::VrfKeyExists);
        }
        self.vrf = Some(file);
        Ok(key)
    }

    /// The chip's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Unwraps every key once and compares it with the recorded public key.
    fn check_keys(&self) -> Result<(), Fault> {
        let is_right = keys::identity_of(&self.unwrap(Slot::Identity)?)? == self.identity();
        refuse_unless(is_right, Slot::Identity)?;
        let is_right = keys::bls_key_of(&self.unwrap(Slot::Bls)?)? == self.bls_key();
        refuse_unless(is_right, Slot::Bls)?;
        let Some(key) = self.vrf_key() else { return Ok(()) };
        refuse_unless(keys::vrf_key_of(&self.unwrap(Slot::Vrf)?)? == key, Slot::Vrf)
    }

    fn unwrap(&self, slot: Slot) -> Result<Secret, Fault> {
        let wrapped: &Wrapped = match slot {
            Slot::Identity => &self.chip.wrapped_identity,
            Slot::Bls => &self.chip.wrapped_bls,
            Slot::Vrf => &self.vrf.as_ref().ok_or(Fault::NoVrfKey)?.wrapped,
        };
        read_efuse(&self.dir)?.unwrap(slot, wrapped)
    }
}

impl SecurityEngine for SoftwareChip {
    fn serial(&self) -> &str {
        &self.chip.serial
    }

    fn model(&self) -> u32 {
        self.chip.model
    }

    fn identity(&self) -> P256Public {
        P256Public { x: self.chip.x, y: self.chip.y }
    }

    fn bls_key(&self) -> [u8; 48] {
        self.chip.bls_key.0
    }

    fn vrf_key(&self) -> Option<[u8; 33]> {
        self.vrf.as_ref().map(|vrf| vrf.key.0)
    }

    fn wrapped_keys(&self) -> WrappedKeys {
        WrappedKeys {
            identity: self.chip.wrapped_identity.0,
            bls: self.chip.wrapped_bls.0,
            vrf: self.vrf.as_ref().map(|vrf| vrf.wrapped.0),
        }
    }

    fn sign_digest(&self, digest: &[u8; 32]) -> Result<P256Signature, Fault> {
        keys::sign_digest(&self.unwrap(Slot::Identity)?, digest)
    }

    fn bls_sign(&self, msg: &[u8]) -> Result<[u8; 96], Fault> {
        keys::bls_sign(&self.unwrap(Slot::Bls)?, msg)
    }

    fn bls_prove_possession(&self, context: &[u8; 32]) -> Result<[u8; 96], Fault> {
        keys::bls_prove_possession(&self.unwrap(Slot::Bls)?, context)
    }

    fn vrf_prove(&self, alpha: &[u8]) -> Result<VrfProof, Fault> {
        keys::vrf_prove(&self.unwrap(Slot::Vrf)?, alpha)
    }
}

fn refuse_unless(is_right: bool, slot: Slot) -> Result<(), Fault> {
    if is_right { Ok(()) } else { Err(Fault::KeyMismatch { slot }) }
}

fn read_efuse(dir: &Path) -> Result<Efuse, Fault> {
    let path = dir.join(EFUSE_FILE);
    let bytes = folder::find_secret(&path)?
        .ok_or_else(|| Fault::NotAChip { path: dir.to_path_buf(), missing: EFUSE_FILE })?;
    let mut key = Zeroizing::new([0; Efuse::BYTES]);
    if bytes.len() != key.len() {
        return Err(Fault::Malformed { path, source: None });
    }
    key.copy_from_slice(&bytes);
    Ok(Efuse::from_burned(key))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Fault> {
    let Some(bytes) = folder::find(path)? else { return Ok(None) };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(Fault::Malformed { path: path.to_path_buf(), source: Some(error) }),
    }
}

fn encode<T: Serialize>(file: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(file).expect("plain strings and numbers encode");
    bytes.push(b'\n');
    bytes
}
