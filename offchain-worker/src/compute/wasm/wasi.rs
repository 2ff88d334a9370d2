//! Gives a guest the few WASI preview1 calls that need no authority, and refuses the rest.
//!
//! Arguments, stdin, stdout and stderr are real; chance comes from the job's seed; both clocks stand at zero; there is no
//! environment and no file. Any other preview1 import answers ENOSYS; an import from elsewhere makes the module unusable.
//! Every byte that crosses the border costs one unit of fuel, so that a guest cannot make the host work for nothing.

use super::WasmRequest;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};
use wasmtime::{
    Caller, Extern, ExternType, Linker, Memory, Module, ResourceLimiter, Result, StoreLimits,
    StoreLimitsBuilder, Trap, Val, ValType,
};

const MODULE: &str = "wasi_snapshot_preview1";

/// Numbers of preview1's `errno`.
mod errno {
    pub(super) const SUCCESS: i32 = 0;
    pub(super) const BADF: i32 = 8;
    pub(super) const FAULT: i32 = 21;
    pub(super) const NOSYS: i32 = 52;
    pub(super) const SPIPE: i32 = 70;
}

/// `filetype` of a character device: what stdin, stdout and stderr are to a guest.
const CHARACTER_DEVICE: u8 = 2;
/// `fdstat`: type, flags, rights.
const FDSTAT_BYTES: usize = 24;
/// Rights to read and to write a descriptor.
const RIGHTS: u64 = 1 << 1 | 1 << 6;

/// The guest called `proc_exit`.
#[derive(Debug, thiserror::Error)]
#[error("exit status {status}")]
pub(super) struct Exit {
    pub(super) status: i32,
}

/// The guest wrote more than it may.
#[derive(Debug, thiserror::Error)]
#[error("too much output")]
pub(super) struct TooMuchOutput;

/// What a guest can reach.
pub(super) struct Host {
    /// Each argument with its final zero.
    args: Vec<Vec<u8>>,
    stdin: Vec<u8>,
    read: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    output_bytes: u64,
    chance: ChaCha20Rng,
    limits: StoreLimits,
    is_late: Arc<AtomicBool>,
}

impl Host {
    pub(super) fn new(request: &WasmRequest) -> Self {
        let args = std::iter::once("job").chain(request.args.iter().map(String::as_str));
        let limits = StoreLimitsBuilder::new()
            .memory_size(usize::try_from(request.memory_bytes).unwrap_or(usize::MAX))
            .instances(1)
            .memories(1)
            .tables(4)
            .table_elements(100_000)
            .build();
        Self {
            args: args.map(|arg| [arg.as_bytes(), &[0]].concat()).collect(),
            stdin: request.stdin.clone(),
            read: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            output_bytes: request.output_bytes,
            chance: ChaCha20Rng::seed_from_u64(request.seed),
            limits,
            is_late: Arc::new(AtomicBool::new(false)),
        }
    }

    pub(super) fn limits(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    /// Set by the kill switch.
    pub(super) const fn is_late(&self) -> &Arc<AtomicBool> {
        &self.is_late
    }

    /// stdout always, stderr where the guest wrote to it.
    pub(super) fn into_files(self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::from([("stdout".to_owned(), self.stdout)]);
        if !self.stderr.is_empty() {
            files.insert("stderr".to_owned(), self.stderr);
        }
        files
    }

    fn append(&mut self, fd: i32, bytes: &[u8]) -> Result<(), TooMuchOutput> {
        let all = self.stdout.len() + self.stderr.len() + bytes.len();
        if all as u64 > self.output_bytes {
            return Err(TooMuchOutput);
        }
        if fd == 1 { &mut self.stdout } else { &mut self.stderr }.extend_from_slice(bytes);
        Ok(())
    }
}

/// Links what a module imports.
pub(super) fn offer(linker: &mut Linker<Host>, module: &Module) -> Result<()> {
    linker.allow_shadowing(true);
    refuse_all(linker, module)?;
    offer_streams(linker)?;
    offer_facts(linker)
}

fn offer_streams(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(MODULE, "fd_read", fd_read)?;
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "fd_close", |fd: i32| is_stream(fd))?;
    linker.func_wrap(MODULE, "fd_fdstat_get", fd_fdstat_get)?;
    linker.func_wrap(MODULE, "fd_seek", |fd: i32, _by: i64, _from: i32, _out: i32| {
        if is_stream(fd) == errno::SUCCESS { errno::SPIPE } else { errno::BADF }
    })?;
    // No folder is open: the C library asks from descriptor 3 on until it hears this.
    linker.func_wrap(MODULE, "fd_prestat_get", |_fd: i32, _out: i32| errno::BADF)?;
    Ok(())
}

