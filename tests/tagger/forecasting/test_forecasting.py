"""Time series: what is read and predicted, scores against loops and other solvers, forecasts step by step."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tagger import TaggerError
from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.series.scaling import Scaling
from tagger.errors import ConfigError, CorpusError, ModelError
from tagger.evaluation.forecast_scores import LINEAR, NETWORK, PERSISTENCE, score_target, standard_errors, verdicts
from tagger.forecasting.baselines import NormalEquations, persistence, seasonal, seasons
from tagger.forecasting.checkpoint import build_series_network
from tagger.forecasting.evaluation import Intervals, coverage, fit_intervals
from tagger.forecasting.features import SeriesDataset
from tagger.forecasting.forecaster import Forecaster
from tagger.forecasting.objective import SeriesObjective
from tagger.forecasting.prediction import forecast_recursively, future_times, predict_split
from tagger.forecasting.train import train_series
from tagger.forecasting.windows import last_rows
from tagger.models.heads.regression import regression_loss
from tagger.serialization import manifest
from tests.tagger.forecasting.synthetic_series import QUICK, prepared, wave, write_wave


@pytest.fixture(scope="module")
def table_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wave(tmp_path_factory.mktemp("series") / "wave.csv")


@pytest.fixture(scope="module")
def trained(table_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder; not to be written to."""
    out = tmp_path_factory.mktemp("model") / "wave"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "matplotlib.figure", None)
        settings = {**QUICK, "training.epochs": 8, "data.horizon": 2}
        train_series(str(table_path), targets=["load"], out=out, settings=settings, threads=1)
    return out


def test_splits_follow_each_other_in_time_for_all_series(tmp_path: Path) -> None:
    table, _, _, splits = prepared(write_wave(tmp_path / "t.csv", 60, ("a", "b")), group="site")
    latest = {name: max(table.times[end - 1] for end in split.ends) for name, split in splits.items()}
    earliest = {name: min(table.times[start] for start in split.starts) for name, split in splits.items()}
    assert latest["train"] < earliest["dev"] < latest["dev"] < earliest["test"]
    assert sum(split.rows for split in splits.values()) == len(table)
    assert [split.rows for split in splits.values()] == [84, 18, 18]


def test_a_long_split_is_scored_at_its_end(tmp_path: Path) -> None:
    _, _, _, splits = prepared(write_wave(tmp_path / "t.csv", 60, ("a", "b")), group="site")
    short = last_rows(splits["test"], 10)
    assert short.ends.tolist() == splits["test"].ends.tolist()
    assert (short.ends - short.starts).tolist() == [5, 5]
    assert last_rows(splits["test"]) is splits["test"]


def test_scaling_knows_the_training_split_alone(table_path: Path) -> None:
    table, config, inputs, splits = prepared(table_path)
    end = int(splits["train"].ends[0])
    assert inputs.scaling.mean[0] == pytest.approx(table.values[:end].mean(0, dtype=np.float64))
    assert inputs.scaling.std[0] == pytest.approx(table.values[:end].std(0, dtype=np.float64))
    later = table.values.copy()
    later[end:] *= 100
    changed = Scaling.fit(replace(table, values=later), splits["train"].ends)
    assert changed.mean.tolist() == inputs.scaling.mean.tolist()
    assert Scaling.from_dict(json.loads(json.dumps(changed.to_dict())), 2).std.tolist() == changed.std.tolist()
    assert config.data.window == 12


