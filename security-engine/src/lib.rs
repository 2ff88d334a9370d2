//! Sign inside a chip: the proving twin of precompiles.
