"""One model in other people's hands: threads, forks, pickles, servers. Every answer is that of one thread, alone."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from tagger import LanguageModel, Tagger, train_lm
from tests.tiny import sentences

USERS = 8
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def mixed_texts(number: int, seed: int) -> list[str]:
    """Texts of one word to some hundred sentences, with words that were never seen."""
    rng = random.Random(seed)
    made = []
    for n in range(number):
        drawn = sentences(rng.choice([1, 1, 1, 2, 5, 40]), 1000 * seed + n)
        made.append(" ".join(" ".join([*words[:-1], f"{rng.choice('abc')}x{n}s", words[-1]]) for words, _ in drawn))
    made[number // 2] = " ".join(" ".join(words) for words, _ in sentences(400, seed))  # more than a batch
    return made


TEXTS = mixed_texts(120, 1)


@pytest.fixture(scope="module")
def expected(tiny_model: Path) -> list[list[str]]:
    """The tags of each text, from a tagger of its own that one thread uses."""
    alone = Tagger.load(tiny_model, threads=1)
    return [alone.tag(text).tags for text in TEXTS]


@pytest.fixture
def _quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(call: Callable[[Any], Any], arguments: list[Any]) -> list[Any]:
    with ThreadPoolExecutor(USERS) as pool:
        return list(pool.map(call, arguments))


@pytest.mark.usefixtures("_quick_switches")
@pytest.mark.parametrize("largest", [40, 100_000])
def test_threads_share_a_tagger(tiny_model: Path, expected: list[list[str]], largest: int) -> None:
    shared = Tagger.load(tiny_model)
    shared._engine.cache.largest = largest  # forgets all the time, or never
    assert [tagged.tags for tagged in together(shared.tag, TEXTS)] == expected
    assert [shared.tag(text).tags for text in TEXTS] == expected, "the cache was poisoned"
    words = [text.split() for text in TEXTS]
    tokenised = together(lambda one: shared.tag(one, scores=len(one) % 2 == 0), words)
    for one, tagged in zip(words, tokenised, strict=True):
        assert list(tagged.tokens) == one
        assert (tagged.scores is None) == (len(one) % 2 == 1)


@pytest.mark.usefixtures("_quick_switches")
def test_threads_share_a_tagger_of_streams(tiny_model: Path) -> None:
    made = [words for words, _ in sentences(2500, 9)]
    shared = Tagger.load(tiny_model)
    alone = [tagged.tags for tagged in shared.tag_sentences(made)]
    found = together(lambda _: [tagged.tags for tagged in shared.tag_sentences(made)], [1, 2, 3])
    assert found == [alone] * 3


def test_an_error_of_one_thread_is_not_that_of_another(tiny_model: Path, expected: list[list[str]]) -> None:
    shared = Tagger.load(tiny_model, threads=1)
    label_all = shared._engine._label_all

    def fails(window: Any, *more: Any) -> None:
        if any("poison" in words for words in window.sentences):
            raise ValueError("poison")
        label_all(window, *more)

    shared._engine._label_all = fails  # type: ignore[method-assign, assignment]

    def answer(text: str) -> list[str] | str:
        try:
            return shared.tag(text).tags
        except ValueError as error:
            return str(error)

    given = [part for text in TEXTS[:50] for part in (text, "they poison fish")]
    assert together(answer, given) == [part for tags in expected[:50] for part in (tags, "poison")]


def test_pickles_and_copies_after_use(tiny_model: Path, expected: list[list[str]]) -> None:
    used = Tagger.load(tiny_model)
    for text in TEXTS:
        used.tag(text)
    stream = used.tag_sentences([words for words, _ in sentences(2000, 3)])
    next(stream)
    for copied in (pickle.loads(pickle.dumps(used)), copy.deepcopy(used)):
        assert not copied._engine.cache.rows, "what the cache holds is computed again"
        assert [copied.tag(text).tags for text in TEXTS[:5]] == expected[:5]
    assert [copy.copy(used).tag(text).tags for text in TEXTS[:5]] == expected[:5]


def test_pickles_while_others_use_it(tiny_model: Path) -> None:
    shared = Tagger.load(tiny_model, threads=1)
    stop = threading.Event()

    def use() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shared.tag([f"w{number}x{n}" for n in range(50)])

    users = [threading.Thread(target=use) for _ in range(3)]
    for user in users:
        user.start()
    try:
        for _ in range(10):
            assert pickle.loads(pickle.dumps(shared)).labels == shared.labels
    finally:
        stop.set()
        for user in users:
            user.join()


@needs_fork
def test_forks_after_use_and_during_use(tiny_model: Path, expected: list[list[str]]) -> None:
    shared = Tagger.load(tiny_model)
    long = shared.tag(TEXTS[len(TEXTS) // 2])
    assert long.tags == expected[len(TEXTS) // 2]
    torch.ones(600, 600) @ torch.ones(600, 600)  # threads of libgomp, which do not survive a fork
    stop = threading.Event()
    users = [threading.Thread(target=_use, args=(shared, stop)) for _ in range(3)]
    for user in users:
        user.start()
    try:
        statuses = [_in_child(lambda: [shared.tag(text).tags for text in TEXTS[55:65]] == expected[55:65])
                    for _ in range(10)]  # fmt: skip
    finally:
        stop.set()
        for user in users:
            user.join()
    assert statuses == [0] * 10


def _use(shared: Tagger, stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        shared.tag([f"w{number}x{n}" for n in range(30)])


def _in_child(check: Callable[[], bool]) -> int:
    """Return 0 where a check in a forked process holds, 1 where not, and the signal where it hangs."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@needs_fork
