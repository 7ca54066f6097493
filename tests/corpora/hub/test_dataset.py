"""Corpora from the hub, against a loopback server that answers as the hub does.

The client runs in processes of its own, one for each state of the world (online, offline, hub gone ...); each
reads many data sets, since most of its time goes into imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakehub import FakeHub, client_environment
from tests.tiny import conllu, sentences

pytestmark = pytest.mark.slow

CLIENT = """
import json, sys, time
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.hub.dataset import read_hub
from tagger.corpora.hub.hub_id import parse_hub_spec
from tagger.errors import CorpusError
answers = []
import datasets
for text, options in json.load(sys.stdin):
    start = time.perf_counter()
    labels, offline = options.pop("labels_column", None), options.pop("offline", False)
    try:
        splits, notes = read_hub(parse_hub_spec(text), ReadOptions(**options, labels_column=labels, offline=offline))
        answer = {"splits": {name: data.to_dict() for name, data in splits.items()}, "notes": notes}
    except CorpusError as error:
        answer = {"error": str(error), "cause": type(error.__cause__).__name__}
    answers.append({**answer, "seconds": time.perf_counter() - start})
json.dump(answers, sys.stdout)
"""
UD = "acme/treebanks"
ENGLISH: dict[str, list[Any]] = {
    "tokens": [["Birds", "sing"], ["They", "sing", "well"]],
    "upos": [[2, 1], [3, 1, 0]],
    "xpos": [["NNS", "VBP"], ["PRP", "VBP", "RB"]],
    "lemmas": [["bird", "sing"], ["they", "sing", "well"]],
    "feats": [["Number=Plur", None], [None, None, None]],
    "head": [["2", "0"], ["2", "0", "2"]],
    "misc": [[None, None], [None, None, None]],
    "text": ["Birds sing", "They sing well"],
}
UPOS = ("ADV", "VERB", "NOUN", "PRON")
NER = ("B-PER", "I-PER", "O")  # O is the last, as it is in KLUE


@dataclass(frozen=True)
class Answer:
    """What the client made of one data set."""

    splits: dict[str, dict[str, list[Any]]]
    notes: list[str]
    error: str
    cause: str
    seconds: float


def parquet(columns: dict[str, list[Any]], names: dict[str, tuple[str, ...]] | None = None) -> bytes:
    """Return a Parquet file as `datasets` writes it: label names are in the metadata of the schema."""
    table = pa.table(columns)
    labelled = {
        column: {"feature": {"names": list(labels), "_type": "ClassLabel"}, "_type": "List"}
        for column, labels in (names or {}).items()
    }
    string = {"dtype": "string", "_type": "Value"}
    features = {
        field.name: string if pa.types.is_string(field.type) else {"feature": string, "_type": "List"}
        for field in table.schema
    }
    if labelled:
        info = json.dumps({"info": {"features": features | labelled}})
        table = table.replace_schema_metadata({"huggingface": info})
    stream = BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def readme(configs: dict[str, dict[str, str]]) -> bytes:
    """Return a card that says which files are which split of which configuration."""
    lines = ["---", "configs:"]
    for config, splits in configs.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        lines += [f"  - split: {split}\n    path: {path}" for split, path in splits.items()]
    return "\n".join([*lines, "---", "# A treebank", ""]).encode()


def treebanks() -> dict[str, bytes]:
    splits = ("train", "dev", "test")
    configs = {c: {s: f"parquet/{c}/{s}.parquet" for s in splits} for c in ("en_birds", "ko_birds")}
    english = parquet(ENGLISH, {"upos": UPOS})
    files = {path: english for paths in configs.values() for path in paths.values()}
    return {"README.md": readme(configs), **files}


def populate(hub: FakeHub) -> None:
    ner = parquet({"tokens": [["Ada", "Hill", "won"]], "ner_tags": [[0, 1, 2]]}, {"ner_tags": NER})
    bare = parquet({"tokens": [["Ada", "won"]], "tags": [[1, 0]]})
    empty_word = {"tokens": [["a"], ["b", ""]], "tags": [["X"], ["X", "X"]]}
    hub.add(UD, treebanks())
    hub.add(UD, {**treebanks(), "old.txt": b""}, revision="2.1")
    hub.add("acme/plain", {"train.parquet": ner, "validation.parquet": ner})
    hub.rename("ancient/name", "acme/plain")
    hub.rename("plain", "acme/plain")
    hub.add("acme/script", {"README.md": b"# Old\n", "script.py": b"raise SystemExit"})
    converted = {f"{config}/{split}/0000.parquet": ner for config in ("ner", "more") for split in ("train", "test")}
    hub.add("acme/script", converted, revision="refs/convert/parquet")
    hub.add("acme/lost", {"README.md": b"# Old\n", "lost.py": b"", "lost.zip": b""})
    line = json.dumps({"tokens": ["Ada", "won"], "tags": [1, 0]}).encode() + b"\n"
    label = json.dumps({"O": 0, "B-PER": 1}).encode()
    raw = {f"dataset/{name}.json": line for name in ("train00", "train01", "valid", "test")}
    hub.add("acme/raw", {"README.md": b"", "raw.py": b"", "dataset/label.json": label, **raw})
    hub.add("acme/secret", {"README.md": b"# Secret\n", "train.parquet": ner}, token="sesame")
    hub.add("acme/bare", {"train.parquet": bare})
    hub.add("acme/bad", {"train.parquet": parquet(empty_word)})
    hub.add("acme/text", {"train.parquet": parquet({"sentence": ["Ada won"]})})
    hub.add("acme/nothing", {"README.md": b"# Nothing\n"})
    hub.add("acme/corrupt", {"train.parquet": b"PAR1 not really"})
    hub.add("acme/unsaid", {"train.parquet": parquet({"tokens": [["a"]], "x": [["X"]], "y": [["Y"]]})})


ONLINE: list[tuple[str, dict[str, Any]]] = [
    (f"{UD}:en_birds", {}),
    (f"{UD}:en_birds@2.1", {"column": "xpos"}),
    (UD, {}),
    (f"{UD}:en_bird", {}),
    (f"{UD}:en_birds@9.9", {}),
    ("acme/plain", {"column": "ner"}),
    ("ancient/name", {"column": "ner"}),
    ("hf://datasets/plain", {"column": "ner"}),
    ("acme/script:ner", {"column": "ner"}),
    ("acme/script", {}),
    ("acme/script:none", {}),
    ("acme/lost", {}),
    ("acme/raw", {"column": "tags"}),
    ("acme/secret", {}),
    ("acme/absent", {}),
    ("acme/bare", {"column": "tags"}),
    ("acme/bare", {"column": "tags", "label_names": ["O", "B-PER"]}),
    ("acme/bad", {}),
    ("acme/bad", {"skip_invalid": True}),
    ("acme/text", {}),
    ("acme/nothing", {}),
    ("acme/corrupt", {}),
    ("acme/unsaid", {}),
    ("acme/unsaid", {"labels_column": "y"}),
    ("acme/unsaid", {"labels_column": "z"}),
]


def ask(endpoint: str, home: Path, questions: list[tuple[str, dict[str, Any]]], **environment: str) -> list[Answer]:
    """Read data sets in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CLIENT],
        input=json.dumps(questions),
        env=client_environment(endpoint, home, **environment),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    blank = {"splits": {}, "notes": [], "error": "", "cause": ""}
    return [Answer(**{**blank, **answer}) for answer in json.loads(done.stdout)]


