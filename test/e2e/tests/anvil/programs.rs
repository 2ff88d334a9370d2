//! Makes small programs for the EVM that mostly run to their end: every opcode finds what it takes on the stack, and
//! loops are counted.

use rand::{Rng, seq::IndexedRandom};

/// An account that a program may call or look at.
pub(crate) type Account = [u8; 20];

/// Slots of storage that programs use.
const SLOTS: u8 = 4;
/// Bytes of memory that programs use, at most.
const MEMORY: u8 = 96;
/// Gas that a program gives whom it calls, at most.
const CALL_GAS: u16 = 30_000;

/// Opcodes by how many values they take; all give one.
const TWO: [u8; 20] = [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17,
    0x18, 0x1a, 0x1b, 0x1d,
];
const THREE: [u8; 2] = [0x08, 0x09];
const ONE: [u8; 3] = [0x15, 0x19, 0x1e];
/// What an opcode reads of the transaction, the block and the machine. Left out is what the two nodes cannot have in
/// common: hashes of blocks, PREVRANDAO, and the base fee that a free call sees, which is zero here as with geth.
const READS: [u8; 17] = [
    0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x45, 0x46, 0x47, 0x58, 0x59,
    0x5a,
];
/// CALL, CALLCODE, DELEGATECALL, STATICCALL.
const CALLS: [u8; 4] = [0xf1, 0xf2, 0xf4, 0xfa];
/// Creation code: of a contract that returns its slot 0, of one that stops, of one that fails.
const CREATIONS: [&[u8]; 3] = [
    &[
        0x67, 0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0x5f, 0x52, 0x60, 0x08, 0x60, 0x18,
        0xf3,
    ],
    &[0x00],
    &[0x5f, 0x5f, 0xfd],
];

/// A program under construction.
struct Program<'a, R> {
    rng: &'a mut R,
    code: Vec<u8>,
    /// Values on the stack at this point.
    depth: usize,
    others: &'a [Account],
}

/// A program that may call these accounts.
pub(crate) fn program(rng: &mut impl Rng, others: &[Account]) -> Vec<u8> {
    let mut program = Program { rng, code: Vec::new(), depth: 0, others };
    for _ in 0..program.rng.random_range(1..14) {
        program.statement(0);
    }
    program.end();
    program.code
}

