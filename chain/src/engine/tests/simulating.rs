//! Simulated blocks follow the rules of real ones, and leave no trace.

use super::support::{Tx, account, on_chain, stranger};
use crate::{
    engine::{SimulateFault, SimulatedBlock, Simulation, simulate},
    execution::At,
    miner::MiningMode,
};
use alloy_primitives::{Address, U256, bytes};
use alloy_rpc_types_eth::{TransactionRequest, state::AccountOverride};

fn transfer(from: Address, to: Address, wei: u64) -> TransactionRequest {
    TransactionRequest::default().from(from).to(to).value(U256::from(wei))
}

fn block(calls: Vec<TransactionRequest>) -> SimulatedBlock {
    SimulatedBlock { calls, ..SimulatedBlock::default() }
}

#[test]
fn a_simulated_block_is_the_block_that_is_mined_then() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(1, None).await.unwrap();
        let before = t.chain.view().unwrap();
        let call = transfer(account(0).address(), stranger(0), 1)
            .max_fee_per_gas(10_000_000_000)
            .max_priority_fee_per_gas(1_000_000_000)
            .gas_limit(21_000);
        let how = Simulation { is_validated: true, ..Simulation::default() };

        let simulated = simulate(&before, At::Latest, vec![block(vec![call])], how).unwrap();

        t.chain.set_coinbase(before.head().beneficiary).await.unwrap();
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain.mine(1, None).await.unwrap();
        let view = t.chain.view().unwrap();
        let (mined, alike) = (view.head(), &simulated[0].block.header);
        // The dev chain's PREVRANDAO is not zero, and only mined transactions are signed.
        assert_eq!(alike.parent_hash, mined.parent_hash);
        assert_eq!(alike.receipts_root, mined.receipts_root);
        assert_eq!(alike.gas_used, mined.gas_used);
        assert_eq!(alike.base_fee_per_gas, mined.base_fee_per_gas);
    });
}

#[test]
fn a_block_sees_what_the_one_before_it_left() {
    on_chain(MiningMode::Manual, async |t| {
        let view = t.chain.view().unwrap();
        let poor = stranger(1);
        let blocks = vec![
            block(vec![transfer(account(0).address(), poor, 5)]),
            block(vec![transfer(poor, stranger(2), 5)]),
        ];

        let simulated = simulate(&view, At::Latest, blocks, Simulation::default()).unwrap();

        assert!(simulated.iter().all(|block| block.calls[0].result.is_success()));
        let first = simulated[0].block.hash();
        assert_eq!(simulated[1].block.header.parent_hash, first);
        assert_eq!(t.chain.view().unwrap().head().hash(), view.head().hash());
    });
}

#[test]
fn gaps_are_filled_and_order_is_kept() {
    on_chain(MiningMode::Manual, async |t| {
        let view = t.chain.view().unwrap();
        let numbered = |number: u64| {
            let mut one = SimulatedBlock::default();
            one.block_overrides.get_or_insert_default().fields.number = Some(U256::from(number));
            one
        };
        let run = |blocks| simulate(&view, At::Latest, blocks, Simulation::default());

        let filled = run(vec![numbered(3), numbered(5)]).unwrap();
        let backwards = run(vec![numbered(3), numbered(3)]).unwrap_err();
        let far = run(vec![numbered(257)]).unwrap_err();

        let numbers: Vec<_> = filled.iter().map(|block| block.block.header.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        assert!(matches!(backwards, SimulateFault::NumberOrder { asked: 3, .. }), "{backwards}");
        assert!(matches!(far, SimulateFault::TooManyBlocks { most: 256 }), "{far}");
    });
}

#[test]
fn payments_are_logged_where_they_last() {
    on_chain(MiningMode::Manual, async |t| {
        let view = t.chain.view().unwrap();
        let (pays, fails) = (stranger(7), stranger(8));
        let mut one = block(vec![
            transfer(account(0).address(), pays, 5),
            transfer(account(0).address(), fails, 5),
        ]);
        let code = |code| AccountOverride { code: Some(code), ..AccountOverride::default() };
        let overrides = one.state_overrides.get_or_insert_default();
        overrides.insert(pays, code(bytes!("00")));
        overrides.insert(fails, code(bytes!("5f5ffd")));
        let how = Simulation { traces_transfers: true, ..Simulation::default() };

        let simulated = simulate(&view, At::Latest, vec![one], how).unwrap();

        let calls = &simulated[0].calls;
        assert_eq!(calls[0].logs.len(), 1);
        assert_eq!(calls[0].logs[0].log.data.data[..], U256::from(5).to_be_bytes::<32>());
        assert_eq!((calls[1].result.is_success(), calls[1].logs.len()), (false, 0));
        assert!(simulated[0].block.receipts.iter().all(|receipt| receipt.logs().is_empty()));
    });
}

#[test]
fn a_call_that_would_not_be_valid_is_refused_only_with_validation() {
    on_chain(MiningMode::Manual, async |t| {
        let view = t.chain.view().unwrap();
        let call = transfer(account(0).address(), stranger(0), 1).nonce(7);
        let run = |is_validated| {
            let how = Simulation { is_validated, ..Simulation::default() };
            simulate(&view, At::Latest, vec![block(vec![call.clone()])], how)
        };

        assert!(run(false).is_ok());
        let refused = run(true).unwrap_err();
        assert!(matches!(refused, SimulateFault::Nonce { asked: 7, next: 0, .. }), "{refused}");
    });
}