class World:
    """A hub, a client's cache, and the answers to all of ``ONLINE``."""

    def __init__(self, hub: FakeHub, home: Path) -> None:
        self.hub, self.home = hub, home
        self.answers = ask(hub.url, home, ONLINE)

    def __call__(self, text: str, **options: Any) -> Answer:
        return self.answers[ONLINE.index((text, options))]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with FakeHub() as hub:
        populate(hub)
        yield World(hub, tmp_path_factory.mktemp("home"))


def test_reads_words_labels_and_what_lies_beside_them(world: World) -> None:
    answer = world(f"{UD}:en_birds")
    assert list(answer.splits) == ["train", "dev", "test"]
    assert answer.splits["dev"] == {
        "tokens": ENGLISH["tokens"],
        "tags": [["NOUN", "VERB"], ["PRON", "VERB", "ADV"]],
        "xpos": ENGLISH["xpos"],
        "lemma": ENGLISH["lemmas"],
        "feats": [["Number=Plur", "_"], ["_", "_", "_"]],
        "text": ENGLISH["text"],
    }
    assert answer.notes == []


def test_reads_another_revision_and_column(world: World) -> None:
    answer = world(f"{UD}:en_birds@2.1", column="xpos")
    assert answer.splits["train"]["tags"] == ENGLISH["xpos"]
    assert answer.splits["train"]["upos"] == [["NOUN", "VERB"], ["PRON", "VERB", "ADV"]]
    repository = world.hub.repositories[UD]
    assert any(f"/resolve/{repository.commit('2.1')}/parquet/en_birds/train.parquet" in p for p in world.hub.paths())


