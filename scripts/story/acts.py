"""The acts of the story, in order. Each step is a public command, and says what it found."""

from story import books, chips, data, disputes, jobs
from story.stage import Failed
from story.wait import until

OPERATORS = (("alpha", 1, 8), ("beta", 2, 4), ("gamma", 3, 4))  # name, DEV account, chips
VENDOR, RELAYER = 0, 5  # DEV accounts
EPOCH = 16
SAMPLE_DELAY = 8  # blocks into the next epoch whose beacon draws what is opened
MOST_LATE = 5  # epochs that may pass without all proofs
FIRST_REWARDED_EPOCHS = 4


def play(stage):
    """All of it."""
    chips_on_disk(stage)
    start_node(stage)
    register(stage)
    start_services(stage)
    availability(stage, FIRST_REWARDED_EPOCHS)
    before = books.balances(stage)
    rental = rent(stage)
    jobs.compute(stage, rental)
    chips.absence(stage)
    chips.rented_absence(stage)
    disputes.interval(stage, rental)
    part(stage, rental)
    pull(stage, rental)
    data.trade(stage, rental)
    books.summary(stage, rental, before)


def dev(account):
    """How a DEV account is named to commands."""
    return f"dev:{account}"


def chips_on_disk(stage):
    """Software security engines, once per data folder."""
    stage.console.step("Chips: software security engines on disk")
    for name, _, count in OPERATORS:
        folder = stage.path("chips", name)
        if folder.exists():
            stage.console.fact(f"{name}: {len(list(folder.iterdir()))} chips are there")
            continue
        made = stage.utnet("chip", "new", "--dir", folder, "--count", count, "--serial", name.upper())
        stage.console.fact(f"{name}: {len(made['chips'])} chips, keys wrapped under each one's S")


def start_node(stage, *more):
    """The one sealing node: it is given the operators' chip folders."""
    stage.console.step("Chain: one node that seals with the drawn chip's own keys")
    words = [stage.binary("utnet"), "node", "--datadir", stage.path("chain"), "--port", stage.given.port]
    words += ["--mixed-mining", "--block-time", 1]
    for name, _, _ in OPERATORS:
        words += ["--chips", stage.path("chips", name)]
    words += more
    listening = stage.start("node", words, r"Listening on (\S+)")
    stage.rpc = f"http://{listening}"
    stage.chain_id = stage.number("eth_chainId")
    stage.console.fact(f"block {stage.number('eth_blockNumber')} at {stage.rpc}, chain id {stage.chain_id}")


def operator_address(stage, account):
    """Address of a DEV account."""
    return stage.utnet("key", "address", "--from", dev(account), is_shown=False)["address"]


def register(stage):
    """Vendor's root, then each operator's chips in one transaction."""
    stage.console.step("Registration: vendor's root, attestations, possession proofs, bonds")
    vendor = operator_address(stage, VENDOR)
    batch = stage.path("batch.json")
    folders = [word for name, _, _ in OPERATORS for word in ("--chips", stage.path("chips", name))]
    if not batch.exists():
        stage.utnet("vendor", "batch", *folders, "--vendor", vendor, "--out", batch)
        posted = stage.utnet("vendor", "post", "--batch", batch, "--from", dev(VENDOR))
        stage.console.fact(f"root {posted['root']} over {posted['chips']} chips, {posted['gasUsed']} gas")
    for name, account, count in OPERATORS:
        known = stage.utnet("chip", "list", operator_address(stage, account), is_shown=False)["chips"]
        if len(known) == count:
            stage.console.fact(f"{name}: {count} chips are registered")
            continue
        done = stage.utnet(
            "chip", "register", "--chips", stage.path("chips", name), "--batch", batch, "--from", dev(account)
        )
        stage.console.fact(f"{name}: {done['chips']} chips in one transaction, {done['gasUsed']} gas")


def start_services(stage):
    """The relayer and the workers, each its own process and data folder."""
    stage.console.step("Services: a relayer and three workers")
    start_relayer(stage)
    for name, account, _ in OPERATORS:
        start_worker(stage, name, account)


def key_file(stage, account):
    """A DEV account's key as a file, for programs that take only files."""
    path = stage.path("keys", f"dev-{account}")
    if not path.exists():
        stage.utnet("key", "dev", account, "--out", path)
    return path


def start_relayer(stage):
    """The relayer; it can delay, never steal or forge."""
    key = key_file(stage, RELAYER)
    inbox = stage.path("keys", "relayer-inbox")
    if not inbox.exists():
        stage.utnet("key", "sealing", "--out", inbox)
    words = [stage.binary("utnet-relayer"), "run", "--rpc", stage.rpc, "--datadir", stage.path("relayer")]
    words += ["--key-file", key, "--inbox-key-file", inbox]
    if stage.contracts:
        words += ["--contracts", stage.contracts]
    listening = stage.start("relayer", words, r"Listening on (?:http://)?(\S+)")
    stage.relayer_url = f"http://{listening}"


