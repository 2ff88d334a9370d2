//! Keep the chain on disk: reth-db's traits, tables and encodings over MDBX.
