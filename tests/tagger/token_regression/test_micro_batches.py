"""Micro-batches of regression, over time and over words: their gradients add up to those of the whole batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.series.token_values import read_token_values
from tagger.forecasting.checkpoint import build_series_network
from tagger.forecasting.objective import SeriesObjective
from tagger.token_regression.objective import TokenRegressionObjective
from tagger.token_regression.train import make_task
from tagger.training.objective import Objective, StepLoss
from tagger.training.optimizer_step import GradientAccumulator
from tests.number_runs import over_time as over_time_run
from tests.number_runs import over_words as over_words_run
from tests.tagger.forecasting.synthetic_series import prepared, write_wave
from tests.tagger.token_regression.synthetic_values import QUICK, sentences, write_conllu
from tests.tagger.training import test_resuming as resuming
from tests.tagger.training.test_resuming import assert_same, log, until_done
from tests.tiny import run

CPU = torch.device("cpu")
crashes = resuming.crashes


def over_time(folder: Path) -> tuple[nn.Module, Objective]:
    """Windows of two series; the second lacks most of its values, so whole micro-batches have no target."""
    table, config, dataset, splits = prepared(
        write_wave(folder / "t.csv", 90, ("a", "b")), group="site", data__horizon=2, training__batch_tokens=120
    )
    values = table.values.copy()
    values[int(table.offsets[1]) + 5 :, 0] = np.nan
    holed = replace(table, values=values)
    dataset = type(dataset)(holed, dataset.scaling, config, dataset.calendar)
    torch.manual_seed(1)
    network = build_series_network(config, dataset.size)
    torch.nn.init.normal_(network.head.linear.weight)
    return network, SeriesObjective(network, dataset, splits["train"], None, config, device=CPU)


def over_words(folder: Path) -> tuple[nn.Module, Objective]:
    """Sentences of one to five words, some without a number."""
    cut = [(words[: 1 + n % 5], times[: 1 + n % 5]) for n, (words, times) in enumerate(sentences(60))]
    path = write_conllu(folder / "c.conllu", cut)
    path.write_text(path.read_text(encoding="utf-8").replace("rt=250.0|", ""), encoding="utf-8")
    config = TokenRegressorConfig().with_settings({**QUICK, "training.epochs": 1})
    task = make_task(read_token_values(str(path), ["rt"]), config)
    network = task.build_network()
    return network, task.build_objective(network, CPU)


@pytest.mark.parametrize("start", [over_time, over_words])
@pytest.mark.parametrize("number", [2, 3, 1000])
def test_micro_batches_add_up(
    start: Callable[[Path], tuple[nn.Module, Objective]], number: int, tmp_path: Path
) -> None:
    network, objective = start(tmp_path)
    network.train()
    gradients = GradientAccumulator(network, objective)
    steps, batches = objective.epoch(np.random.default_rng(1))
    assert steps > 1
    for batch in batches:
        gradients.num_micro_batches = 1
        network.zero_grad()
        whole = gradients.accumulate_gradients(batch)
        expected = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
        gradients.num_micro_batches = number
        network.zero_grad()
        found = gradients.accumulate_gradients(batch)
        assert found.steps == whole.steps
        assert float(found.loss_sum) == pytest.approx(float(whole.loss_sum.detach()), rel=1e-5)
        for name, parameter in network.named_parameters():
            if name in expected:
                torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-4, atol=1e-5)


def limit(kind: type[Any], monkeypatch: pytest.MonkeyPatch, size: Callable[[Any], int], most: int) -> None:
    """Let memory run out for a batch with more windows or sentences than ``most``."""
    loss = kind.loss

    def limited(objective: Any, batch: Any) -> StepLoss:
        if size(batch) > most:
            raise MemoryError
        found: StepLoss = loss(objective, batch)
        return found

    monkeypatch.setattr(kind, "loss", limited)


@pytest.mark.slow
@pytest.mark.usefixtures("no_curves")
def test_after_memory_ran_out(tmp_path: Path, crashes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that were split stay split, also in a run that is cut off and resumed."""
    limit(SeriesObjective, monkeypatch, lambda batch: batch.rows.shape[1], 5)
    limit(TokenRegressionObjective, monkeypatch, lambda batch: len(batch.lengths), 7)
    table = write_wave(tmp_path / "wave.csv", 90)
    settings: dict[str, Any] = {
        "data__group": None,
        "data__features": [],
        "training__batch_tokens": 120,
        "training__epochs": 2,
    }
    corpus = write_conllu(tmp_path / "c.conllu", sentences(40))
    runs: list[tuple[Callable[..., None], Path, dict[str, Any]]] = [
        (over_time_run, table, settings),
        (over_words_run, corpus, {}),
    ]
    for train, source, given in runs:
        out = tmp_path / train.__name__
        train(source, out / "whole", **given)
        crashes += [1, 3, 2]
        until_done(train, source, out / "broken", **given)
        assert crashes == []
        assert_same(out / "broken", out / "whole")
        assert {entry["num_micro_batches"] for entry in log(out / "whole")} == {2}


def test_the_option_names_the_setting(tmp_path: Path) -> None:
    table, corpus = write_wave(tmp_path / "wave.csv", 90), write_conllu(tmp_path / "c.conllu", sentences(20))
    for source, target in ((table, "load"), (corpus, "rt")):
        command: list[str | float | Path] = [
            "train",
            "series",
            source,
            "--targets",
            target,
            "--quiet",
            "--out",
            tmp_path / "m",
        ]
        wrong = run(*command, "--max-memory", "much")
        assert (wrong.code, "'training.max_memory' is 'much'; expected a size" in wrong.message) == (1, True)
        small = run(*command, "--max-memory", "20M")
        assert small.code == 1
        assert "--max-memory is 20M, but the program and the data take " in small.message
    assert not (tmp_path / "m").exists()