def test_the_loss_is_that_of_a_loop_over_steps(table_path: Path) -> None:
    """Everything by hand in float64: which value is the target of which step, scaling, squares, their sum."""
    table, config, inputs, splits = prepared(table_path, data__horizon=2)
    network = build_series_network(config, inputs.size)
    objective = SeriesObjective(network, inputs, splits["train"], splits["dev"], config, device=torch.device("cpu"))
    _, batches = objective.epoch(np.random.default_rng(3))
    batch = next(batches)
    found = objective.loss(batch)
    with torch.no_grad():
        outputs = network(inputs.read(batch.rows)).double().numpy()
    mean, std = inputs.scaling.mean[0, 0], inputs.scaling.std[0, 0]
    end = int(splits["train"].ends[0])
    total, steps = 0.0, 0
    for t in range(batch.rows.shape[0]):
        for b in range(batch.rows.shape[1]):
            known = [batch.rows[t, b] + lead < end for lead in (1, 2)]
            steps += any(known)
            for lead in (1, 2):
                if known[lead - 1]:
                    target = np.float32((table.values[batch.rows[t, b] + lead, 0] - mean) / std)
                    total += (outputs[t, b, lead - 1] - float(target)) ** 2
    assert float(found.loss_sum.detach()) == pytest.approx(total, rel=1e-5)
    assert found.steps == steps
    assert float(found.loss.detach()) == pytest.approx(total / steps, rel=1e-5)


def test_an_epoch_reads_every_row_and_none_of_dev(table_path: Path) -> None:
    _, config, inputs, splits = prepared(table_path)
    network = build_series_network(config, inputs.size)
    objective = SeriesObjective(network, inputs, splits["train"], None, config, device=torch.device("cpu"))
    rows = np.concatenate([batch.rows.ravel() for batch in objective.epoch(np.random.default_rng(1))[1]])
    assert set(rows.tolist()) == set(range(int(splits["train"].ends[0])))


def test_every_value_of_a_split_is_predicted_once_a_lead_from_what_lies_before(table_path: Path) -> None:
    _, config, inputs, splits = prepared(table_path, data__horizon=3)
    torch.manual_seed(0)
    network = build_series_network(config, inputs.size).eval()
    for name in ("train", "dev", "test"):
        split = splits[name]
        found = predict_split(network, inputs, split)
        predicted = {
            (int(row) + lead, lead)
            for row, known in zip(found.rows, ~np.isnan(found.targets), strict=True)
            for lead in (1, 2, 3)
            if known[lead - 1]
        }
        start, end = int(split.starts[0]), int(split.ends[0])
        targets_ahead = {(row, lead) for row in range(start, end) for lead in (1, 2, 3) if row - lead >= 0}
        assert predicted == targets_ahead
        assert len(set(found.rows.tolist())) == len(found.rows)


def test_predictions_do_not_see_what_comes_later(table_path: Path) -> None:
    table, config, inputs, splits = prepared(table_path)
    torch.manual_seed(0)
    network = build_series_network(config, inputs.size).eval()
    torch.nn.init.normal_(network.head.linear.weight)
    before = predict_split(network, inputs, splits["test"])
    values = table.values.copy()
    cut = int(splits["test"].starts[0]) + 9
    values[cut:] += 1000
    changed = with_values(inputs, values)
    after = predict_split(network, changed, splits["test"])
    early = before.rows < cut
    assert early.sum() == 10
    np.testing.assert_array_equal(before.predicted[early], after.predicted[early])
    assert not np.isclose(before.predicted[~early], after.predicted[~early]).any()


def with_values(inputs: SeriesDataset, values: np.ndarray) -> SeriesDataset:
    """The same table with other numbers in it."""
    config = ForecasterConfig().with_settings({"data.targets": ["load"], "data.window": inputs.window})
    return SeriesDataset(replace(inputs.table, values=values), inputs.scaling, config, inputs.calendar)


