"""Starts and stops the programs, and runs commands between them."""

import json
import pathlib
import queue
import re
import signal
import subprocess
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 10
COMMAND_SECONDS = 180


class Failed(Exception):
    """A step did not do what it should; the message says which and why."""


class Program:
    """A process of ours, with its log, and what it announced at its start."""

    def __init__(self, name, words, log, pattern):
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self.errors = open(log, "ab")  # closed with the process
        self.process = subprocess.Popen(
            [str(word) for word in words],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us first; we stop them in order
        )
        self.lines = []
        self.announced = self._listen(pattern)

    def _listen(self, pattern):
        """Reads its standard output for ever; returns what the pattern found first."""
        found = queue.Queue()

        def pump():
            for raw in self.process.stdout:
                text = raw.decode(errors="replace")
                self.errors.write(raw)
                self.errors.flush()
                self.lines.append(text)
                match = re.search(pattern, text)
                if match:
                    found.put(match[1])
            found.put(None)

        threading.Thread(target=pump, daemon=True).start()
        try:
            announced = found.get(timeout=START_SECONDS)
        except queue.Empty:
            announced = None
        if announced is None:
            self.kill()
            raise Failed(f"{self.name} did not start: see {self.log}\n{self.tail()}")
        return announced

    def tail(self):
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])

    def stop(self):
        """Asks it to end, and insists after a while."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self.errors.close()

    def kill(self):
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Stage:
    """The programs of one story, on one data folder."""

    def __init__(self, given, console):
        self.given = given
        self.console = console
        self.datadir = given.datadir.resolve()
        self.programs = {}
        self.rpc = self.relayer_url = self.chain_id = None
        self.contracts = None  # a file, where they do not stand as in genesis
        self.command_seconds = COMMAND_SECONDS
        self.outcomes = {}  # how each act ended, by its name

    def __enter__(self):
        self.datadir.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_):
        for program in reversed(list(self.programs.values())):
            program.stop()

    def path(self, *parts):
        """A file of the story."""
        path = self.datadir.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def start(self, name, words, pattern):
        """Starts a program and waits until it says where it listens."""
        self.console.command([pathlib.Path(words[0]).name, *words[1:]])
        program = Program(name, words, self.path("logs", f"{name}.log"), pattern)
        self.programs[name] = program
        return program.announced

    def binary(self, name):
        """The path of one of our programs."""
        return self.given.bin / name

    def utnet(self, *words, is_shown=True):
        """Runs a `utnet` command and returns what it found."""
        words = [str(word) for word in words]
        if is_shown:
            self.console.command(["utnet", *words])
        return self.run([self.binary("utnet"), *words, "--json", *self.place()])

    def outcome(self, act, text):
        """Notes how an act ended, for the summary, and shows it."""
        self.outcomes[act] = text
        self.console.fact(text)

    def place(self):
        """The flags by which programs find the node and the contracts."""
        words = ["--rpc", self.rpc] if self.rpc else []
        return words + (["--contracts", self.contracts] if self.contracts else [])

    def address(self, contract):
        """Where a contract stands that does not as in genesis."""
        return json.loads(self.contracts.read_text())["contracts"][contract]

    def run(self, words):
        """Runs a command that answers with JSON."""
        try:
            done = subprocess.run(
                [str(word) for word in words], capture_output=True, text=True, timeout=self.command_seconds
            )
        except subprocess.TimeoutExpired as late:
            raise Failed(f"{words[0]} {words[1]} took more than {self.command_seconds} s") from late
        if done.returncode != 0:
            raise Failed(done.stderr.strip() or f"{words} ended with {done.returncode}")
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else None

    def ask(self, method, *params):
        """A JSON-RPC call to the node."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        request = urllib.request.Request(self.rpc, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
        if "error" in found:
            raise Failed(f"{method}: {found['error']['message']}")
        return found["result"]

    def number(self, method, *params):
        """A JSON-RPC call that answers with a quantity."""
        return int(self.ask(method, *params), 16)

    def dev_accounts(self):
        """Addresses and keys as the node printed them."""
        text = "".join(self.programs["node"].lines)
        pairs = re.findall(r"\((\d+)\)\s+(0x[0-9a-fA-F]{40,64})", text)
        addresses = [value for _, value in pairs if len(value) == 42]
        keys = [value for _, value in pairs if len(value) == 66]
        return list(zip(addresses, keys))

    def wait_for_the_end(self):
        """Waits for Ctrl-C; a program that ends by itself is an error."""
        while True:
            for program in self.programs.values():
                try:
                    program.process.wait(1)
                except subprocess.TimeoutExpired:
                    continue
                raise Failed(f"{program.name} ended: see {program.log}\n{program.tail()}")
