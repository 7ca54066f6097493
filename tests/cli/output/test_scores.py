"""The tables of scores: what they say, and that they fit where they are shown."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from tagger.cli.output.scores import (
    render_confusions,
    render_labels,
    render_report,
    render_scores,
    render_seeds,
)
from tagger.cli.output.terminal import TerminalCapabilities, printable
from tagger.evaluation.scores import Confusion, Scores, SpanScores, TagScore

TEST = Scores(
    accuracy=0.95436,
    correct=23_949,
    tokens=25_094,
    sentences=2_077,
    sentence_accuracy=0.6312,
    interval=(0.9512, 0.95741),
    macro_f1=0.9123,
    weighted_f1=0.9541,
    per_tag=(
        TagScore("ADJ", 0.93, 0.91, 0.92, 1_788),
        TagScore("NOUN", 0.94, 0.96, 0.95, 4_123),
        TagScore("X", 0.6, 0.5, 0.5454, 42),
    ),
    confusions=(
        Confusion("NOUN", "VERB", 163, "Where is the new [run] that we planned for May ?", ("run", "walk")),
        Confusion("X", "PROPN", 15, "[etc]", ("etc",)),
    ),
    known_accuracy=0.9646,
    known_tokens=22_802,
    unknown_accuracy=0.8399,
    unknown_tokens=2_292,
    ambiguous_accuracy=0.95,
    ambiguous_tokens=13_498,
    calibration_error=0.0123,
)
DEV = replace(TEST, accuracy=0.9551, interval=(0.9519, 0.958), unknown_tokens=0, unknown_accuracy=None)


def rows(text: str) -> dict[str, list[str]]:
    """Cells of each line, by the first cell; columns lie two or more blanks apart."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    return {cells[0]: cells[1:] for cells in lines}


def test_overview_shows_each_figure_with_what_it_was_measured_on() -> None:
    table = rows(render_scores({"test": TEST}))
    assert table["Scores (%)"] == ["test", "of"]
    assert table["accuracy"] == ["95.44", "25,094 words"]
    assert table["95 % interval"] == ["95.12-95.74", "bootstrap"]
    assert table["unknown words"] == ["83.99", "2,292 words"]
    assert table["whole sentences"] == ["63.12", "2,077 sentences"]
    assert table["macro F1"] == ["91.23", "3 labels"]
    assert table["calibration error"] == ["1.23", "10 bins"]


def test_notes_say_what_the_figures_do_not_show() -> None:
    never = (
        TagScore("B-LOC", None, 0.0, 0.0, 7),
        TagScore("B-ORG", None, 0.0, 0.0, 1),
        TagScore("O", 0.9, 1.0, 0.95, 25),
    )
    small = replace(TEST, tokens=1, sentences=1, interval=(0.2, 1.0), interval_kind="Wilson", per_tag=never)
    text = render_scores({"test": replace(small, rewritten_from="BILOU", unseen_labels={"B-ORG": 1})})
    assert rows(text)["accuracy"] == ["95.44", "1 word"]
    assert rows(text)["95 % interval"] == ["20.00-100.00", "Wilson"]
    assert text.splitlines()[-4:] == [
        "test: only 1 word in 1 sentence: the accuracy may well be anywhere from 20.00 to 100.00 %",
        "test: gold labels are in BILOU; they are compared in the scheme of the model",
        "test: labels that training never had, scored as errors: B-ORG (1)",
        "test: 1 of 3 labels is never predicted: B-LOC (7)",
    ]
    assert rows(render_labels(never, "Tags", "words"))["B-LOC"] == ["-", "0.00", "0.00", "7"]
    empty = rows(render_scores({"test": replace(TEST, spans=SpanScores(None, None, None, 0, "conlleval", ()))}))
    assert empty["span F1"] == ["-", "0 spans"]


def test_splits_stand_side_by_side_and_gaps_are_marked() -> None:
    table = rows(render_scores({"dev": DEV, "test": TEST}))
    assert table["accuracy"] == ["95.51", "25,094 words", "95.44", "25,094 words"]
    assert table["unknown words"] == ["-", "83.99", "2,292 words"]


def test_two_splits_fit_eighty_columns() -> None:
    text = render_scores({"dev": DEV, "test": TEST}, TerminalCapabilities(width=80))
    assert max(map(len, text.splitlines())) <= 80
    assert "25,094 words" in text
    assert "2,077 sentences" in text


def test_unseen_labels_are_said() -> None:
    text = render_scores({"test": replace(TEST, unseen_labels={"SYM": 1_109, "[b]": 2})})
    assert text.endswith("test: labels that training never had, scored as errors: SYM (1,109), [b] (2)")


def test_spans_are_in_the_overview_and_have_a_table() -> None:
    per_type = (TagScore("LOC", 0.5, 0.25, 1 / 3, 4), TagScore("PER", 1, 1, 1, 9))
    scores = replace(TEST, spans=SpanScores(0.9, 0.8, 0.847, 13, "conlleval", per_type))
    report = rows(render_report({"test": scores}))
    assert report["span F1"] == ["84.70", "13 spans"]
    assert report["LOC"] == ["50.00", "25.00", "33.33", "4"]
    assert scores.spans is not None
    assert render_labels(scores.spans.per_type, "Spans on test", "spans").splitlines()[2].startswith("PER")


