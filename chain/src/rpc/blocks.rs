//! Finds the block that a caller means: by number, tag or hash.

use super::{Context, error::RpcError};
use crate::execution::{At, BlockRecord, ChainView, StateView};
use alloy_eips::{BlockId, BlockNumberOrTag};
use utnet_primitives::Height;

/// A block that a caller means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A block of the chain.
    Block(Height),
    /// The block that would be made now.
    Pending,
}

impl Context {
    /// The latest committed snapshot.
    pub(super) fn view(&self) -> Result<ChainView, RpcError> {
        Ok(self.chain.view()?)
    }

    /// The block that a caller means; `None` when it is not on the chain.
    pub(super) fn find_target(
        &self,
        view: &ChainView,
        id: BlockId,
    ) -> Result<Option<Target>, RpcError> {
        let head = view.head().number;
        let back = |epochs: u64| -> Result<_, RpcError> {
            let passed = head.saturating_sub(epochs.saturating_mul(self.slots));
            // What an import marked as final stays so.
            let marked = view.final_height()?.unwrap_or_default();
            Ok(Some(Target::Block(marked.max(Height(passed)).max(view.first()))))
        };
        Ok(match id {
            BlockId::Hash(hash) => view.height_of(hash.block_hash)?.map(Target::Block),
            BlockId::Number(BlockNumberOrTag::Pending) => Some(Target::Pending),
            BlockId::Number(BlockNumberOrTag::Latest) => Some(Target::Block(Height(head))),
            BlockId::Number(BlockNumberOrTag::Safe) => back(1)?,
            BlockId::Number(BlockNumberOrTag::Finalized) => back(2)?,
            BlockId::Number(BlockNumberOrTag::Earliest) => Some(Target::Block(view.first())),
            BlockId::Number(BlockNumberOrTag::Number(number)) => {
                (number <= head).then_some(Target::Block(Height(number)))
            }
        })
    }

    /// The same; a block that is not on the chain is an error.
    pub(super) fn target(&self, view: &ChainView, id: BlockId) -> Result<Target, RpcError> {
        self.find_target(view, id)?.ok_or(RpcError::UnknownBlock(id))
    }

    /// The height of a block that a caller means; the pending one counts as the head.
    pub(super) fn height(&self, view: &ChainView, id: BlockId) -> Result<Height, RpcError> {
        Ok(match self.target(view, id)? {
            Target::Block(height) => height,
            Target::Pending => Height(view.head().number),
        })
    }

    /// The state that a caller means. The head's includes what dev cheats changed since.
    pub(super) fn at(&self, view: &ChainView, id: Option<BlockId>) -> Result<At, RpcError> {
        let height = self.height(view, id.unwrap_or_default())?;
        let is_head = height.0 == view.head().number;
        Ok(if is_head { At::Latest } else { At::After(height) })
    }

    /// The accounts in that state.
    pub(super) fn state(&self, id: Option<BlockId>) -> Result<StateView, RpcError> {
        let view = self.view()?;
        let at = self.at(&view, id)?;
        Ok(view.state(at)?)
    }

    /// A block of the chain, without receipts where these are not kept; `None` when it is not there, or
    /// pending.
    pub(super) fn find_block(&self, id: BlockId) -> Result<Option<BlockRecord>, RpcError> {
        let view = self.view()?;
        match self.find_target(&view, id)? {
            Some(Target::Block(height)) => Ok(view.body(height)?),
            _ => Ok(None),
        }
    }
}
