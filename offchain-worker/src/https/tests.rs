//! Tests the job port.
