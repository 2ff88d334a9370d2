//! Run the chain: execution, POCI, pool, mining, JSON-RPC.