def test_fetches_only_the_chosen_configuration(world: World) -> None:
    assert not any("ko_birds" in path for path in world.hub.paths())


def test_reports_no_use_and_asks_no_other_host(world: World) -> None:
    assert all(path.startswith(("/api/datasets/", "/datasets/")) for path in world.hub.paths())


@pytest.mark.parametrize("name", ["acme/plain", "ancient/name", "hf://datasets/plain"])
def test_follows_renamed_and_bare_names(world: World, name: str) -> None:
    answer = world(name, column="ner")
    assert list(answer.splits) == ["train", "dev"]
    assert answer.splits["train"]["tags"] == [["B-PER", "I-PER", "O"]]
    assert answer.notes == []


def test_reads_the_converted_copy_of_a_scripted_data_set(world: World) -> None:
    answer = world("acme/script:ner", column="ner")
    assert list(answer.splits) == ["train", "test"]
    assert answer.splits["train"]["tokens"] == [["Ada", "Hill", "won"]]  # not twice: one configuration, not all
    assert any("converted copy was read (refs/convert/parquet)" in note for note in answer.notes)


def test_reads_data_files_beside_a_script_with_their_label_names(world: World) -> None:
    answer = world("acme/raw", column="tags")
    assert {name: len(split["tokens"]) for name, split in answer.splits.items()} == {"train": 2, "dev": 1, "test": 1}
    assert answer.splits["dev"]["tags"] == [["B-PER", "O"]]
    assert any("its json files were read" in note for note in answer.notes)


def test_names_integer_labels_as_told(world: World) -> None:
    answer = world("acme/bare", column="tags", label_names=["O", "B-PER"])
    assert answer.splits["train"]["tags"] == [["B-PER", "O"]]


def test_leaves_bad_rows_out_when_told_and_counts_them(world: World) -> None:
    answer = world("acme/bad", skip_invalid=True)
    assert answer.splits["train"]["tokens"] == [["a"]]
    assert "train: 1 rows cannot be used and were left out" in answer.notes


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (UD, {}, f"{UD} has 2 configurations, choose one, as in {UD}:en_birds: en_birds, ko_birds"),
        (f"{UD}:en_bird", {}, f"{UD} has no configuration 'en_bird'; there are: en_birds, ko_birds"),
        (f"{UD}:en_birds@9.9", {}, f"{UD} has no revision '9.9'; expected a branch, tag or commit of it"),
        ("acme/script", {}, "acme/script has 2 configurations, choose one, as in acme/script:more: more, ner"),
        ("acme/script:none", {}, "acme/script has no configuration 'none'; there are: more, ner"),
        ("acme/lost", {}, "the hub has no converted copy (refs/convert/parquet); download its files"),
        ("acme/secret", {}, "acme/secret is gated: ask for access on its page on the hub, then set HF_TOKEN"),
        ("acme/absent", {}, "there is no data set acme/absent on the hub (or it is private: set HF_TOKEN)"),
        ("acme/bare", {"column": "tags"}, "the labels in column 'tags' are integers without names; name them"),
        ("acme/bad", {}, "acme/bad (train): row 1 (from 0) of 2: an empty word (2 words in 'tokens', 2 labels"),
        ("acme/text", {}, "acme/text: no column of words under a usual name; columns with a list of words"),
        ("acme/nothing", {}, "acme/nothing holds no data files that datasets can read"),
        ("acme/corrupt", {}, "acme/corrupt cannot be read through datasets: "),
        ("acme/unsaid", {}, "acme/unsaid: no column 'upos' of labels; columns with labels: x, y; choose one"),
        ("acme/unsaid", {"labels_column": "z"}, "acme/unsaid: no column 'z' of labels; columns with labels: x, y"),
    ],
)
def test_says_in_one_line_what_is_wrong(world: World, text: str, options: dict[str, Any], message: str) -> None:
    answer = world(text, **options)
    assert message in answer.error
    assert "\n" not in answer.error
    assert not answer.splits


