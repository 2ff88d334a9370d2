//! Runs what executes or searches where it disturbs nobody.

use super::{Context, args::Args, error::RpcError, table::Reply};
use jsonrpsee::{Extensions, types::Params};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::available_parallelism,
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::{block_in_place, spawn_blocking},
};

/// A handler that executes or searches.
pub(super) type Handler = fn(&Context, &mut Args) -> Reply;

/// Told with a request whose connection has others under way: they would wait for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct InCompany;

/// Calls that may run at once on threads that also serve connections.
#[derive(Debug)]
pub(super) struct Seats(Semaphore);

impl Seats {
    /// A seat for each core; none where a thread has nobody to take over its other connections.
    pub(super) fn of_this_machine() -> Self {
        let is_alone = Handle::try_current()
            .map_or(true, |handle| handle.runtime_flavor() != RuntimeFlavor::MultiThread);
        let cores = available_parallelism().map_or(1, usize::from);
        Self(Semaphore::new(if is_alone { 0 } else { cores }))
    }
}

/// Runs a handler that takes its time.
pub(super) async fn apart(
    handler: Handler,
    context: Arc<Context>,
    params: Params<'static>,
) -> Reply {
    spawn_blocking(move || handler(&context, &mut Args::new(&params)?)).await?
}

/// Runs a handler that is done soon as a rule: handing it to another thread and its answer back would
/// take longer. Another thread takes over what else this one serves.
pub(super) async fn here(
    handler: Handler,
    context: Arc<Context>,
    params: Params<'static>,
    about: &Extensions,
) -> Reply {
    let seat = match about.get::<InCompany>() {
        Some(InCompany) => None,
        None => context.seats.0.try_acquire().ok(),
    };
    let Some(seat) = seat else {
        return apart(handler, Arc::clone(&context), params).await;
    };
    let run = || handler(&context, &mut Args::new(&params)?);
    let answer = block_in_place(|| catch_unwind(AssertUnwindSafe(run)));
    drop(seat);
    answer.map_err(|_panic| RpcError::Crashed)?
}
