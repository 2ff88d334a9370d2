//! Do the jobs the chain asks for and report results; keep chips registered and available.