def test_errors_of_the_libraries_are_kept_as_causes(world: World) -> None:
    assert world("acme/absent").cause == "RepositoryNotFoundError"
    assert world(f"{UD}:en_birds@9.9").cause == "RevisionNotFoundError"
    assert world("acme/secret").cause == "DatasetNotFoundError"


def test_takes_the_only_column_by_its_own_name(world: World) -> None:
    assert world("acme/unsaid", labels_column="y").splits["train"] == {"tokens": [["a"]], "tags": [["Y"]], "x": [["X"]]}


@pytest.mark.parametrize("how", ["variable", "option"])
def test_offline_answers_at_once_from_the_cache_or_says_what_to_do(world: World, how: str) -> None:
    option = {"offline": True} if how == "option" else {}
    variable = {"HF_HUB_OFFLINE": "1"} if how == "variable" else {}
    same = [f"{UD}:en_birds", "acme/script:ner", "acme/raw", "ancient/name", "hf://datasets/plain"]
    wrong = [UD, f"{UD}:ko_birds", f"{UD}:en_birds@2.0", "acme/script:more", "acme/secret"]
    asked = len(world.hub.requests)
    columns = {same[0]: "upos", "acme/raw": "tags"}
    questions = [(text, {"column": columns.get(text, "ner"), **option}) for text in same + wrong]
    answers = ask(world.hub.url, world.home, questions, **variable)
    assert len(world.hub.requests) == asked
    for text, answer in zip(same, answers, strict=False):
        before = next(a for (t, _), a in zip(ONLINE, world.answers, strict=True) if t == text)
        assert (answer.splits, answer.notes) == (before.splits, before.notes)
    for text, answer in zip(wrong, answers[len(same) :], strict=True):
        assert answer.error.startswith(f"{text} is not in the cache, and the hub may not be asked (offline)")
        assert "the bundled corpus needs no network" in answer.error
    assert max(answer.seconds for answer in answers[1:]) < 0.5


def test_online_again_nothing_is_fetched_twice_and_a_commit_is_not_even_asked_for(world: World) -> None:
    commit = world.hub.repositories[UD].commit("main")
    asked = len(world.hub.requests)
    answers = ask(world.hub.url, world.home, [(f"{UD}:en_birds@{commit}", {}), (f"{UD}:en_birds", {})])
    assert [answer.splits for answer in answers] == [world(f"{UD}:en_birds").splits] * 2
    paths = [request.path for request in world.hub.requests[asked:]]
    assert paths[0] == f"/api/datasets/{UD}"  # the question for the second: the first came from the cache
    assert not any(r.method == "GET" and r.path.endswith(".parquet") for r in world.hub.requests[asked:])


def test_a_token_opens_a_gated_data_set_and_is_not_given_to_the_content_server(tmp_path: Path) -> None:
    with FakeHub() as hub:
        populate(hub)
        hub.cdn = True
        hub.fail_first = 2  # the question and the client's own requests are repeated
        questions = [("acme/secret", {"column": "ner"}), ("acme/plain", {"column": "ner"})]
        secret, plain = ask(hub.url, tmp_path, questions, HF_TOKEN="sesame")
        assert secret.splits["train"]["tokens"] == plain.splits["train"]["tokens"] == [["Ada", "Hill", "won"]]
        statuses = [request.status for request in hub.requests]
        assert statuses.count(503) == 2
        assert 302 in statuses
        assert any(request.path.startswith("/cdn/") for request in hub.requests)


