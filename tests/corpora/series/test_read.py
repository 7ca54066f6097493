"""Tables of numbers over time: every format gives the same, everything odd is told with its line."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagger.corpora.series.read import read_series
from tagger.corpora.series.table import SeriesOptions, SeriesTable
from tagger.corpora.series.timestamps import TimeReader, time_text
from tagger.errors import CorpusError

DAYS = [date(2020, 2, 27) + timedelta(days=i) for i in range(6)]
VALUES = [1.5, 2.0, -3.25, 4.0, 5.5, 6.0]


def read(path: Path | str, *columns: str, **options: Any) -> SeriesTable:
    return read_series(str(path), SeriesOptions(columns or ("load",), **options))


def write(tmp_path: Path, text: str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(pairs: list[tuple[str, str]]) -> str:
    return "time,load\n" + "".join(f"{time},{value}\n" for time, value in pairs)


def test_all_formats_hold_the_same_table(tmp_path: Path) -> None:
    pairs = list(zip(DAYS, VALUES, strict=True))
    csv = write(tmp_path, "time,load\n" + "".join(f"{day},{value}\n" for day, value in pairs))
    tsv = write(tmp_path, "time\tload\n" + "".join(f"{day}\t{value}\n" for day, value in pairs), "t.tsv")
    lines = "".join(json.dumps({"time": str(day), "load": value}) + "\n" for day, value in pairs)
    jsonl = write(tmp_path, lines, "t.jsonl")
    parquet = tmp_path / "t.parquet"
    pq.write_table(pa.table({"time": pa.array(DAYS, pa.date32()), "load": VALUES}), parquet)
    for path in (csv, tsv, jsonl, parquet):
        table = read(path)
        assert (table.kind, len(table), table.notes) == ("date", 6, ())
        assert [table.text(row) for row in range(6)] == [str(day) for day in DAYS]
        assert table.values[:, 0].tolist() == VALUES


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [
        ("2020-02-29", "date", "2020-02-29"),
        ("2020/02/29", "date", "2020-02-29"),
        ("Feb 29 2020", "date", "2020-02-29"),
        ("29.02.2020", "date", "2020-02-29"),
        ("20200229", "date", "2020-02-29"),
        ("2020-02-29 13:05", "moment", "2020-02-29 13:05"),
        ("2020-02-29T13:05:07", "moment", "2020-02-29 13:05:07"),
        ("2020-02-29T00:30+01:00", "moment", "2020-02-28 23:30"),
        ("17", "number", "17"),
        ("0.25", "number", "0.25"),
        (datetime(2020, 2, 29), "date", "2020-02-29"),
    ],
)
def test_times_as_people_write_them(cell: Any, kind: str, text: str) -> None:
    reader = TimeReader()
    value = reader.read(cell)
    assert (reader.kind, time_text(value, reader.kind or "number")) == (kind, text)


def test_a_format_of_times_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, rows([("02/29/2020", "1"), ("03/01/2020", "2")]))
    with pytest.raises(CorpusError, match=r"t.csv:2: column 'time' is '02/29/2020': expected a time such as"):
        read(path)
    assert read(path, time_format="%m/%d/%Y").text(0) == "2020-02-29"


def test_series_lie_together_whatever_the_order_of_rows(tmp_path: Path) -> None:
    text = "day,who,load\n2020-01-02,b,4\n2020-01-01,a,1\n2020-01-01,b,3\n2020-01-02,a,2\n"
    table = read(write(tmp_path, text), time="day", group="who")
    assert table.groups == ("a", "b")
    assert table.offsets.tolist() == [0, 2, 4]
    assert table.values[:, 0].tolist() == [1, 2, 3, 4]
    assert table.lines.tolist() == [3, 5, 4, 2]
    assert len(table.notes) == 0 or "sorted" in table.notes[0]


def test_unsorted_rows_are_sorted_and_told(tmp_path: Path) -> None:
    table = read(write(tmp_path, rows([("2020-01-02", "2"), ("2020-01-01", "1"), ("2020-01-03", "3")])))
    assert table.values[:, 0].tolist() == [1, 2, 3]
    assert table.notes == ("rows not in the order of time (line 3) were sorted",)


def test_gaps_are_told_with_their_lines(tmp_path: Path) -> None:
    days = ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"]
    (note,) = read(write(tmp_path, rows([(day, "1") for day in days]))).notes
    assert note.startswith("1 gap in the times, before line 5, the first between 2020-01-03 and 2020-01-06")


def test_months_and_workdays_have_no_gaps(tmp_path: Path) -> None:
    months = [(f"2020-{month:02}-01", "1") for month in range(1, 13)]
    assert read(write(tmp_path, rows(months))).notes == ()
    days = np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    workdays = [(str(day), "1") for day in days[np.is_busday(days)]]
    assert read(write(tmp_path, rows(workdays))).notes == ()
    (note,) = read(write(tmp_path, rows(workdays[:20] + workdays[21:]))).notes
    assert "1 gap" in note


def test_the_hour_that_summer_time_takes(tmp_path: Path) -> None:
    hours = [datetime(2021, 3, 28) + timedelta(hours=hour) for hour in range(12) if hour != 2]
    (note,) = read(write(tmp_path, rows([(str(hour), "1") for hour in hours]))).notes
    assert note.startswith("1 hour missing as at the beginning of summer time, before line 4")


def test_the_hour_that_winter_time_gives(tmp_path: Path) -> None:
    hours = [datetime(2021, 10, 31) + timedelta(hours=hour) for hour in (0, 1, 2, 2, 3, 4, 5)]
    path = write(tmp_path, rows([(str(hour), str(n)) for n, hour in enumerate(hours)]))
    with pytest.raises(CorpusError, match=r"t.csv:5: the time 2021-10-31 02:00 was in line 4 already; clocks are put"):
        read(path)
    table = read(path, skip_invalid=True)
    assert table.values[:, 0].tolist() == [0, 1, 2, 4, 5, 6]
    assert "1 row with the time of another left out (line 5), as where clocks are put back" in table.notes


def test_duplicates_hint_at_a_forgotten_group(tmp_path: Path) -> None:
    path = write(tmp_path, rows([("2020-01-01", "1"), ("2020-01-02", "2"), ("2020-01-01", "3")]))
    with pytest.raises(CorpusError, match=r"t.csv:4: the time 2020-01-01 was in line 2 already; .*--group"):
        read(path)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("warm", r"t.csv:3: column 'load': 'warm' is not a number; --skip-invalid"),
        ("inf", r"t.csv:3: column 'load': 'inf' is infinite"),
        ("1e400", r"t.csv:3: column 'load': '1e400' is infinite"),
        ("1e39", r"t.csv:3: column 'load': '1e39' is infinite, or too large"),
        ("1,2", r"t.csv:3: 3 columns, expected 2 as in the header"),
        ('"1', r"t.csv:3: the quotes are not balanced"),
    ],
)
def test_bad_cells_are_told_with_their_line(tmp_path: Path, cell: str, message: str) -> None:
    path = write(tmp_path, rows([("2020-01-01", "1"), ("2020-01-02", cell), ("2020-01-03", "3")]))
    with pytest.raises(CorpusError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    table = read(path, skip_invalid=True)
    assert np.isnan(table.values).sum() + 3 - len(table) == 1
    assert any("left out" in note or "taken for missing" in note for note in table.notes)


def test_empty_cells_are_missing(tmp_path: Path) -> None:
    table = read(write(tmp_path, rows([("1", "1"), ("2", ""), ("3", "NA"), ("4", "4")])))
    assert np.isnan(table.values[:, 0]).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; expected a line of column names"),
        ("  \n\n", "the file is empty"),
        ("time,load\n", "no row of numbers, expected a series"),
        ("time,load\n2020-01-01,1\n", "one row of numbers, expected a series"),
        ("time,wind\n1,2\n3,4\n", r"no column 'load'; there are: time, wind"),
        ("load,wind\n1,2\n3,4\n", r"no column is called time or date; name it \(--time\)"),
        ("time\n1\n", "one column, expected at least a time and a number"),
        ("time,load,load\n1,2,3\n", "two columns are called 'load'"),
        ("time,load\n2020-01-01,1\n7,2\n", "t.csv:3: column 'time' is '7': a number among dates"),
        ("time,load\n,1\n7,2\n", "t.csv:2: column 'time' is empty"),
        ("time,load\n2020-01-01T00:00Z,1\n2020-01-01T01:00,2\n", "t.csv:3: .*some times have a zone"),
        ("{\n", r"t.csv:1: not JSON \(.*\), expected one object on each line"),
        ("PAR1 and no more", "not a Parquet file that can be read"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        read(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        read(tmp_path / "none.csv")


def test_text_in_a_parquet_column_is_told_by_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"time": [1, 2, 3], "load": ["1", "x", "3"]}), path)
    with pytest.raises(CorpusError, match=r"t.parquet:2: column 'load': 'x' is not a number"):
        read(path)
    pq.write_table(pa.table({"time": [1, 2, 3], "load": [1.0, float("inf"), 3.0]}), path)
    with pytest.raises(CorpusError, match=r"t.parquet:2: column 'load': 'inf' is infinite"):
        read(path)


def test_moments_with_a_zone_in_parquet_are_utc(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    moments = pa.array([datetime(2020, 1, 1, h) for h in (5, 6)], pa.timestamp("ms", tz="Europe/Oslo"))
    pq.write_table(pa.table({"time": moments, "load": [1, 2]}), path)
    assert read(path).text(0) == "2020-01-01 05:00"


def test_the_bundled_tables() -> None:
    weather = read_series(None, SeriesOptions(("temp_max",)))
    assert (len(weather), weather.text(0), weather.text(1460)) == (1461, "2012-01-01", "2015-12-31")
    assert (weather.values[0, 0].item(), weather.notes) == (pytest.approx(12.8), ())
    stocks = read_series("stocks", SeriesOptions(("price",), group="symbol"))
    assert stocks.groups == ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")
    assert (len(stocks), stocks.notes) == (560, ())


def test_a_data_set_of_the_hub_is_read_like_parquet() -> None:
    import datasets

    from tagger.corpora.series.rows import RowSource

    data = datasets.Dataset.from_dict({"time": DAYS, "load": [1.5, None, 3.0, 4.0, 5.0, 6.0], "other": ["x"] * 6})
    (batch,) = RowSource("owner/name (train)", tuple(data.column_names), None, "hub", data).batches(["time", "load"])
    assert list(batch.lines) == [1, 2, 3, 4, 5, 6]
    assert batch.columns["load"].to_pylist() == [1.5, None, 3.0, 4.0, 5.0, 6.0]
    assert set(batch.columns) == {"time", "load"}


def test_offline_a_hub_id_that_is_not_in_the_cache_is_one_line() -> None:
    with pytest.raises(CorpusError, match="is not in the cache") as caught:
        read("owner/nothing-by-that-name", offline=True)
    assert "\n" not in str(caught.value)