fn offer_facts(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(MODULE, "args_sizes_get", args_sizes_get)?;
    linker.func_wrap(MODULE, "args_get", args_get)?;
    linker.func_wrap(
        MODULE,
        "environ_sizes_get",
        |caller: Caller<'_, Host>, n: i32, len: i32| {
            let mut guest = Guest::of(caller)?;
            Ok(guest.answer(|guest| {
                guest.put(n, &0_u32.to_le_bytes())?;
                guest.put(len, &0_u32.to_le_bytes())
            }))
        },
    )?;
    linker.func_wrap(MODULE, "environ_get", |_list: i32, _bytes: i32| errno::SUCCESS)?;
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |caller: Caller<'_, Host>, _clock: i32, _precision: i64, out: i32| {
            let mut guest = Guest::of(caller)?;
            Ok(guest.answer(|guest| guest.put(out, &0_u64.to_le_bytes())))
        },
    )?;
    linker.func_wrap(MODULE, "random_get", random_get)?;
    linker.func_wrap(MODULE, "sched_yield", || errno::SUCCESS)?;
    linker.func_wrap(MODULE, "proc_exit", |status: i32| -> Result<()> {
        Err(Exit { status }.into())
    })?;
    Ok(())
}

/// Every preview1 function that answers a number answers ENOSYS, until something better takes its place.
fn refuse_all(linker: &mut Linker<Host>, module: &Module) -> Result<()> {
    for import in module.imports().filter(|import| import.module() == MODULE) {
        let ExternType::Func(wanted) = import.ty() else { continue };
        let answers_a_number =
            wanted.results().len() == 1 && wanted.results().all(|kind| kind.matches(&ValType::I32));
        if !answers_a_number {
            continue;
        }
        linker.func_new(MODULE, import.name(), wanted, |_caller, _args, results| {
            if let Some(answer) = results.first_mut() {
                *answer = Val::I32(errno::NOSYS);
            }
            Ok(())
        })?;
    }
    Ok(())
}

const fn is_stream(fd: i32) -> i32 {
    if matches!(fd, 0..=2) { errno::SUCCESS } else { errno::BADF }
}

fn fd_read(caller: Caller<'_, Host>, fd: i32, list: i32, n: i32, out: i32) -> Result<i32> {
    if fd != 0 {
        return Ok(errno::BADF);
    }
    let mut guest = Guest::of(caller)?;
    let room = guest.buffers(list, n);
    let Some(room) = room else { return Ok(errno::FAULT) };
    let mut total = 0_u32;
    for (at, len) in room {
        let host = guest.caller.data_mut();
        let left = host.stdin.get(host.read..).unwrap_or_default();
        let piece = left.get(..left.len().min(len as usize)).unwrap_or_default().to_vec();
        guest.charge(piece.len() as u64)?;
        if guest.put_at(at, &piece).is_none() {
            return Ok(errno::FAULT);
        }
        guest.caller.data_mut().read += piece.len();
        total = total.saturating_add(u32::try_from(piece.len()).unwrap_or(u32::MAX));
    }
    Ok(guest.answer(|guest| guest.put(out, &total.to_le_bytes())))
}

fn fd_write(caller: Caller<'_, Host>, fd: i32, list: i32, n: i32, out: i32) -> Result<i32> {
    if !matches!(fd, 1 | 2) {
        return Ok(errno::BADF);
    }
    let mut guest = Guest::of(caller)?;
    let Some(pieces) = guest.buffers(list, n) else { return Ok(errno::FAULT) };
    let mut total = 0_u32;
    for (at, len) in pieces {
        guest.charge(u64::from(len))?;
        let Some(bytes) = guest.take(at, len) else { return Ok(errno::FAULT) };
        guest.caller.data_mut().append(fd, &bytes)?;
        total = total.saturating_add(len);
    }
    Ok(guest.answer(|guest| guest.put(out, &total.to_le_bytes())))
}

fn fd_fdstat_get(caller: Caller<'_, Host>, fd: i32, out: i32) -> Result<i32> {
    if is_stream(fd) != errno::SUCCESS {
        return Ok(errno::BADF);
    }
    let mut stat = [0; FDSTAT_BYTES];
    stat[0] = CHARACTER_DEVICE;
    stat[8..16].copy_from_slice(&RIGHTS.to_le_bytes());
    let mut guest = Guest::of(caller)?;
    Ok(guest.answer(|guest| guest.put(out, &stat)))
}