def test_a_changed_data_set_is_never_served_stale(tmp_path: Path) -> None:
    with FakeHub() as hub:
        hub.add("acme/moving", {"train.parquet": parquet({"tokens": [["old"]], "tags": [["X"]]})})
        (old,) = ask(hub.url, tmp_path, [("acme/moving", {})])
        hub.add("acme/moving", {"README.md": b"# The data are gone\n"})
        (gone,) = ask(hub.url, tmp_path, [("acme/moving", {})])
        hub.add("acme/moving", {"train.parquet": parquet({"tokens": [["new"]], "tags": [["X"]]})})
        hub.fail_in, hub.fail_first = "train.parquet", 1
        (new,) = ask(hub.url, tmp_path, [("acme/moving", {})])
    assert old.splits["train"]["tokens"] == [["old"]]
    assert not gone.splits
    assert gone.error.startswith("acme/moving: no data can be had for its present commit")
    assert "an older copy is in the cache (commit " in gone.error
    assert new.splits["train"]["tokens"] == [["new"]]


def test_a_hub_that_is_gone_is_noticed_within_seconds(world: World) -> None:
    with FakeHub() as other:
        endpoint = other.url
    cached, absent = ask(endpoint, world.home, [(f"{UD}:en_birds", {}), ("acme/absent", {})])
    assert cached.splits == world(f"{UD}:en_birds").splits
    commit = world.hub.repositories[UD].commit("main")[:12]
    assert cached.notes == [f"the hub does not answer: the copy in the cache was read (commit {commit})"]
    assert absent.error.startswith(f"acme/absent: the hub at {endpoint} does not answer (")
    assert "the bundled corpus needs no network" in absent.error
    assert absent.seconds < 2


def test_a_hub_that_accepts_and_stays_silent_is_noticed_within_seconds(tmp_path: Path) -> None:
    with FakeHub() as hub:
        hub.silent.set()
        (answer,) = ask(hub.url, tmp_path, [("acme/plain", {})], HF_HUB_ETAG_TIMEOUT="1")
    assert "does not answer" in answer.error
    assert answer.seconds < 4


FILES_CLIENT = """
import json, sys
from tagger.corpora.read_corpus import read_corpus
from tagger.errors import CorpusError
answers = []
for text, options in json.load(sys.stdin):
    try:
        corpus = read_corpus(text, **options)
        read = [[split.name, split.tokens(), split.tags(), split.paths] for split in corpus.splits]
        answers.append({"read": read, "notes": corpus.notes})
    except CorpusError as error:
        answers.append({"error": str(error)})
json.dump(answers, sys.stdout)
"""


def test_files_that_datasets_would_misread_are_read_as_they_are(tmp_path: Path) -> None:
    """``datasets`` keeps the first column of CoNLL-U alone: a tagger would learn from 1, 2, 3."""
    made = {split: sentences(6, seed) for seed, split in enumerate(("train", "dev", "test"))}
    slashed = b"a/X b/Y\nc/X d/Y\n" * 5
    questions: list[tuple[str, dict[str, Any]]] = [
        ("acme/conllu", {}),
        ("acme/conllu:part", {}),
        ("acme/slashed", {}),
        ("acme/text", {}),
        ("acme/conllu", {"offline": True}),
    ]
    with FakeHub() as hub:
        files = {f"xx-ud-{split}.conllu": conllu(part).encode() for split, part in made.items()}
        hub.add("acme/conllu", {"README.md": b"# Treebank\n", **files})
        hub.add("acme/slashed", {"all.txt": slashed})
        hub.add("acme/text", {"train.txt": b"No label here, not one.\nNor here.\n"})
        done = subprocess.run(
            [sys.executable, "-c", FILES_CLIENT],
            input=json.dumps(questions),
            env=client_environment(hub.url, tmp_path / "hf", TAGGER_CACHE=str(tmp_path / "cache")),
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert (done.returncode, done.stderr) == (0, "")
    treebank, other, pairs, text, offline = json.loads(done.stdout)
    assert treebank["read"] == [
        [split, [words for words, _ in part], [tags for _, tags in part], [f"acme/conllu/xx-ud-{split}.conllu"]]
        for split, part in made.items()
    ]
    assert treebank["notes"] == ["the files were read as they are, not through datasets"]
    assert offline == treebank
    assert sum(len(words) for _, words, _, _ in pairs["read"]) == 10
    assert text["error"].startswith("acme/text/train.txt: text without labels")
    assert "error" in other