def test_baselines_are_what_their_names_say(table_path: Path) -> None:
    table, _, inputs, splits = prepared(table_path, features=(), data__horizon=2, data__calendar=False)
    rows = np.arange(60, 90)
    scaled = ((table.values[:, 0] - inputs.scaling.mean[0, 0]) / inputs.scaling.std[0, 0]).astype(np.float32)
    np.testing.assert_allclose(persistence(inputs, rows), np.stack([scaled[rows]] * 2, 1), atol=1e-6)
    np.testing.assert_allclose(
        seasonal(inputs, rows, 14), np.stack([scaled[rows - 13], scaled[rows - 12]], 1), atol=1e-6
    )
    assert np.isnan(seasonal(inputs, np.array([3]), 14)).all()
    train = int(splits["train"].ends[0])
    origins = np.arange(9, train - 2)  # the first row with ten lags behind it
    x = np.stack([scaled[origins - lag] for lag in range(3)] + [np.ones(len(origins))], 1).astype(np.float64)
    y = np.stack([scaled[origins + 1], scaled[origins + 2]], 1)
    expected = np.linalg.lstsq(x, y, rcond=None)[0]
    found = NormalEquations(inputs, splits["train"]).solve(3, False)
    np.testing.assert_allclose(found.weights, expected, atol=2e-3)
    tested = np.stack([scaled[rows - lag] for lag in range(3)] + [np.ones(len(rows))], 1) @ found.weights
    np.testing.assert_allclose(found.predict(inputs, rows), tested, atol=1e-5)


def test_seasons_by_the_distance_of_rows(table_path: Path) -> None:
    table, _, _, _ = prepared(table_path)
    assert seasons(table, 1000) == (7, 365)
    assert seasons(table, 100) == (7,)


def test_figures_of_a_forecast_by_hand() -> None:
    actual = np.array([[1.0], [2.0], [4.0], [math.nan]])
    scores = score_target("load", actual, {NETWORK: actual + 1, PERSISTENCE: actual - [[2], [2], [-2], [0]]}, {})
    assert scores is not None
    one = scores.figures[NETWORK]
    assert (scores.count, one.mae, one.rmse) == (3, 1.0, 1.0)
    assert one.r2 == pytest.approx(1 - 1 / np.var([1, 2, 4]))
    assert scores.comparisons[PERSISTENCE].skill == pytest.approx(0.5)


def test_a_difference_is_named_only_where_it_is_significant() -> None:
    rng = np.random.default_rng(1)
    actual = rng.normal(size=(400, 1))
    errors = rng.normal(size=(400, 1))
    made = {NETWORK: actual + errors, PERSISTENCE: actual + 2 * errors, LINEAR: actual + rng.permutation(errors)}
    scores = score_target("price", actual, made, {LINEAR: "3 lags"})
    assert scores is not None
    assert [one.verdict for one in scores.comparisons.values()] == ["better", "level"]
    first, second = verdicts(scores, "test")
    assert first == "price on test: the network beats persistence: RMSE 50.0 % lower"
    assert second.startswith("price on test: the network is level with linear autoregression (3 lags): RMSE ")
    reverse = score_target("price", actual, {NETWORK: actual + 2 * errors, PERSISTENCE: actual + errors}, {})
    assert reverse is not None
    told = verdicts(reverse, "test")
    assert "is beaten by persistence: RMSE 100.0 % higher" in told[0]
    assert "do not rely on this model" in told[1]


def test_the_standard_error_of_independent_values_is_the_usual_one() -> None:
    values = np.random.default_rng(2).normal(0.3, 1.0, (4000, 1))
    usual = values.mean() / (values.std() / math.sqrt(len(values)))
    assert standard_errors(values) == pytest.approx(usual, rel=0.15)
    assert abs(standard_errors(np.repeat(values, 10, axis=0))) < 0.6 * abs(usual) * math.sqrt(10)


