"""The act of data: a dataset is published, bargained for, bought, delivered, opened, rated."""

from story.stage import Failed

SELLER = "dev:3"  # gamma sells what it has learned


def trade(stage, renter):
    """The renter of the story buys from an operator."""
    folder = renter["folder"]
    stage.console.step("Data: a dataset is published by its fingerprints, bargained for, and bought")
    plain = folder / "corpus.txt"
    # No two datasets are the same: each story has words of its own at the head.
    plain.write_text(f"corpus of rental {renter['id']}\n" + stage.given.text.read_text())
    licence = folder / "licence.txt"
    licence.write_text("Train with it, do not pass it on.\n")
    published = stage.utnet(
        "dataset", "publish", "--file", plain, "--title", "a licence text, cleaned", "--licence", licence,
        "--price", 3, "--out", folder / "corpus", "--from", SELLER,
    )  # fmt: skip
    dataset = published["dataset"]
    stage.console.fact(f"dataset {dataset}: {published['bytes']} bytes for {published['price']}")
    sealing = folder / "sealing.key"
    seller = stage.utnet("key", "address", "--from", SELLER, is_shown=False)["address"]
    asked, answered = folder / "asked.json", folder / "answered.json"
    stage.utnet("vault", "deposit", "--amount", 5, "--from", renter["key"])
    stage.utnet(
        "dataset", "offer", dataset, "--to", seller, "--price", 1, "--sealing-key", sealing,
        "--out", asked, "--from", renter["key"],
    )  # fmt: skip
    stage.utnet(
        "dataset", "offer", dataset, "--to", renter["address"], "--price", 2, "--out", answered, "--from", SELLER
    )
    bought = stage.utnet(
        "dataset", "buy", dataset, "--offer", answered, "--sealing-key", sealing, "--from", renter["key"]
    )
    stage.console.fact(f"asked 1, answered 2: {bought['price']} locked until second {bought['deadline']}")
    deliver(stage, renter, dataset)


def deliver(stage, renter, dataset):
    """From the sealed key to the opinion."""
    folder = renter["folder"]
    stage.utnet(
        "dataset", "deliver", "--secret", folder / "corpus" / "secret.json", "--buyer", renter["address"],
        "--from", SELLER,
    )  # fmt: skip
    opened = folder / "opened.txt"
    stage.utnet(
        "dataset", "open", dataset, "--buyer", renter["address"], "--sealing-key", folder / "sealing.key",
        "--out", opened,
    )  # fmt: skip
    if opened.read_bytes() != (folder / "corpus.txt").read_bytes():
        raise Failed("what was bought is not what was sold")
    settled = stage.utnet("dataset", "acknowledge", dataset, "--from", renter["key"])
    if settled["state"] != "Settled":
        raise Failed(f"the sale did not settle: {settled}")
    rated = stage.utnet("dataset", "rate", dataset, "--score", 88, "--from", renter["key"])
    stage.outcome("dataset bought", f"opened, checked, paid and rated {rated['score']} with weight {rated['weight']}")
    stage.utnet("vault", "withdraw", "--from", SELLER)
    stage.utnet("vault", "withdraw", "--from", renter["key"])
