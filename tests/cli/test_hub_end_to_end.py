"""Train on, evaluate and tag a data set of the hub from the command line, then again from the cache alone.

The hub is a server on the loopback address that answers as the real one does; each command runs in a process of
its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakehub import FakeHub, client_environment
from tests.tiny import TOML, sentences

pytestmark = pytest.mark.slow

NAME = "acme/treebanks"
UPOS = ("PRON", "DET", "NOUN", "VERB", "AUX", "ADV", "PUNCT")
CARD = """---
configs:
- config_name: xx_tiny
  data_files:
  - split: train
    path: parquet/xx_tiny/train.parquet
  - split: dev
    path: parquet/xx_tiny/dev.parquet
  - split: test
    path: parquet/xx_tiny/test.parquet
- config_name: yy_other
  data_files:
  - split: train
    path: parquet/yy_other/train.parquet
---
# Treebanks
"""


def parquet(number: int, seed: int) -> bytes:
    """Sentences as a treebank's file: label ids, whose names are in the metadata."""
    made = sentences(number, seed)
    columns = {
        "tokens": [words for words, _ in made],
        "upos": [[UPOS.index(tag) for tag in tags] for _, tags in made],
        "text": [" ".join(words) for words, _ in made],
    }
    string = {"dtype": "string", "_type": "Value"}
    features = {
        "tokens": {"feature": string, "_type": "List"},
        "upos": {"feature": {"names": list(UPOS), "_type": "ClassLabel"}, "_type": "List"},
        "text": string,
    }
    info = json.dumps({"info": {"features": features}})
    stream = BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata({"huggingface": info}), stream)
    return stream.getvalue()


def test_train_and_evaluate_online_and_from_the_cache(tmp_path: Path) -> None:
    files = {f"parquet/xx_tiny/{part}.parquet": parquet(*size) for part, size in SIZES.items()}
    (tmp_path / "quick.toml").write_text(TOML, encoding="utf-8")
    with FakeHub() as hub:
        hub.cdn = True  # parquet files come by a redirect
        hub.add(NAME, {"README.md": CARD.encode(), **files, "parquet/yy_other/train.parquet": b"never asked for"})
        commands = Commands(tmp_path, hub.url)
        shown = commands.run("train", "pos", f"{NAME}:xx_tiny", *TRAINING, "--out", "m1")
        assert "60 sentences" in shown
        assert "7 labels" in shown
        hub.fail_first, hub.fail_in = 1, "/resolve/"  # overloaded once, then well again
        online = commands.scores("m1")
        assert online["tokens"] == sum(len(words) for words, _ in sentences(*SIZES["test"]))
        asked = [request for request in hub.requests if request.path.endswith(".parquet")]
        assert commands.streamed_accuracy("m1") == online["accuracy"]
    assert {request.path.rpartition("/parquet/")[2] for request in asked} == {
        f"xx_tiny/{part}.parquet" for part in SIZES
    }
    assert 503 in {request.status for request in hub.requests}
    with ThreadPoolExecutor() as both:  # the hub is gone
        training = both.submit(commands.run, "train", "pos", f"{NAME}:xx_tiny", *TRAINING, "--out", "m2", "--offline")
        assert commands.scores("m1", "--offline") == online
        training.result()
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("m1", "m2")]
    assert weights[0] == weights[1]


SIZES = {"train": (60, 1), "dev": (15, 2), "test": (15, 3)}
TRAINING = ("--epochs", "1", "--config", "quick.toml", "--threads", "1", "--device", "cpu")


class Commands:
    """Runs ``tagger`` as a user does, with a cache of its own.

    Args:
        folder: where it runs.
        endpoint: the hub.
    """

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.environment = client_environment(
            endpoint, folder / "hf", TAGGER_CACHE=str(folder / "cache"), OMP_NUM_THREADS="1"
        )

    def run(self, *arguments: str) -> str:
        """Standard output and error of a command that succeeds."""
        done = self._run(*arguments)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def scores(self, model: str, *more: str) -> dict[str, object]:
        """The figures on the test part."""
        done = self._run("evaluate", model, f"{NAME}:xx_tiny", "--json", "-", "--threads", "1", *more)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)["test"]
        return found

    def streamed_accuracy(self, model: str) -> float:
        """Tags the test part as a stream; the share of its words that get the right tag."""
        where = (f"{NAME}:xx_tiny", "--split", "test", "--streaming")
        self.run("tag", *where, "--model", model, "-o", "tagged.jsonl", "--threads", "1")
        lines = (self.folder / "tagged.jsonl").read_text(encoding="utf-8").splitlines()
        tagged, gold = list(map(json.loads, lines)), sentences(*SIZES["test"])
        assert [line["tokens"] for line in tagged] == [words for words, _ in gold]
        pairs = [
            tag == right
            for line, (_, tags) in zip(tagged, gold, strict=True)
            for tag, right in zip(line["tags"], tags, strict=True)
        ]
        share: float = sum(pairs) / len(pairs)
        return share

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tagger.cli.main", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
