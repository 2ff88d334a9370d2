//! Runs a WASM module so that every machine gets the same bytes and the same fuel.
//!
//! Fuel alone decides whether a guest finishes; wall time only kills. NaNs are canonical, relaxed SIMD and threads are off.
//! A guest has stdin, stdout, stderr and its arguments, nothing else (`wasi`).

mod wasi;

#[cfg(test)]
mod tests;

use super::Output;
use alloy_primitives::B256;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};
use wasi::{Exit, Host, TooMuchOutput};
use wasmtime::{Config, Engine, Linker, Module, Store, Trap, UpdateDeadline};

/// Compiled modules kept for the next job with the same program.
const MODULES_KEPT: usize = 16;

/// One run of a guest.
#[derive(Clone, Debug)]
pub struct WasmRequest {
    /// Arguments after the program's name.
    pub args: Vec<String>,
    /// What the guest reads.
    pub stdin: Vec<u8>,
    /// Seed of `random_get`.
    pub seed: u64,
    /// Instructions it may spend, and one for each byte that it reads or writes.
    pub fuel: u64,
    /// Linear memory it may take, in bytes.
    pub memory_bytes: u64,
    /// stdout and stderr together, in bytes.
    pub output_bytes: u64,
    /// Wall time after which it is killed.
    pub kill_after: Duration,
}

/// Why a guest gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WasmError {
    /// The file is no module that runs here.
    #[error("module cannot be used: {0}")]
    Module(String),
    /// The guest spent all its fuel.
    #[error("guest spent all its fuel ({fuel})")]
    OutOfFuel {
        /// What it had.
        fuel: u64,
    },
    /// The guest wrote more than it may.
    #[error("guest wrote more than {limit} bytes")]
    TooMuchOutput {
        /// What it may.
        limit: u64,
    },
    /// The guest did something that WASM forbids.
    #[error("guest trapped: {0}")]
    Trapped(String),
    /// The guest ran longer than this worker allows; on an idle machine it might finish.
    #[error("guest was killed: it ran too long")]
    Killed,
}

/// The engine and the modules that it compiled.
#[derive(Debug)]
pub struct WasmRuntime {
    engine: Engine,
    modules: Mutex<BTreeMap<B256, Module>>,
}

impl WasmRuntime {
    /// Prepares the engine.
    ///
    /// # Errors
    /// [`WasmError::Module`] when this machine is not supported.
    pub fn new() -> Result<Self, WasmError> {
        let mut config = Config::new();
        config
            .consume_fuel(true)
            .epoch_interruption(true)
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false)
            .wasm_memory64(false)
            .wasm_multi_memory(false)
            .max_wasm_stack(512 << 10);
        let engine = Engine::new(&config).map_err(|error| unusable(&error))?;
        Ok(Self { engine, modules: Mutex::new(BTreeMap::new()) })
    }

    /// Runs a module's `_start`. Same module, same request, same bytes out and same fuel.
    ///
    /// A guest that ends with a status other than 0 has a result too: the status is among its metrics.
    ///
    /// # Errors
    /// [`WasmError`]: there is no result.
    pub fn run(
        &self,
        hash: &B256,
        module: &[u8],
        request: &WasmRequest,
    ) -> Result<Output, WasmError> {
        let module = self.compiled(hash, module)?;
        let mut linker = Linker::new(&self.engine);
        wasi::offer(&mut linker, &module).map_err(|error| unusable(&error))?;
        let mut store = self.store(request)?;
        let is_late = store.data().is_late();
        let (_done, watch) = Watch::start(&self.engine, is_late, request.kill_after);
        let ended = start(&mut store, &linker, &module);
        drop(_done);
        watch.end();
        finish(store, ended, request)
    }

    fn compiled(&self, hash: &B256, bytes: &[u8]) -> Result<Module, WasmError> {
        let kept = self.modules.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        if let Some(module) = kept {
            return Ok(module);
        }
        let module = Module::from_binary(&self.engine, bytes).map_err(|error| unusable(&error))?;
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if modules.len() >= MODULES_KEPT {
            modules.pop_first();
        }
        modules.insert(*hash, module.clone());
        Ok(module)
    }

    fn store(&self, request: &WasmRequest) -> Result<Store<Host>, WasmError> {
        let mut store = Store::new(&self.engine, Host::new(request));
        store.limiter(Host::limits);
        store.set_fuel(request.fuel).map_err(|error| unusable(&error))?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            Ok(if context.data().is_late().load(Ordering::Relaxed) {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::Continue(1)
            })
        });
        Ok(store)
    }
}

fn start(store: &mut Store<Host>, linker: &Linker<Host>, module: &Module) -> wasmtime::Result<()> {
    let instance = linker.instantiate(&mut *store, module)?;
    instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(store, ())
}

fn finish(
    store: Store<Host>,
    ended: wasmtime::Result<()>,
    request: &WasmRequest,
) -> Result<Output, WasmError> {
    let status = match ended {
        Ok(()) => 0,
        Err(error) => exit_status(&error, request)?,
    };
    let left = store.get_fuel().map_err(|error| unusable(&error))?;
    let spent = request.fuel.saturating_sub(left);
    let files = store.into_data().into_files();
    let metrics = BTreeMap::from([
        ("exitStatus".to_owned(), i64::from(status)),
        ("fuel".to_owned(), i64::try_from(spent).unwrap_or(i64::MAX)),
    ]);
    Ok(Output { files, metrics, steps: spent })
}

fn exit_status(error: &wasmtime::Error, request: &WasmRequest) -> Result<i32, WasmError> {
    if let Some(exit) = error.downcast_ref::<Exit>() {
        return Ok(exit.status);
    }
    Err(match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => WasmError::OutOfFuel { fuel: request.fuel },
        Some(Trap::Interrupt) => WasmError::Killed,
        Some(trap) => WasmError::Trapped(trap.to_string()),
        None if error.is::<TooMuchOutput>() => {
            WasmError::TooMuchOutput { limit: request.output_bytes }
        }
        None => WasmError::Module(format!("{error:#}")),
    })
}

fn unusable(error: &wasmtime::Error) -> WasmError {
    WasmError::Module(format!("{error:#}"))
}

/// The kill switch: a thread that waits for the guest to end, or for its time to run out.
struct Watch(std::thread::JoinHandle<()>);

impl Watch {
    /// Dropping the sender says that the guest has ended.
    fn start(
        engine: &Engine,
        is_late: &Arc<AtomicBool>,
        kill_after: Duration,
    ) -> (mpsc::Sender<()>, Self) {
        let (done, ended) = mpsc::channel();
        let (engine, is_late) = (engine.clone(), Arc::clone(is_late));
        let thread = std::thread::spawn(move || {
            if ended.recv_timeout(kill_after) == Err(mpsc::RecvTimeoutError::Timeout) {
                is_late.store(true, Ordering::Relaxed);
                engine.increment_epoch();
            }
        });
        (done, Self(thread))
    }

    fn end(self) {
        if self.0.join().is_err() {
            tracing::error!("the kill switch of a guest failed");
        }
    }
}