fn args_sizes_get(caller: Caller<'_, Host>, n: i32, len: i32) -> Result<i32> {
    let count = u32::try_from(caller.data().args.len()).unwrap_or(u32::MAX);
    let bytes = caller.data().args.iter().map(Vec::len).sum::<usize>();
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let mut guest = Guest::of(caller)?;
    Ok(guest.answer(|guest| {
        guest.put(n, &count.to_le_bytes())?;
        guest.put(len, &bytes.to_le_bytes())
    }))
}

fn args_get(caller: Caller<'_, Host>, list: i32, bytes: i32) -> Result<i32> {
    let args = caller.data().args.clone();
    let mut guest = Guest::of(caller)?;
    guest.charge(args.iter().map(|arg| arg.len() as u64).sum())?;
    Ok(guest.answer(|guest| {
        let (mut slot, mut at) = (address(list), address(bytes));
        for arg in args {
            guest.put_at(slot, &at.to_le_bytes())?;
            guest.put_at(at, &arg)?;
            slot = slot.checked_add(4)?;
            at = at.checked_add(u32::try_from(arg.len()).ok()?)?;
        }
        Some(())
    }))
}

fn random_get(caller: Caller<'_, Host>, at: i32, len: i32) -> Result<i32> {
    let mut guest = Guest::of(caller)?;
    guest.charge(u64::from(address(len)))?;
    Ok(guest.answer(|guest| {
        let (start, len) = (address(at) as usize, address(len) as usize);
        let (memory, host) = guest.memory.data_and_store_mut(&mut guest.caller);
        host.chance.fill_bytes(memory.get_mut(start..start.checked_add(len)?)?);
        Some(())
    }))
}

/// An address or length: WASM's numbers have no sign.
const fn address(number: i32) -> u32 {
    number.cast_unsigned()
}

/// The guest's memory, with all bounds checked.
struct Guest<'a> {
    caller: Caller<'a, Host>,
    memory: Memory,
}

impl<'a> Guest<'a> {
    fn of(mut caller: Caller<'a, Host>) -> Result<Self> {
        match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => Ok(Self { caller, memory }),
            _ => Err(wasmtime::Error::msg("module exports no memory")),
        }
    }

    /// Takes fuel for the host's work.
    fn charge(&mut self, bytes: u64) -> Result<()> {
        match self.caller.get_fuel()?.checked_sub(bytes) {
            Some(left) => self.caller.set_fuel(left),
            None => {
                self.caller.set_fuel(0)?;
                Err(Trap::OutOfFuel.into())
            }
        }
    }

    /// Success, or FAULT where an address lies outside.
    fn answer(&mut self, act: impl FnOnce(&mut Self) -> Option<()>) -> i32 {
        if act(self).is_some() { errno::SUCCESS } else { errno::FAULT }
    }

    fn put(&mut self, at: i32, bytes: &[u8]) -> Option<()> {
        self.put_at(address(at), bytes)
    }

    fn put_at(&mut self, at: u32, bytes: &[u8]) -> Option<()> {
        let start = at as usize;
        let end = start.checked_add(bytes.len())?;
        self.memory.data_mut(&mut self.caller).get_mut(start..end)?.copy_from_slice(bytes);
        Some(())
    }

    fn take(&self, at: u32, len: u32) -> Option<Vec<u8>> {
        let start = at as usize;
        let end = start.checked_add(len as usize)?;
        self.memory.data(&self.caller).get(start..end).map(<[u8]>::to_vec)
    }

    fn number(&self, at: u32) -> Option<u32> {
        let start = at as usize;
        let bytes = self.memory.data(&self.caller).get(start..start.checked_add(4)?)?;
        bytes.try_into().ok().map(u32::from_le_bytes)
    }

    /// Addresses and lengths of an `iovec` list; `None` when it is not in memory or unreasonably long.
    fn buffers(&self, list: i32, n: i32) -> Option<Vec<(u32, u32)>> {
        let n = address(n);
        if n > 1_024 {
            return None;
        }
        (0..n)
            .map(|i| {
                let slot = address(list).checked_add(i.checked_mul(8)?)?;
                Some((self.number(slot)?, self.number(slot.checked_add(4)?)?))
            })
            .collect()
    }
}