@pytest.mark.slow
def test_pools_of_processes(tiny_model: Path, expected: list[list[str]]) -> None:
    shared = Tagger.load(tiny_model)
    shared.tag(TEXTS[len(TEXTS) // 2])
    for start in ("fork", "spawn"):
        with ProcessPoolExecutor(2, multiprocessing.get_context(start)) as pool:
            assert [tagged.tags for tagged in pool.map(shared.tag, TEXTS[:6])] == expected[:6]


def test_a_web_server(tiny_model: Path, expected: list[list[str]]) -> None:
    models: list[Tagger] = []
    loader = threading.Thread(target=lambda: models.append(Tagger.load(tiny_model)))
    loader.start()
    loader.join()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = json.dumps(models[0].tag(text).tags).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask(text: str) -> list[str]:
        request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}/", text.encode(), method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            tags: list[str] = json.loads(answer.read())
            return tags

    try:
        assert together(ask, TEXTS[:40]) == expected[:40]
    finally:
        server.shutdown()
        server.server_close()


def test_nothing_global_changes(tiny_model: Path) -> None:
    """Threads of torch and the treatment of denormal numbers stay as they were, on this thread and on new ones."""
    code = """
import sys, threading, torch
from tagger import Tagger
torch.set_num_threads(3)
model = Tagger.load(sys.argv[1])
model.tag("they can fish . " * 1000)
list(zip(model.tag_sentences([["they"]] * 20000), range(5)))
model.gates("they can fish")
def show(): print(torch.get_num_threads(), (torch.tensor([1e-39]) * 0.5).item() > 0, 2.5e-308 / 4 > 0)
show()
one = threading.Thread(target=show); one.start(); one.join()
"""
    done = subprocess.run([sys.executable, "-c", code, str(tiny_model)], capture_output=True, text=True, check=True)
    assert done.stdout == "3 True True\n" * 2


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    path = tmp_path_factory.mktemp("text") / "train.txt"
    path.write_text("\n".join(" ".join(words) for words, _ in sentences(60, 1)), encoding="utf-8")
    settings = {"training.epochs": 1, "words.embedding_size": 8, "encoder.hidden_size": 8, "encoder.layers": 1}
    return train_lm(str(path), settings=settings)


@pytest.mark.usefixtures("_quick_switches")
def test_threads_share_a_language_model(language_model: LanguageModel) -> None:
    texts = TEXTS[:40]

    def score(text: str) -> list[list[float]]:
        return [scored.surprisals for scored in language_model.score(text)]

    def write(seed: int) -> str:
        return language_model.generate("they", max_tokens=8, seed=seed)[0].text

    scored, written = [score(text) for text in texts], [write(seed) for seed in range(20)]
    assert together(write, list(range(20))) == written
    for found, right in zip(together(score, texts), scored, strict=True):
        for one, other in zip(found, right, strict=True):
            assert one == pytest.approx(other, abs=1e-4)
    copied = pickle.loads(pickle.dumps(language_model))
    assert copied.generate("they", max_tokens=8, seed=1)[0].text == written[1]


@needs_fork
def test_a_language_model_survives_forks(language_model: LanguageModel, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(TEXTS[:20]), encoding="utf-8")
    right = language_model.evaluate(str(text)).perplexity
    statuses = [
        _in_child(lambda: abs(language_model.evaluate(str(text)).perplexity / right - 1) < 1e-4),
        _in_child(lambda: bool(language_model.score(TEXTS[0])) and bool(language_model.gates("they can"))),
        _in_child(lambda: len(language_model.generate("they", max_tokens=5, seed=1)) == 1),
    ]
    assert statuses == [0] * 3