impl<R: Rng> Program<'_, R> {
    fn op(&mut self, opcode: u8) {
        self.code.push(opcode);
    }

    /// Pushes bytes, without counting: who takes them does not count either.
    fn push(&mut self, bytes: &[u8]) {
        let length = u8::try_from(bytes.len()).expect("at most 32 bytes are pushed");
        self.op(0x5f + length);
        self.code.extend_from_slice(bytes);
    }

    fn number(&mut self, below: u8) {
        let number = self.rng.random_range(0..below);
        self.push(&[number]);
    }

    /// Pushes a small number, a large one, or what lies on top already.
    fn value(&mut self) {
        match self.rng.random_range(0..4) {
            0 | 1 => self.number(8),
            2 => {
                let value: [u8; 32] = self.rng.random();
                self.push(&value);
            }
            _ if self.depth > 0 => self.op(0x80),
            _ => self.op(0x5f),
        }
    }

    fn account(&mut self) {
        let account = *self.others.choose(self.rng).expect("there is somebody to call");
        self.push(&account);
    }

    fn statement(&mut self, level: usize) {
        match self.rng.random_range(0..17) {
            0 => self.compute(),
            1 => self.gives(|this| {
                let opcode = *READS.choose(this.rng).expect("it is not empty");
                this.op(opcode);
            }),
            2 => self.store(0x52, MEMORY),
            3 | 4 => self.store(0x55, SLOTS),
            5 => self.load(0x54, SLOTS),
            6 => self.load(0x51, MEMORY),
            7 => self.store(0x5d, SLOTS),
            8 => self.load(0x5c, SLOTS),
            9 => self.log(),
            10 => self.hash(),
            11 | 12 => self.call(),
            13 => self.create(),
            14 => self.copy(),
            15 if level < 2 => self.branch(level),
            16 if level < 2 => self.repeat(level),
            _ => self.look(),
        }
    }

    /// What leaves one more value on the stack; it goes at once when there are many.
    fn gives(&mut self, work: impl FnOnce(&mut Self)) {
        work(self);
        if self.depth >= 8 || self.rng.random_bool(0.3) {
            self.op(0x50);
        } else {
            self.depth += 1;
        }
    }

    fn compute(&mut self) {
        self.gives(|this| {
            let (takes, opcode) = match this.rng.random_range(0..6) {
                0 => (1, *ONE.choose(this.rng).expect("it is not empty")),
                1 => (3, *THREE.choose(this.rng).expect("it is not empty")),
                _ => (2, *TWO.choose(this.rng).expect("it is not empty")),
            };
            for _ in 0..takes {
                this.value();
            }
            this.op(opcode);
        });
    }

    fn store(&mut self, opcode: u8, places: u8) {
        self.value();
        self.number(places);
        self.op(opcode);
    }

    fn load(&mut self, opcode: u8, places: u8) {
        self.gives(|this| {
            this.number(places);
            this.op(opcode);
        });
    }

    fn log(&mut self) {
        let topics = self.rng.random_range(0..=4);
        for _ in 0..topics {
            self.value();
        }
        self.number(MEMORY);
        self.number(MEMORY);
        self.op(0xa0 + topics);
    }

    fn hash(&mut self) {
        self.gives(|this| {
            this.number(MEMORY);
            this.number(MEMORY);
            this.op(0x20);
        });
    }

    fn call(&mut self) {
        self.gives(|this| {
            for _ in 0..4 {
                this.number(MEMORY);
            }
            let opcode = *CALLS.choose(this.rng).expect("it is not empty");
            if opcode < 0xf4 {
                this.number(3);
            }
            this.account();
            let gas = this.rng.random_range(0..=CALL_GAS);
            this.push(&gas.to_be_bytes());
            this.op(opcode);
        });
    }

    fn create(&mut self) {
        self.gives(|this| {
            let code = *CREATIONS.choose(this.rng).expect("it is not empty");
            let mut word = [0; 32];
            word[..code.len()].copy_from_slice(code);
            this.push(&word);
            this.number(1);
            this.op(0x52);
            let has_salt = this.rng.random_bool(0.5);
            if has_salt {
                this.number(4);
            }
            this.push(&[u8::try_from(code.len()).expect("it is short")]);
            this.number(1);
            this.number(2);
            this.op(if has_salt { 0xf5 } else { 0xf0 });
        });
    }

    /// CALLDATACOPY, CODECOPY, RETURNDATACOPY, MCOPY, EXTCODECOPY.
    fn copy(&mut self) {
        let opcode = *[0x37, 0x39, 0x3e, 0x5e, 0x3c].choose(self.rng).expect("it is not empty");
        if opcode == 0x3e && self.rng.random_bool(0.9) {
            // More than there is fails.
            self.op(0x3d);
            self.push(&[0]);
        } else {
            self.number(MEMORY);
            self.number(MEMORY);
        }
        self.number(MEMORY);
        if opcode == 0x3c {
            self.account();
        }
        self.op(opcode);
    }

    /// BALANCE, EXTCODESIZE, EXTCODEHASH, CALLDATALOAD.
    fn look(&mut self) {
        self.gives(|this| {
            let opcode = *[0x31, 0x3b, 0x3f, 0x35].choose(this.rng).expect("it is not empty");
            if opcode == 0x35 {
                this.number(40);
            } else {
                this.account();
            }
            this.op(opcode);
        });
    }

    /// Statements that leave the stack as it was.
    fn block(&mut self, level: usize) {
        let before = self.depth;
        for _ in 0..self.rng.random_range(1..4) {
            self.statement(level + 1);
        }
        while self.depth > before {
            self.op(0x50);
            self.depth -= 1;
        }
    }

    fn branch(&mut self, level: usize) {
        self.value();
        let place = self.jump_target();
        self.op(0x57);
        self.block(level);
        self.land(place);
    }

    /// A counted loop: the count stays on the stack.
    fn repeat(&mut self, level: usize) {
        self.push(&[3]);
        let start = u16::try_from(self.code.len()).expect("programs are short");
        self.op(0x5b);
        self.depth += 1;
        self.block(level);
        self.depth -= 1;
        self.push(&[1]);
        self.code.extend([0x90, 0x03, 0x80]);
        self.push(&start.to_be_bytes());
        self.code.extend([0x57, 0x50]);
    }

    /// Pushes where to jump, which is not known yet; answers where that is written.
    fn jump_target(&mut self) -> usize {
        self.push(&[0, 0]);
        self.code.len() - 2
    }

    fn land(&mut self, place: usize) {
        let here = u16::try_from(self.code.len()).expect("programs are short");
        self.code[place..place + 2].copy_from_slice(&here.to_be_bytes());
        self.op(0x5b);
    }

    fn end(&mut self) {
        match self.rng.random_range(0..12) {
            0 => self.op(0x00),
            1 | 2 => {
                self.number(MEMORY);
                self.number(MEMORY);
                self.op(0xfd);
            }
            3 => self.op(0xfe),
            4 => self.op(0x0c),
            5 => {
                self.account();
                self.op(0xff);
            }
            6 => {}
            _ => {
                self.number(MEMORY);
                self.number(MEMORY);
                self.op(0xf3);
            }
        }
    }
}
