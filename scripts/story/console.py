"""Shows the story to a person: steps, commands, facts, charts."""

import shlex
import sys
import time

BLOCKS = " ▁▂▃▄▅▆▇█"


class Console:
    """Writes to standard output; colours only for terminals."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.is_terminal = out.isatty()
        self.started = time.monotonic()
        self.steps = 0

    def colour(self, code, text):
        """Text in a colour, where that can be seen."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_terminal else text

    def line(self, text=""):
        """One line."""
        print(text, file=self.out, flush=True)

    def step(self, title):
        """Begins a step."""
        self.steps += 1
        passed = time.monotonic() - self.started
        self.line("\n" + self.colour("1", f"[{self.steps:2}] {title}") + f"  ({passed:.1f} s)")

    def command(self, words):
        """Shows a command as a person would type it."""
        self.line(self.colour("36", "  $ " + shlex.join(map(str, words))))

    def fact(self, text):
        """Shows what a step found."""
        self.line(f"      {text}")

    def failed(self, failure):
        """Shows why the story ends here."""
        self.line("\n" + self.colour("31", f"failed: {failure}"))

    def chart(self, values, width=60):
        """Falling or rising values as one line of blocks."""
        low, high = min(values), max(values)
        span = (high - low) or 1
        picked = [values[i * len(values) // width] for i in range(width)] if len(values) > width else values
        return "".join(BLOCKS[1 + round((value - low) / span * 7)] for value in picked)

    def table(self, rows, header):
        """Rows with aligned columns; numbers to the right."""
        texts = [list(map(str, row)) for row in [header, *rows]]
        widths = [max(map(len, column)) for column in zip(*texts)]
        for row in texts:
            cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
            self.line("      " + "  ".join(cells))

    def stay_up(self, stage):
        """Says how to use the chain, and waits for Ctrl-C or the end of a process."""
        self.line(self.colour("1", "\nThe chain stays up until Ctrl-C."))
        self.line(f"  RPC       {stage.rpc}  (chain id {stage.chain_id})")
        self.line(f"  relayer   {stage.relayer_url}")
        self.line(f"  data      {stage.datadir}")
        self.line("  DEV accounts (everybody knows these keys: test coins only):")
        for index, (address, key) in enumerate(stage.dev_accounts()):
            self.line(f"    ({index}) {address}  {key}")
        self.line("  cast      " + f"cast block-number --rpc-url {stage.rpc}")
        self.line(f"  MetaMask  add a network: RPC URL {stage.rpc}, chain id {stage.chain_id}, symbol UNC")
        self.line(f"  by hand   utnet --rpc {stage.rpc} show draws")
        stage.wait_for_the_end()
