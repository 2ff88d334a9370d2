//! Plays a chain in memory and records what reached it, with faults drawn from a seed, for tests of those who send.
//!
//! It keeps the rules that senders live by: signatures, nonces, the price of a replacement, receipts, blocks linked by
//! hash, reorganisations. It runs no code: a call is answered by a function that the test gives.

mod server;
mod state;

use crate::{BlockRef, CallRequest, Chain, Dispatcher, Fees, Receipt, RpcError};
use alloy_primitives::{Address, B256, Bytes, TxHash, U256};
use alloy_rpc_types_eth::{Filter, Log};
pub use server::serve;
pub use state::Executed;
use state::State;
use std::{
    fmt,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use utnet_primitives::{Gas, Height};

/// Chances of faults, in percent of the requests that they apply to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Seed of all draws.
    pub seed: u64,
    /// A request is lost on its way to the node.
    pub lost_requests: u8,
    /// The node did what it was asked, but the answer is lost.
    pub lost_answers: u8,
    /// The sender's process dies right after the node took a transaction.
    pub crashes: u8,
    /// The pool takes a transaction and forgets it.
    pub forgotten: u8,
}

/// Answers `eth_call` and `eth_estimateGas`: the bytes returned, or the message of a revert.
pub type Answer = Arc<dyn Fn(&CallRequest) -> Result<Bytes, String> + Send + Sync>;

/// A chain in memory. Clones are the same chain.
#[derive(Clone)]
pub struct RecordingChain {
    state: Arc<Mutex<State>>,
    crash: Arc<Notify>,
    answer: Arc<Mutex<Answer>>,
}

impl fmt::Debug for RecordingChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingChain").field("state", &self.locked()).finish_non_exhaustive()
    }
}

impl RecordingChain {
    /// Only block 0, empty; every call is answered with nothing.
    #[must_use]
    pub fn new(chain_id: u64, faults: Faults) -> Self {
        let answer: Answer = Arc::new(|_request| Ok(Bytes::new()));
        Self {
            state: Arc::new(Mutex::new(State::new(chain_id, faults))),
            crash: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
        }
    }

    /// Answers calls with this function from now on.
    pub fn answer_calls(
        &self,
        answer: impl Fn(&CallRequest) -> Result<Bytes, String> + Send + Sync + 'static,
    ) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(answer);
    }

    /// Makes a block of everything in the pool whose turn it is.
    pub fn mine(&self) -> BlockRef {
        self.locked().mine()
    }

    /// Takes the newest blocks back (never block 0); their transactions return to the pool, or are lost by `loses`.
    pub fn reorganise(&self, blocks: usize, loses: bool) {
        self.locked().reorganise(blocks, loses);
    }

    /// Removes all blocks below a height but the first, as a node does that keeps a window.
    pub fn prune(&self, below: Height) {
        self.locked().pruned_below = below;
    }

    /// Empties the pool.
    pub fn forget_pool(&self) {
        self.locked().forget_pool();
    }

    /// Sets base fee and tip.
    pub fn set_fees(&self, fees: Fees) {
        self.locked().fees = fees;
    }

    /// Sets what every account has; more than anybody can spend if never set.
    pub fn set_balance(&self, balance: U256) {
        self.locked().balance = balance;
    }

    /// Changes the chances of faults; the draws go on from where they are.
    pub fn set_faults(&self, faults: Faults) {
        self.locked().faults = faults;
    }

    /// Refuses the next transaction that is offered, with these words.
    pub fn refuse_next(&self, code: i32, message: &str) {
        self.locked().refusals.push_back((code, message.to_owned()));
    }

    /// Adds a log to the next block that is made.
    pub fn emit(&self, log: alloy_primitives::Log) {
        self.locked().emit(log);
    }

    /// What the canonical chain executed, in order.
    #[must_use]
    pub fn executed(&self) -> Vec<Executed> {
        self.locked().executed()
    }

    /// Transactions in the pool.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.locked().pooled()
    }

    /// Completes when a fault wants the sender's process dead; drop the sender then.
    pub async fn crashed(&self) {
        self.crash.notified().await;
    }

    /// One turn of a dispatcher that dies when this chain says so; whether it lives on. What the line loses is no fault.
    ///
    /// # Panics
    /// When the turn fails in a way that is not worth another try.
    pub async fn turn(&self, dispatcher: &mut Dispatcher<Self>) -> bool {
        tokio::select! {
            biased;
            () = self.crashed() => false,
            done = dispatcher.tick() => {
                if let Err(error) = done {
                    assert!(error.is_retryable(), "{error}");
                }
                true
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, method: &'static str) -> Result<MutexGuard<'_, State>, RpcError> {
        let mut state = self.locked();
        let chance = state.faults.lost_requests;
        if state.draws(chance) { Err(State::unreachable(method)) } else { Ok(state) }
    }

    fn run(&self, method: &'static str, request: &CallRequest) -> Result<Bytes, RpcError> {
        drop(self.reach(method)?);
        let answer = Arc::clone(&self.answer.lock().unwrap_or_else(PoisonError::into_inner));
        answer(request).map_err(|message| State::refused(method, 3, message))
    }
}

impl Chain for RecordingChain {
    async fn chain_id(&self) -> Result<u64, RpcError> {
        Ok(self.reach("eth_chainId")?.chain_id)
    }

    async fn head(&self) -> Result<BlockRef, RpcError> {
        Ok(self.reach("eth_getBlockByNumber")?.head())
    }

    async fn block_at(&self, height: Height) -> Result<Option<BlockRef>, RpcError> {
        self.reach("eth_getBlockByNumber")?.kept_block_at(height)
    }

    async fn logs_of(&self, block: B256, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        self.reach("eth_getLogs")?.logs_of(block, filter)
    }

    async fn call(&self, request: &CallRequest) -> Result<Bytes, RpcError> {
        self.run("eth_call", request)
    }

    async fn estimate_gas(&self, request: &CallRequest) -> Result<Gas, RpcError> {
        let method = "eth_estimateGas";
        if request.value > self.reach(method)?.balance {
            return Err(State::refused(method, -32_000, "insufficient funds for transfer".into()));
        }
        self.run(method, request).map(|_output| Gas(50_000))
    }

    async fn fees(&self) -> Result<Fees, RpcError> {
        Ok(self.reach("eth_feeHistory")?.fees)
    }

    async fn mined_nonce(&self, account: Address) -> Result<u64, RpcError> {
        Ok(self.reach("eth_getTransactionCount")?.mined_nonce(account))
    }

    async fn balance(&self, _account: Address) -> Result<U256, RpcError> {
        Ok(self.reach("eth_getBalance")?.balance)
    }

    async fn send_raw(&self, raw: &Bytes) -> Result<TxHash, RpcError> {
        let method = "eth_sendRawTransaction";
        let hash = self.reach(method)?.accept(raw)?;
        let is_crash = {
            let mut state = self.locked();
            let chance = state.faults.crashes;
            state.draws(chance)
        };
        if is_crash {
            self.crash.notify_one();
            pending::<()>().await;
        }
        let mut state = self.locked();
        let chance = state.faults.lost_answers;
        if state.draws(chance) { Err(State::unreachable(method)) } else { Ok(hash) }
    }

    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, RpcError> {
        self.reach("eth_getTransactionReceipt")?.receipt(hash)
    }
}
