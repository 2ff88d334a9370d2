//! Name the quantities and ids everybody uses.
