//! Follows a call until it fails, and keeps where each frame stood: an inspector of little memory.

use super::{
    artifacts::{Artifacts, Recognised},
    code::Jump,
};
use alloy_evm::revm::{
    Inspector,
    bytecode::opcode::JUMP,
    handler::FrameResult,
    interpreter::{
        FrameInput, InstructionResult, Interpreter,
        interpreter::EthInterpreter,
        interpreter_types::{Jumps, LegacyBytecode},
    },
};
use alloy_primitives::{Address, Bytes};

/// Instructions within which a frame that hands on its callee's failure reverts.
const HANDING_ON: u64 = 200;

/// Follows frames.
pub(super) struct Follower<'a> {
    artifacts: &'a Artifacts,
    open: Vec<Frame>,
    /// The outermost frame, if it failed.
    pub(super) failed: Option<Failed>,
}

/// A frame that runs.
#[derive(Default)]
struct Frame {
    address: Address,
    is_creation: bool,
    code: Option<Recognised>,
    pc: usize,
    /// Where functions of this frame were jumped into and not yet left.
    calls: Vec<usize>,
    steps: u64,
    /// The last callee, if it failed, and at which step of this frame.
    callee: Option<(Box<Failed>, u64)>,
}

/// A frame that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) address: Address,
    pub(super) is_creation: bool,
    pub(super) code: Option<Recognised>,
    pub(super) pc: usize,
    pub(super) calls: Vec<usize>,
    /// The callee whose failure this one handed on.
    pub(super) cause: Option<Box<Self>>,
    output: Bytes,
}

impl<'a> Follower<'a> {
    pub(super) const fn new(artifacts: &'a Artifacts) -> Self {
        Self { artifacts, open: Vec::new(), failed: None }
    }

    fn close(&mut self, result: InstructionResult, output: &Bytes) {
        let Some(frame) = self.open.pop() else { return };
        let failed = (!result.is_ok()).then(|| frame.failed(output));
        match (self.open.last_mut(), failed) {
            (Some(caller), failed) => {
                caller.callee = failed.map(|failed| (Box::new(failed), caller.steps));
            }
            (None, failed) => self.failed = failed,
        }
    }
}

impl Frame {
    fn of(input: &FrameInput) -> Self {
        let (address, is_creation) = match input {
            FrameInput::Call(call) => (call.bytecode_address, false),
            FrameInput::Create(_) | FrameInput::Empty => (Address::ZERO, true),
        };
        Self { address, is_creation, ..Self::default() }
    }

    fn failed(self, output: &Bytes) -> Failed {
        let hands_on = |(callee, step): &(Box<Failed>, u64)| {
            callee.output == *output && self.steps.saturating_sub(*step) <= HANDING_ON
        };
        Failed {
            cause: self.callee.filter(hands_on).map(|(callee, _)| callee),
            address: self.address,
            is_creation: self.is_creation,
            code: self.code,
            pc: self.pc,
            calls: self.calls,
            output: output.clone(),
        }
    }

    fn step(&mut self, pc: usize, opcode: u8) {
        self.pc = pc;
        self.steps = self.steps.saturating_add(1);
        if opcode != JUMP {
            return;
        }
        let place = self.code.as_ref().and_then(|known| known.code().place(pc));
        match place.map(|place| place.jump) {
            Some(Jump::Into) => self.calls.push(pc),
            Some(Jump::Out) => drop(self.calls.pop()),
            Some(Jump::Other) | None => {}
        }
    }
}

impl<CTX> Inspector<CTX> for Follower<'_> {
    fn frame_start(&mut self, _: &mut CTX, input: &mut FrameInput) -> Option<FrameResult> {
        self.open.push(Frame::of(input));
        None
    }

    fn initialize_interp(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        if let Some(frame) = self.open.last_mut() {
            let code = interpreter.bytecode.bytecode_slice();
            frame.code = self.artifacts.recognise(code, frame.is_creation);
        }
    }

    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        if let Some(frame) = self.open.last_mut() {
            frame.step(interpreter.bytecode.pc(), interpreter.bytecode.opcode());
        }
    }

    fn frame_end(&mut self, _: &mut CTX, _: &FrameInput, result: &mut FrameResult) {
        let result = result.interpreter_result();
        self.close(result.result, &result.output);
    }
}
