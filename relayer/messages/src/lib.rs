//! Signs, seals and opens what the parties say to each other.
//!
//! Encodings: `docs/protocol.md`, sections 4 (EIP-712) and 5 (HPKE). Pure but for key files and the randomness of new
//! keys: no clock, no network. No bytes from outside make it panic; no secret is ever shown.

mod access;
mod complaint;
mod dataset;
mod dleq;
mod handover;
mod inbox;
mod keys;
mod keystream;
mod sealed;
mod secret_file;
mod signing;

pub use access::Access;
pub use complaint::complain;
pub use dataset::{DatasetKey, Market, open_dataset_key, seal_dataset_key};
pub use dleq::{CompressedPoint, SharedPoint, prove_shared_point};
pub use handover::{decipher, open_handover, seal_handover, seal_text};
pub use inbox::{
    InboxMessage, Invalid, Parties, REVEAL_GAS, Ratings, RatingsParts, RenterWord, Reveal,
    open_inbox, rating_commitment, seal_inbox,
};
pub use keys::{BadKey, PublicKey, SecretKey};
pub use keystream::{MOST_CIPHERTEXT_BYTES, apply_keystream};
pub use sealed::{Escrow, OpenError, SealError, Sealed};
pub use secret_file::{SecretFileError, create_account, load_account, save_account};
pub use signing::{BadSignature, SignError, sign, signer_of, verify};
pub use utnet_bindings::signed::{
    Acknowledge, EndRental, Handover, JobSpec, OperatorHalf, Order, RentalRequest, RenterHalf,
    SolStruct, job_escrow_domain, order_book_domain, rpoi_escrow_domain,
};
