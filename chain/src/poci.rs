//! Draws, seals and checks the producers of blocks.