def test_a_forecast_is_fed_back_step_by_step(table_path: Path) -> None:
    """Against the plainest way: the series made longer by each prediction, and read anew."""
    table, config, inputs, _ = prepared(table_path, features=(), data__horizon=2)
    torch.manual_seed(4)
    network = build_series_network(config, inputs.size).eval()
    torch.nn.init.normal_(network.head.linear.weight, std=0.3)
    times = future_times(table, 0, 6)
    found = forecast_recursively(network, inputs, np.array([len(table) - 1]), times[:, None])[:, 0, 0]
    window = inputs.window
    read = inputs.read(np.arange(len(table) - window, len(table))[:, None])
    outputs = network(read)[-1, 0]
    expected = outputs.tolist()
    for step in range(4):
        assert inputs.calendar is not None
        calendar = torch.from_numpy(inputs.calendar(times[step : step + 1]))[:, None]
        read = torch.cat([read, torch.cat([torch.tensor([[[expected[step]]]]), calendar], dim=-1)])
        expected.append(network(read)[-1, 0, 1].item())
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_intervals_hold_what_they_say() -> None:
    forecast_errors = np.random.default_rng(3).normal(size=(4, 999, 1)) * np.array([1, 2, 3, 4])[:, None, None]
    intervals = fit_intervals(forecast_errors)
    shares = coverage(intervals, forecast_errors)
    assert shares == pytest.approx((0.8, 0.95), abs=0.002)
    assert intervals.widths[:, 0, 0] == pytest.approx(1.2816 * np.arange(1, 5), rel=0.1)
    assert intervals.at(16)[0, 0] == pytest.approx(2 * intervals.at(4)[0, 0])
    assert Intervals.from_dict(json.loads(json.dumps(intervals.to_dict())), 1).at(2) == pytest.approx(
        intervals.at(2), abs=1e-5
    )


def test_training_writes_a_folder_that_forecasts_alike(trained: Path, table_path: Path) -> None:
    model = Forecaster.load(trained)
    (forecast,) = model.forecast(str(table_path), 5)
    assert forecast.labels == ("2020-07-19", "2020-07-20", "2020-07-21", "2020-07-22", "2020-07-23")
    again = Forecaster.load(trained).forecast(steps=5)[0]
    assert again.values.tolist() == forecast.values.tolist()
    assert (forecast.low <= forecast.values[:, None]).all()
    assert (forecast.low[:, 1] <= forecast.low[:, 0]).all()
    values = wave(205)[200:]
    assert np.abs(forecast.values[:, 0] - values).max() < 8, "within the range of the wave"
    metrics = json.loads((trained / manifest.METRICS).read_text())
    assert set(metrics["test"]["load"]) == {
        "values", "network", "persistence", "seasonal_naive", "linear_autoregression",
        "linear_autoregression_with_all_inputs", "skill",
    }  # fmt: skip
    card = (trained / manifest.CARD).read_text()
    assert f"{metrics['test']['load']['network']['rmse']:.4g}" in card


def test_two_runs_end_alike(table_path: Path) -> None:
    made = [train_series(str(table_path), targets=["load"], settings=QUICK, threads=1) for _ in range(2)]
    for one, other in zip(*(model.saved.network.state_dict().values() for model in made), strict=True):
        assert torch.equal(one, other)


def test_series_of_their_own_scale(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "t.csv", 80, ("a", "b"))
    model = train_series(str(path), targets=["load"], group="site", settings=QUICK, threads=1)
    a, b = model.forecast(str(path), 3)
    assert (a.group, b.group) == ("a", "b")
    assert 1.6 < b.values.mean() / a.values.mean() < 2.4
    (alone,) = model.forecast(str(path), 3, groups=["b"])
    assert alone.values.tolist() == b.values.tolist()
    with pytest.raises(ConfigError, match="no series 'c'; there are: a, b"):
        model.forecast(str(path), 3, groups=["c"])
    other = tmp_path / "other.csv"
    other.write_text(path.read_text().replace(",b\n", ",c\n"))
    assert any("'c' was not in training" in note for one in model.forecast(str(other), 3) for note in one.notes)


