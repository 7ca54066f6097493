"""Measures forecasting: the bundled series with three seeds each, and a Parquet file of ten million rows.

    python -m benchmarks.quality.series scores
    python -m benchmarks.quality.series parquet [ROWS]

The second writes the file into a temporary folder, trains on it in a process of its own and tells the most memory that
the process had.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.series.read import read_series
from tagger.forecasting.forecaster import options_of
from tagger.forecasting.task import ForecasterRun
from tagger.forecasting.train import train_forecasters, with_bundled_columns
from tagger.training.task import RunOptions

BLOCK = 500_000


def scores() -> None:
    """RMSE of each forecast on test, mean and standard deviation of three seeds."""
    for source in ("weather", "stocks"):
        config = with_bundled_columns(ForecasterConfig(), source)
        begun = time.perf_counter()
        training = train_forecasters(read_series(source, options_of(config)), config, RunOptions(seeds=3, threads=1))
        seconds = (time.perf_counter() - begun) / 3
        first = training.runs[0].scores["test"][0]
        print(f"\n{source}: {first.target}, {first.count} values of test, {seconds:.1f} s a seed")
        for kind in first.figures:
            values = [_test_rmse(run, kind) for run in training.runs]
            print(f"  {kind:40} {mean(values):8.4f} +- {stdev(values):.4f}  {first.figures[kind].detail}")


def _test_rmse(run: ForecasterRun, kind: str) -> float:
    return run.scores["test"][0].figures[kind].rmse


def parquet(rows: int) -> None:
    """Train on a large file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.parquet"
        rng = np.random.default_rng(1)
        schema = pa.schema([("time", pa.timestamp("us")), ("load", pa.float64()), ("wind", pa.float32())])
        with pq.ParquetWriter(path, schema) as writer:
            for start in range(0, rows, BLOCK):
                steps = np.arange(start, min(start + BLOCK, rows))
                load = np.sin(steps / 229.0) + 0.1 * rng.standard_normal(len(steps))
                moments = pa.array(steps * 60_000_000, pa.timestamp("us"))
                writer.write_table(pa.table([moments, load, load.astype(np.float32)], schema=schema))
        print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        command = ["train", "series", str(path), "--targets", "load", "--features", "wind", "--max-minutes", "0.5"]
        command += ["--out", str(Path(folder) / "model"), "--threads", "1"]
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tagger.cli.main", *command], check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"{time.perf_counter() - begun:.0f} s, at most {peak / 1024:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["parquet"]:
        parquet(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000)
    else:
        scores()