def start_worker(stage, name, account, *more):
    """An operator's worker: availability, hand-over, jobs, verdicts."""
    words = [stage.binary("utnet-worker"), "run", *stage.place(), "--datadir", stage.path(f"worker-{name}")]
    words += ["--key-file", key_file(stage, account), "--chips", stage.path("chips", name)]
    words += more
    stage.start(f"worker-{name}", words, r"Listening on (\S+)")


def availability(stage, epochs):
    """Epoch by epoch: one aggregate signature an operator, a sample of it opened in the next one; then rewards flow."""
    prove(stage, epochs)
    draws(stage)


def prove(stage, epochs):
    """Every operator proves every chip in so many epochs, and answers in their rounds. On a busy machine a worker may come too
    late for an epoch: the next one counts then, a few times."""
    stage.console.step("Availability: one aggregate signature per operator and epoch, a drawn sample of leaves opened")
    first, late = stage.number("eth_blockNumber") // EPOCH + 1, 0
    while epochs:
        epoch = stage.number("eth_blockNumber") // EPOCH + 1
        try:
            prove_one(stage, epoch, first)
            epochs -= 1
        except Failed as reason:
            if late == MOST_LATE:
                raise
            late += 1
            stage.console.fact(f"epoch {epoch} does not count: {str(reason).split(':')[0]}")


def prove_one(stage, epoch, first):
    """Goes to an epoch, which all operators prove, and in whose round all of them answer. Of what they proved since the first
    one, the samples are opened by then."""
    reach_epoch(stage, epoch)
    closed = [proof for proof in proofs_of(stage, epoch - 2) if not proof["opened"]]
    if epoch - 2 >= first and closed:
        raise Failed(f"not all operators opened epoch {epoch - 2}: {closed}")
    proofs = proofs_in_time(stage, epoch)
    if len(proofs) != len(OPERATORS):
        raise Failed(f"not all operators proved epoch {epoch}: {proofs}")
    stage.console.fact(f"epoch {epoch}: {sum(p['present'] for p in proofs)} chips present, 0 absent")
    tried = environment(stage, epoch, len(OPERATORS))
    stage.console.fact(f"round {epoch} of the environment proof: all commit to what {tried['program']} gives")


def proofs_in_time(stage, epoch):
    """The proofs of an epoch, once all are there or it is over."""
    end = (epoch + 1) * EPOCH
    _, proofs = until(
        lambda: (stage.number("eth_blockNumber"), proofs_of(stage, epoch)),
        lambda seen: seen[0] >= end or len(seen[1]) == len(OPERATORS),
    ) or (end, proofs_of(stage, epoch))
    return proofs


def environment(stage, epoch, operators):
    """Waits until operators have answered in an epoch's round, and opened all answers of the round before."""
    rows = until(
        lambda: {row["round"]: row for row in stage.utnet("show", "environment", is_shown=False)["rounds"]},
        lambda found: is_answered(found, epoch, operators),
    )
    if rows is None:
        raise Failed(f"not all operators answered in round {epoch}: {stage.utnet('show', 'environment')}")
    return rows[epoch]


def is_answered(rows, epoch, operators):
    """Whether a round has all its commitments, and the one before all that it can open."""
    now, before = rows.get(epoch), rows.get(epoch - 1)
    is_open = before is None or before["reveals"] == before["commitments"]
    return now is not None and now["commitments"] == operators and is_open