def test_missing_values_are_masked_and_told(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "t.csv")
    lines = path.read_text().splitlines()
    lines[10] = lines[10].split(",")[0] + ",,3"
    path.write_text("\n".join(lines) + "\n")
    notes: list[str] = []

    def listen(event: object) -> None:
        notes.extend(getattr(event, "notes", ()))

    train_series(str(path), targets=["load"], settings=QUICK, threads=1, listener=listen)
    assert "column 'load': 1 value missing (line 11), not learnt from, and read as the last one before" in notes
    _, _, inputs, splits = prepared(path)
    assert inputs.filled[9, 0] == inputs.table.values[8, 0]
    targets = inputs.targets_ahead(np.array([[8]]), splits["train"].starts, splits["train"].ends)
    assert torch.isnan(targets).all()
    assert float(regression_loss(torch.ones_like(targets), targets)) == 0


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ("", {"data.window": 150}, r"a window of 150 steps, longer than the series: train has 140 rows"),
        ("", {"data.horizon": 40}, r"200 rows leave 30 for dev .*, too few for a horizon of 40"),
        ("", {"data.dev": 0.5, "data.test": 0.5}, r"expected them to leave some for train"),
        ("", {"data.features": ["load"]}, r"column 'load' is named twice"),
        ("", {"data.features": ["rain"]}, r"no column 'rain'; there are: date, load, wind"),
        ("", {"data.horizon": 0}, r"'data.horizon' is 0; expected more than 0"),
        ("", {"head.loss": "cubic"}, r"'head.loss' is 'cubic'; expected one of"),
        ("constant", {}, r"column 'load' is always 7 in train \(lines 2 to 141\); there is nothing to learn"),
        ("empty", {}, r"column 'load' has no value in train"),
    ],
)
def test_what_cannot_be_learnt(tmp_path: Path, change: str, settings: dict[str, object], message: str) -> None:
    path = write_wave(tmp_path / "t.csv")
    if change:
        value = {"constant": "7", "empty": ""}[change]
        lines = [line.split(",") for line in path.read_text().splitlines()]
        path.write_text("\n".join(",".join([a, b if a == "date" else value, c]) for a, b, c in lines) + "\n")
    with pytest.raises(TaggerError, match=message) as caught:
        train_series(str(path), targets=["load"], settings={**QUICK, **settings}, threads=1)
    assert "\n" not in str(caught.value)


def test_a_constant_feature_is_told(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "t.csv")
    lines = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join([a, b, c if a == "date" else "4"]) for a, b, c in lines) + "\n")
    notes: list[str] = []
    train_series(
        str(path), targets=["load"], features=["wind"], settings=QUICK, threads=1,
        listener=lambda event: notes.extend(getattr(event, "notes", ())),
    )  # fmt: skip
    assert "column 'wind' is always 4 in train (lines 2 to 141): it carries no information" in notes


def test_two_rows_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="2 rows leave"):
        train_series(
            str(write_wave(tmp_path / "t.csv", 2)), targets=["load"], settings={"training.epochs": 1}, threads=1
        )


def test_folders_of_other_kinds_are_refused(trained: Path, tiny_model: Path, tmp_path: Path) -> None:
    from tagger import Tagger
    from tagger.token_regression.regressor import TokenRegressor

    with pytest.raises(ModelError, match="no head that predicts numbers; its heads: tag"):
        Forecaster.load(tiny_model)
    with pytest.raises(ModelError, match="no such model folder"):
        Forecaster.load(tmp_path / "none")
    with pytest.raises(ModelError, match="no head that tags; its heads: number"):
        Tagger.load(trained)
    with pytest.raises(ModelError, match=r"another kind; it forecasts time series: use `tagger forecast`"):
        TokenRegressor.load(trained)


def test_a_table_of_another_kind_is_refused(trained: Path, tmp_path: Path) -> None:
    model = Forecaster.load(trained)
    hours = "".join(f"2020-01-01 {hour:02}:00,{hour}\n" for hour in range(24))
    path = tmp_path / "t.csv"
    path.write_text("date,load\n" + hours)
    with pytest.raises(CorpusError, match="rows are 3600 seconds apart; the model was trained on rows 86400 seconds"):
        model.forecast(str(path), 2)
    path.write_text("date,load\n1,2\n2,3\n3,4\n")
    with pytest.raises(CorpusError, match="the times are numbers; the model was trained on dates"):
        model.forecast(str(path), 2)
    with pytest.raises(ConfigError, match="steps is 0"):
        model.forecast(steps=0)