def test_tags_are_ordered_by_frequency() -> None:
    lines = render_labels(TEST.per_tag, "Tags on test", "words").splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["NOUN", "ADJ", "X"]
    assert lines[2].split() == ["NOUN", "94.00", "96.00", "95.00", "4,123"]


def test_long_lists_of_tags_are_cut_and_it_is_said() -> None:
    many = tuple(TagScore(f"T{i}", 1, 1, 1, i) for i in range(55))
    lines = render_labels(many, "Tags on test", "words").splitlines()
    assert lines[-1] == "15 rarer labels are not shown; metrics.json has them all"
    assert len(lines) == 2 + 40 + 1


def test_confusions_show_share_words_and_example() -> None:
    table = rows(render_confusions(TEST, "test"))
    share = f"{100 * 163 / (25_094 - 23_949):.2f}"
    assert table["NOUN → VERB"][:3] == ["163", share, "run, walk"]
    assert table["NOUN → VERB"][3].startswith("Where is the new [run] that we")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
@pytest.mark.parametrize("colour", [True, False])
def test_tables_are_never_wider_than_the_terminal(width: int, colour: bool) -> None:
    wide = Confusion("X" * 50, "Y" * 50, 7, "長い " * 8 + "[語] " + "文 " * 8, ("語", "長い"))
    scores = replace(TEST, confusions=(*TEST.confusions, wide), per_tag=(TagScore("Z" * 90, 1, 1, 1, 1),))
    terminal = TerminalCapabilities(width=width, colour=colour)
    parts = [
        render_report({"dev": DEV, "test": scores}, terminal),
        render_seeds({1: {"test": scores}}, terminal=terminal),
    ]
    text = "\n".join(parts)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(cell_len(line) for line in plain.splitlines()) <= width
    assert ("\x1b[" in text) == colour


@pytest.mark.parametrize("width", [70, 80, 90, 120])
def test_the_marked_word_survives_any_cut(width: int) -> None:
    example = "... one two three four five six seven eight [run] a b c d e f g h ..."
    scores = replace(TEST, confusions=(Confusion("NOUN", "VERB", 3, example, ("run",)),))
    line = render_confusions(scores, "test", TerminalCapabilities(width=width)).splitlines()[-1]
    assert "[run]" in line
    assert line.count("...") == 2


def test_narrow_places_have_no_example() -> None:
    assert "example" not in render_confusions(TEST, "test", TerminalCapabilities(width=60))


def test_words_are_never_markup_nor_control_characters() -> None:
    nasty = Confusion("[red]", "[/]", 3, "a [\x1b[31mred\x07] b", ("\x1b[31mred\x07",))
    text = render_confusions(replace(TEST, confusions=(nasty,)), "test", TerminalCapabilities(width=120))
    assert "[red] → [/]" in text
    assert "\x1b" not in text
    assert "\x07" not in text
    assert printable("tab\tbell\x07é語") == "tab\N{REPLACEMENT CHARACTER}bell\N{REPLACEMENT CHARACTER}é語"


def test_ascii_streams_get_ascii() -> None:
    terminal = TerminalCapabilities(unicode=False)
    text = render_report({"dev": DEV, "test": TEST}, terminal)
    seeds = render_seeds({1: {"test": TEST}, 2: {"test": DEV}}, terminal=terminal)
    assert (text + seeds).isascii()
    assert "NOUN -> VERB" in text


def test_seeds_have_mean_and_deviation() -> None:
    runs = {1: {"dev": DEV, "test": TEST}, 2: {"dev": TEST, "test": replace(TEST, accuracy=0.956)}}
    table = rows(render_seeds(runs, kept=2))
    assert table["Seed"] == ["dev accuracy", "test accuracy", "test unknown words", "test macro F1"]
    assert table["1"] == ["95.51", "95.44", "83.99", "91.23"]
    assert table["2"][-1] == "kept"
    assert table["mean"][1] == "95.52 ± 0.12"  # sd of .95436 and .956 by hand: .00164 / sqrt 2
    assert table["mean"][-1] == "± std"


def test_one_seed_has_no_deviation() -> None:
    assert rows(render_seeds({1: {"test": TEST}}))["mean"][0] == "95.44"


def test_a_perfect_tagger_has_no_confusions() -> None:
    assert "Errors" not in render_report({"test": replace(TEST, confusions=(), correct=25_094)})


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_look_of_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert TerminalCapabilities.of(Terminal()) == TerminalCapabilities(width=72, colour=True, unicode=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not TerminalCapabilities.of(Terminal()).colour
    ascii_pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert TerminalCapabilities.of(ascii_pipe) == TerminalCapabilities(width=100, colour=False, unicode=False)