def reach_epoch(stage, epoch):
    """Mines up to the first block of an epoch; on the way, whatever is proven is opened."""
    head = stage.number("eth_blockNumber")
    for passed in range(head // EPOCH, epoch):
        openings(stage, passed - 1)
    reach_block(stage, epoch * EPOCH)


def openings(stage, epoch):
    """Lets the sample of an epoch be drawn in the next one, and waits until everybody who proved it has opened it.

    Blocks come with every transaction: where others fill them, whoever computes meanwhile may come after the window.
    """
    if not proofs_of(stage, epoch):
        return []
    reach_block(stage, (epoch + 1) * EPOCH + SAMPLE_DELAY)
    end = (epoch + 2) * EPOCH
    found = until(
        lambda: (stage.number("eth_blockNumber"), proofs_of(stage, epoch)),
        lambda seen: seen[0] >= end or all(proof["opened"] for proof in seen[1]),
        30,
    )
    if found is None:
        raise Failed(f"not all operators opened epoch {epoch}: {proofs_of(stage, epoch)}")
    opened = [proof for proof in found[1] if proof["opened"]]
    stage.console.fact(f"epoch {epoch}: {len(opened)} of {len(found[1])} samples drawn and opened")
    return opened


def reach_block(stage, height):
    """Mines up to a block."""
    missing = height - stage.number("eth_blockNumber")
    if missing > 0:
        stage.utnet("dev", "mine", missing)


def proofs_of(stage, epoch):
    """Proofs of one epoch."""
    rows = stage.utnet("show", "availability", is_shown=False) or []
    return [row for row in rows if row["epoch"] == epoch]


def draws(stage):
    """Blocks per operator beside what the power lets expect."""
    found = stage.utnet("show", "draws")
    rows = [(o["operator"], o["power"], o["blocks"], o["expected"], o["rewards"]) for o in found["operators"]]
    stage.console.table(rows, ("operator", "power", "blocks", "expected", "rewards"))


def rent(stage):
    """Orders, the opening, the sealed hand-over, the acknowledgement."""
    stage.console.step("Funds: a renter's account from the faucet, deposits into the vault")
    number = 1 + len(list(stage.path("rentals", "x").parent.glob("*")))
    folder = stage.path("rentals", f"{number:03}", "x").parent
    renter = {"key": folder / "renter.key", "folder": folder}
    renter["address"] = stage.utnet("key", "new", "--out", renter["key"])["address"]
    stage.utnet("dev", "fund", renter["address"], "--amount", 500)
    stage.utnet("vault", "deposit", "--amount", 300, "--from", renter["key"])
    stage.utnet("vault", "deposit", "--amount", 100, "--from", dev(1))
    return open_rental(stage, renter)


def open_rental(stage, renter):
    """From two signed orders to running time."""
    opened = match(stage, renter)
    stage.console.step("Hand-over: sealed to the renter's key, checked, acknowledged")
    access = renter["folder"] / "access.json"
    got = stage.utnet("rental", "access", opened["id"], "--sealing-key", opened["sealing"], "--out", access)
    stage.console.fact(f"access to {got['worker']}, certificate {got['certFingerprint'][:18]}…")
    started = stage.utnet("rental", "acknowledge", opened["id"], "--from", renter["key"])
    stage.console.fact(f"time runs since {started['startedAt']}")
    return {**opened, "access": access}


def match(stage, renter, account=1, duration=600, deposit=20, money=()):
    """From two signed orders to a rental that waits for the hand-over by a DEV account's worker; `money` names a token."""
    folder = renter["folder"]
    stage.console.step("Orders: an ask and a bid, signed off chain, matched on chain")
    spec = folder / "machine.json"
    spec.write_text('{"environment":"wasmtime 48, libtorch 2.11.0 cpu","resources":{"chips":2,"model":1}}\n')
    terms = ["--price", "0.01", "--duration", duration, "--spec", spec, "--model", 1, *money]
    ask, bid = folder / "ask.json", folder / "bid.json"
    stage.utnet("order", "ask", *terms, "--chips", 8, "--out", ask, "--from", dev(account))
    stage.utnet("order", "post", "--order", ask, "--from", dev(account))
    stage.utnet("order", "bid", *terms, "--chips", 2, "--out", bid, "--from", renter["key"])
    sealing = folder / "sealing.key"
    stage.utnet("key", "sealing", "--out", sealing)
    opened = stage.utnet(
        "rental", "open", "--ask", ask, "--bid", bid, "--sealing-key", sealing, "--deposit", deposit,
        "--from", renter["key"],
    )  # fmt: skip
    stage.console.fact(f"rental {opened['rental']}: {opened['rent']} rent, {opened['deposit']} deposit locked")
    kept = {name: opened[name] for name in ("rent", "deposit", "gasUsed")}
    return {**renter, **kept, "id": opened["rental"], "sealing": sealing}


def part(stage, rental):
    """The end, the ratings, the payment less what an absent chip did not earn."""
    stage.console.step("End: used time is paid, both rate by commitment")
    stage.utnet("rental", "end", rental["id"], "--from", rental["key"])
    rating = rental["folder"] / "rating.json"
    sent = stage.utnet(
        "rental", "rate", rental["id"], "--score", 92, "--access", rental["access"],
        "--relayer", stage.relayer_url, "--out", rating, "--from", rental["key"],
    )  # fmt: skip
    stage.console.fact(f"m_final went sealed to the relayer: {sent['relayer']['state']}")
    stage.utnet("rental", "reveal", "--rating", rating, "--from", rental["key"])
    settled = until(
        lambda: stage.utnet("rental", "show", rental["id"], is_shown=False),
        lambda found: found["state"] == "Settled",
    )
    if settled is None:
        raise Failed(f"rental {rental['id']} did not settle")
    stage.console.fact(
        f"settled: {settled['accrued']} earned, scores {settled['renterScore']} and {settled['operatorScore']}"
    )
    refunded = settled["refundedForAbsence"]
    if refunded == "0 UNC":
        raise Failed(f"a rented chip was absent and nothing went back: {settled}")
    stage.outcome("absent chip", f"{refunded} of the rent went back to the renter")


def pull(stage, rental):
    """Both parties take what is theirs out of the vault."""
    stage.utnet("vault", "withdraw", "--from", rental["key"])
    stage.utnet("vault", "withdraw", "--from", dev(1))
