//! What transactions say beside their receipts reaches whoever listens, and changes nothing.

use super::support::{Tx, foreign, on_chain, stranger};
use crate::{
    engine::{Note, judge, propose},
    execution::{AccountPatch, CONSOLE, Console, Failure, Notes, Rewards},
    miner::MiningMode,
    pool::PoolOrder,
};
use alloy_primitives::{Address, Bytes, bytes, hex};

/// Hands its calldata to the console, and returns.
fn speaker() -> Bytes {
    [&hex!("365f5f37 5f5f 365f 73")[..], CONSOLE.as_slice(), &hex!("5afa 00")[..]].concat().into()
}

/// Reverts with its calldata.
const PARROT: Bytes = bytes!("0x365f5f37365ffd");

fn code(code: Bytes) -> AccountPatch {
    AccountPatch { code: Some(code), ..AccountPatch::default() }
}

fn tell(nonce: u64, to: Address, data: Bytes) -> Tx {
    Tx::from(0).nonce(nonce).to(to).value(0).gas(100_000).data(data)
}

#[test]
fn what_a_contract_tells_the_console_comes_before_its_block() {
    on_chain(MiningMode::Manual, async |t| {
        let (mut heads, mut notes) = (t.chain.heads(), t.chain.notes());
        let patches = vec![(stranger(1), code(speaker())), (stranger(2), code(PARROT))];
        t.chain.patch(patches).await.unwrap();
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain.submit(tell(1, stranger(1), bytes!("0x0102")).signed()).await.unwrap();
        t.chain.submit(tell(2, stranger(2), bytes!("0x0304")).signed()).await.unwrap();

        t.chain.mine(1, None).await.unwrap();

        let Note::Block { hash, notes } = notes.try_recv().unwrap() else { panic!("a block's") };
        let crate::engine::HeadEvent::Added(block) = heads.try_recv().unwrap() else { panic!() };
        assert_eq!(hash, block.hash());
        let [(1, told)] = notes.console.as_slice() else { panic!("{notes:?}") };
        assert_eq!(told.calls, [bytes!("0x0102")]);
        assert_eq!(notes.failures, [(2, Failure::Reverted(bytes!("0x0304")))]);
    });
}

#[test]
fn a_block_is_the_same_whether_somebody_listens_or_not() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.patch(vec![(stranger(1), code(speaker()))]).await.unwrap();
        // To the console itself, with money, too: it is an account like any other.
        t.chain.submit(tell(0, stranger(1), bytes!("0x01")).signed()).await.unwrap();
        t.chain.submit(tell(1, CONSOLE, bytes!("0x02")).value(5).signed()).await.unwrap();
        let view = t.chain.view().unwrap();
        let attributes = t.chain.next_attributes(&view);
        let build = |console: Option<&Console>| {
            let ready = t.chain.pool_view().ready_in(PoolOrder::Fees, 0);
            let rewards = Rewards::Given(Some(&[]));
            propose(&view, &attributes, rewards, &mut ready.into_iter(), console).unwrap()
        };

        let (heard, unheard) = (build(Some(&Console::default())), build(None));

        assert_eq!(heard.block, unheard.block);
        assert_eq!(heard.notes.console.len(), 2);
        assert_eq!(unheard.notes, Notes::default());
        assert!(heard.block.receipts.iter().all(|receipt| receipt.status()));
        judge(&view, &foreign(&heard.block)).unwrap();
    });
}

#[test]
fn a_chain_that_is_told_to_be_quiet_names_the_blocks_that_are_not_to_be_printed() {
    on_chain(MiningMode::Manual, async |t| {
        let mut notes = t.chain.notes();
        t.chain.patch(vec![(stranger(1), code(speaker()))]).await.unwrap();
        t.chain.submit(tell(0, stranger(1), bytes!("0x0102")).signed()).await.unwrap();
        t.chain.set_logging(false);
        t.chain.mine(1, None).await.unwrap();
        let quiet = t.chain.view().unwrap().head().hash();
        t.chain.set_logging(true);

        t.chain.mine(1, None).await.unwrap();

        assert!(matches!(notes.try_recv(), Ok(Note::Quiet { hash }) if hash == quiet));
        assert!(notes.try_recv().is_err());
    });
}

#[test]
fn code_at_the_consoles_address_runs_as_anywhere() {
    on_chain(MiningMode::Instant, async |t| {
        let _listening = t.chain.notes();
        t.chain.patch(vec![(CONSOLE, code(PARROT))]).await.unwrap();

        t.chain.submit(tell(0, CONSOLE, bytes!("0x01")).signed()).await.unwrap();

        let view = t.chain.view().unwrap();
        let block = view.block(view.height()).unwrap().unwrap();
        assert!(!block.receipts[0].status());
    });
}
