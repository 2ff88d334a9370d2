//! Makes what several tests need.

use crate::compute::torch::process::Process;
use alloy_primitives::{Address, B256, U256};
use utnet_bindings::signed::JobSpec;

/// A specification of zeros.
pub(crate) const fn spec() -> JobSpec {
    JobSpec {
        client: Address::ZERO,
        worker: Address::ZERO,
        rental: B256::ZERO,
        programHash: B256::ZERO,
        inputHash: B256::ZERO,
        environmentHash: B256::ZERO,
        kernelProfile: B256::ZERO,
        seed: 0,
        paramsHash: B256::ZERO,
        tolerance: 0,
        price: 0,
        deadline: 0,
        nonce: U256::ZERO,
    }
}

/// A way to start PyTorch that leads nowhere, for jobs that need none.
pub(crate) fn no_torch() -> Process {
    Process { program: "/nowhere".into(), library_path: None }
}
