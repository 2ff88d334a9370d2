"""The three jobs: words counted in WASM, a TorchScript module run, a character model trained."""

import json
import math
import struct

from story.stage import ROOT, Failed

GUEST = ROOT / "target" / "guests" / "wordrank.wasm"


def compute(stage, rental):
    """Submits all three, lets one be checked by a committee, and proves one on chain."""
    stage.console.step(f"Jobs: on {stage.given.text}")
    counted = submit(stage, rental, "wasm", "--program", GUEST, "--input", stage.given.text)
    challenge(stage, rental, counted)
    module, tensors = torch_files(stage, rental)
    inferred = submit(
        stage, rental, "infer", "--program", module, "--input", tensors,
        price=order_inference(stage, rental, module),
    )  # fmt: skip
    trained = submit(stage, rental, "train", "--input", stage.given.text)
    if stage.given.crash:
        crash(stage)
    stage.console.step("Results: files under their hashes, roots committed, revealed, posted")
    check(stage, counted)
    for job in (inferred, trained):
        stage.utnet("job", "wait", job, "--until", "posted")
    fetched = {kind: fetch(stage, rental, kind, job) for kind, job in
               (("wasm", counted), ("infer", inferred), ("train", trained))}
    show_words(stage, fetched["wasm"])
    rental["losses"] = show_losses(stage, fetched["train"])
    stage.console.step("Final: the window closes, workers are paid, a contract proves a leaf")
    paid = {job: stage.utnet("job", "wait", job, "--until", "paid") for job in (counted, inferred, trained)}
    stage.outcome("inference order", f"the answer is final and paid by its bid: {paid[inferred]['price']}")
    proven = stage.utnet("job", "prove", counted)
    stage.console.fact(f"batch {proven['batch']}, leaf {proven['index']}: proven by ResultRollup")
    rental["jobs"] = {"wasm": counted, "infer": inferred, "train": trained}


def order_inference(stage, rental, module):
    """Two orders that name a model and meet; how a request under them is paid."""
    stage.console.step("Inference: an ask and a bid name the model, each validated answer is paid")
    folder = rental["folder"]
    spec, ask, bid = folder / "inference.json", folder / "inference-ask.json", folder / "inference-bid.json"
    spec.write_text('{"answers":"safetensors","model":"a small network over letter frequencies"}\n')
    terms = ["--infer", module, "--price", 2, "--duration", 120, "--spec", spec]
    stage.utnet("order", "ask", *terms, "--chips", 100, "--out", ask, "--from", "dev:1")
    stage.utnet("order", "bid", *terms, "--chips", 10, "--out", bid, "--from", rental["key"])
    return "--ask", ask, "--bid", bid


def submit(stage, rental, kind, *words, price=("--price", 2)):
    """One job; its id."""
    done = stage.utnet(
        "job", "submit", "--access", rental["access"], "--kind", kind, *words, *price,
        "--from", rental["key"],
    )  # fmt: skip
    stage.console.fact(f"job {done['job']}, {done['gasUsed']} gas")
    return done["job"]


def torch_files(stage, rental):
    """A module (the user's, or one that is traced here) and tensors made of the text."""
    module = stage.given.model
    if module is None:
        module = rental["folder"] / "module.pt"
        words = ["trace", "--inputs", 26, "--outputs", 5, "--out", module]
        stage.console.command(["utnet-worker", *map(str, words)])
        stage.run([stage.binary("utnet-worker"), *words])
    tensors = rental["folder"] / "input.safetensors"
    write_tensor(tensors, letter_frequencies(stage.given.text.read_bytes()))
    return module, tensors


def letter_frequencies(text):
    """How often each letter stands in each of 8 parts of a text: 8 rows of 26 shares."""
    rows, size = [], max(1, math.ceil(len(text) / 8))
    for start in range(0, 8 * size, size):
        part = text[start : start + size].lower()
        counts = [part.count(bytes([letter])) for letter in range(ord("a"), ord("z") + 1)]
        rows.append([count / (sum(counts) or 1) for count in counts])
    return rows


def write_tensor(path, rows):
    """One float32 matrix as a safetensors file: length of the header, header, numbers."""
    data = b"".join(struct.pack("<f", value) for row in rows for value in row)
    entry = {"dtype": "F32", "shape": [len(rows), len(rows[0])], "data_offsets": [0, len(data)]}
    header = json.dumps({"input": entry}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def crash(stage):
    """kill -9 of the chain, and on with it from its folder."""
    from story import acts

    stage.console.step("Crash: kill -9 of the chain, then start it again")
    head = stage.ask("eth_getBlockByNumber", "latest", False)
    stage.given.port = int(stage.rpc.rsplit(":", 1)[1])
    stage.programs["node"].kill()
    acts.start_node(stage)
    again = stage.ask("eth_getBlockByNumber", head["number"], False)
    if again is None or again["hash"] != head["hash"]:
        raise Failed(f"block {head['number']} was confirmed as {head['hash']} and is {again and again['hash']}")
    stage.console.fact(f"block {int(head['number'], 16)} is still {head['hash']}: nothing is lost")


def challenge(stage, rental, job):
    """Disputes a result while its window is open, so that a committee is drawn to compute it again."""
    stage.utnet("job", "wait", job, "--until", "posted")
    drawn = stage.utnet("job", "challenge", job, "--from", rental["key"])
    members = [seat["member"] for seat in drawn["committee"]["members"]]
    stage.console.fact(f"batch {drawn['batch']} is checked by {' and '.join(members)}")


def check(stage, job):
    """The drawn operators have computed the same again and agree."""
    stage.console.step("Check: a drawn committee computes one result again, by commit and reveal")
    verdict = stage.utnet("job", "verdict", job)
    if verdict["state"] != "Upheld":
        raise Failed(f"the committee did not agree: {verdict}")
    agreeing, weight = verdict["committee"]["agreeing"], verdict["committee"]["weight"]
    stage.outcome("disputed result", f"{agreeing} of {weight} votes, by power, found the same: {verdict['found'][:18]}…")


def fetch(stage, rental, kind, job):
    """A result, every file checked against the root on chain."""
    folder = rental["folder"] / f"result-{kind}"
    done = stage.utnet("job", "result", job, "--out", folder)
    files = ", ".join(f"{f['name']} ({f['bytes']} bytes)" for f in done["files"])
    stage.console.fact(f"{kind}: {files}")
    return folder, done


def show_words(stage, fetched):
    """The most frequent words."""
    folder, _ = fetched
    text = (folder / "stdout").read_text(errors="replace")
    stage.console.fact("words: " + " ".join(text.split())[:150])


def show_losses(stage, fetched):
    """The loss curve as a small chart, beside the bigram model."""
    folder, done = fetched
    points = json.loads((folder / "curve.json").read_text())
    held_out = [point["held_out"] for point in points]
    bigram = done["metrics"]["bigramLossMicro"] / 1e6
    last = done["metrics"]["heldOutLossMicro"] / 1e6
    stage.console.fact(f"held-out loss {stage.console.chart(held_out)}  {held_out[0]:.3f} to {last:.3f} nats")
    stage.console.fact(f"bigram model on the same text: {bigram:.3f} nats")
    if last >= bigram:
        raise Failed(f"the trained model ({last:.3f}) is no better than bigrams ({bigram:.3f})")
    return {"heldOut": last, "bigram": bigram, "curve": held_out}
