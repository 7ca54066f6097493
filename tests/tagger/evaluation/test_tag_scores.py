"""Scores against scikit-learn, against hand-computed figures and against slow loops."""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support  # type: ignore[import-untyped]

from tagger.errors import ConfigError, CorpusError
from tagger.evaluation.calibration import bootstrap_interval, expected_calibration_error
from tagger.evaluation.confusions import marked
from tagger.evaluation.scores import Scores, TagScore, summarise
from tagger.evaluation.span_scores import in_scheme, score_spans, writes_spans
from tagger.evaluation.tag_scores import score

ODD_TAGS = ("-LRB-", "PRP$", "NN-SBJ", "O", "``", ".", "B", "I-NP", "NOUN", "VERB", "_", "S-")
Lists = list[list[str]]


def noisy(
    sentences: int, *, tags: tuple[str, ...] = ODD_TAGS, noise: float = 0.2, seed: int = 0
) -> tuple[Lists, Lists, Lists]:
    """Made-up words, gold tags and predictions wrong in about `noise` of the cases."""
    rng = random.Random(seed)
    gold = [rng.choices(tags, k=rng.randint(1, 24)) for _ in range(sentences)]
    predicted = [[rng.choice(tags) if rng.random() < noise else tag for tag in row] for row in gold]
    tokens = [[f"w{rng.randint(0, 500)}" for _ in row] for row in gold]
    return tokens, gold, predicted


def flat(rows: Lists) -> list[str]:
    return [value for row in rows for value in row]


def tag(scores: Scores, label: str) -> TagScore:
    return next(entry for entry in scores.per_tag if entry.label == label)


def test_counts_by_hand() -> None:
    scores = score(
        [["They", "can", "fish"], ["Yes"], []],
        [["PRON", "AUX", "VERB"], ["INTJ"], []],
        [["PRON", "AUX", "NOUN"], ["INTJ"], []],
    )
    assert (scores.correct, scores.tokens, scores.sentences) == (3, 4, 2)
    assert (scores.accuracy, scores.sentence_accuracy) == (0.75, 0.5)
    assert tag(scores, "VERB") == TagScore("VERB", None, 0.0, 0.0, 1)
    assert tag(scores, "NOUN") == TagScore("NOUN", 0.0, None, 0.0, 0)
    assert scores.macro_f1 == pytest.approx(3 / 5)
    assert scores.weighted_f1 == pytest.approx(3 / 4)


@pytest.mark.parametrize("seed", range(5))
def test_per_tag_figures_are_those_of_scikit_learn(seed: int) -> None:
    tokens, gold, predicted = noisy(60, seed=seed)
    scores = score(tokens, gold, predicted)
    labels = sorted({*flat(gold), *flat(predicted)})
    expected = precision_recall_fscore_support(
        flat(gold), flat(predicted), labels=labels, average=None, zero_division=0
    )
    assert [entry.label for entry in scores.per_tag] == labels
    for name, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [getattr(entry, name) or 0.0 for entry in scores.per_tag] == pytest.approx(list(column)), name
    assert scores.macro_f1 == pytest.approx(expected[2].mean())
    assert scores.weighted_f1 == pytest.approx(np.average(expected[2], weights=expected[3]))


def test_micro_f1_of_seqeval_is_the_accuracy() -> None:
    from seqeval.metrics import f1_score

    tokens, gold, predicted = noisy(80)
    prefixed = [[[f"B-{label}" for label in row] for row in side] for side in (gold, predicted)]
    assert score(tokens, gold, predicted).accuracy == pytest.approx(f1_score(*prefixed))


@pytest.mark.parametrize("label", ["-LRB-", "PRP$", "NN-SBJ", "O", "B", "_", "I-", "--", "é"])
def test_odd_labels_keep_their_names(label: str) -> None:
    scores = score([["a", "b", "c"]], [[label, label, "NOUN"]], [[label, label, label]])
    assert tag(scores, label) == TagScore(label, 2 / 3, 1.0, 0.8, 2)


def test_the_empty_tag_is_scored_as_underscore() -> None:
    scores = score([["a", "b"]], [["", "X"]], [["", "X"]])
    assert [entry.label for entry in scores.per_tag] == ["X", "_"]


def test_known_unknown_and_ambiguous_words() -> None:
    known = {"can": {"AUX", "NOUN"}, "fish": {"VERB"}, "They": {"PRON"}}
    scores = score(
        [["They", "can", "fish", "can", "quickly", "they"]],
        [["PRON", "AUX", "VERB", "NOUN", "ADV", "PRON"]],
        [["PRON", "AUX", "VERB", "AUX", "ADJ", "PRON"]],
        known=known,
    )
    assert (scores.known_accuracy, scores.known_tokens) == (0.75, 4)
    assert (scores.unknown_accuracy, scores.unknown_tokens) == (0.5, 2)
    assert (scores.ambiguous_accuracy, scores.ambiguous_tokens) == (0.5, 2)


def test_groups_without_words_have_no_accuracy() -> None:
    none_unknown = score([["a"]], [["X"]], [["X"]], known={"a": {"X"}})
    assert (none_unknown.unknown_accuracy, none_unknown.unknown_tokens) == (None, 0)
    assert (none_unknown.ambiguous_accuracy, none_unknown.ambiguous_tokens) == (None, 0)
    not_given = score([["a"]], [["X"]], [["X"]])
    assert (not_given.known_accuracy, not_given.known_tokens) == (None, None)


def test_labels_that_training_never_had_are_counted_and_wrong() -> None:
    scores = score([["a", "b", "c"]], [["X", "NEW", "NEW"]], [["X", "X", "X"]], labels=["X", "Y"])
    assert scores.unseen_labels == {"NEW": 2}
    assert scores.accuracy == pytest.approx(1 / 3)


def test_confusions_are_ranked_and_show_the_commonest_word() -> None:
    tokens = [["I", "like", "that", "very", "much"], ["that", "is", "that"], ["so", "what", "?", "!", "."]]
    gold = [["P", "V", "D", "A", "A"], ["D", "X", "D"], ["A", "P", ".", ".", "."]]
    predicted = [["P", "V", "P", "A", "A"], ["P", "X", "P"], ["I", "P", ".", ".", "."]]
    first, second = score(tokens, gold, predicted).confusions
    assert (first.gold, first.predicted, first.count, first.words) == ("D", "P", 3, ("that",))
    assert first.example == "I like [that] very much"
    assert (second.gold, second.predicted, second.count, second.example) == ("A", "I", 1, "[so] what ? ! .")


def test_confusion_counts_against_a_slow_count() -> None:
    tokens, gold, predicted = noisy(40, tags=("A", "B1", "C"))
    expected = Counter((g, p) for g, p in zip(flat(gold), flat(predicted), strict=True) if g != p)
    found = {(c.gold, c.predicted): c.count for c in score(tokens, gold, predicted).confusions}
    assert found == expected


def test_examples_are_cut_around_the_word() -> None:
    sentence = [f"w{i}" for i in range(40)]
    assert marked(sentence, 20) == ("... w12 w13 w14 w15 w16 w17 w18 w19 [w20] w21 w22 w23 w24 w25 w26 w27 w28 ...")
    assert marked(["x" * 100_000], 0) == "[" + "x" * 37 + "...]"


def test_bootstrap_is_that_of_a_slow_loop() -> None:
    rng = np.random.default_rng(3)
    lengths = rng.integers(1, 30, size=50)
    correct = rng.binomial(lengths, 0.9)
    loop = np.random.default_rng(7)
    accuracies = []
    for _ in range(1000):
        drawn = loop.integers(50, size=50)
        accuracies.append(sum(correct[i] for i in drawn) / sum(lengths[i] for i in drawn))
    expected = np.percentile(accuracies, [2.5, 97.5])
    assert bootstrap_interval(correct, lengths, seed=7) == pytest.approx(tuple(expected))


def test_bootstrap_does_not_depend_on_how_much_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = np.arange(1, 40)
    whole = bootstrap_interval(lengths - 1, lengths)
    monkeypatch.setattr("tagger.evaluation.calibration._DRAWS_AT_ONCE", 100)
    assert bootstrap_interval(lengths - 1, lengths) == whole


def test_interval_holds_the_accuracy_and_follows_the_seed() -> None:
    tokens, gold, predicted = noisy(100)
    scores = score(tokens, gold, predicted)
    low, high = scores.interval
    assert low < scores.accuracy < high
    assert score(tokens, gold, predicted) == scores
    assert score(tokens, gold, predicted, seed=2).interval != scores.interval


def test_calibration_error_by_hand() -> None:
    # Bin (.8, .9]: confidence .85 twice, one right; bin (.9, 1]: confidence 1.0 twice, both right.
    confidences, right = np.array([0.85, 0.85, 1.0, 1.0]), np.array([True, False, True, True])
    assert expected_calibration_error(confidences, right) == pytest.approx(0.5 * abs(0.85 - 0.5))
    scores = score([["a"] * 4], [["X"] * 4], [["X", "Y", "X", "X"]], confidences=[[0.85, 0.85, 1.0, 1.0]])
    assert scores.calibration_error == pytest.approx(0.175)


def test_confidence_zero_and_bin_edges_fall_into_a_bin() -> None:
    assert expected_calibration_error(np.array([0.0, 0.1, 0.5]), np.array([False, False, False])) == (
        pytest.approx(0.2)
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["O", "B-PER", "I-PER"], True),
        (["B-NP", "I-NP", "O", "E-NP", "S-NP"], True),
        (["B", "I", "O"], True),
        (["B", "M", "E", "S"], True),
        (["O", "B-PER", "L-PER", "U-LOC"], True),
        (["O", "B_PER", "I_PER"], True),
        (["O", "PER-B", "PER-I"], True),
        (["O", "B-PER", "I-PER", "B-LOC", "0"], True),
        (["O", "O", "O", "PER", "LOC"], True),
        (["NOUN", "VERB", "O"], False),
        (["NN", "-LRB-", "NN-SBJ"], False),
        (["B", "E", "S"], False),
        (["O"], False),
    ],
)
def test_labels_of_spans_are_recognised(labels: list[str], expected: bool) -> None:
    assert writes_spans(Counter(labels)) == expected


def test_spans_by_hand() -> None:
    gold = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "O"], ["B-PER", "O"]]
    predicted = [["B-PER", "I-PER", "O", "B-PER"], ["O", "B-LOC"], ["B-PER", "O"]]
    spans = score([["a"] * len(row) for row in gold], gold, predicted).spans
    assert spans is not None
    assert (spans.precision, spans.recall, spans.support) == (2 / 4, 2 / 3, 3)
    assert spans.f1 == pytest.approx(4 / 7)
    assert spans.per_type == (
        TagScore("LOC", 0.0, 0.0, 0.0, 1),
        TagScore("PER", 2 / 3, 1.0, 0.8, 2),
    )


def test_default_spans_are_conlleval_and_strict_ones_on_request() -> None:
    gold, predicted = [["O", "I-LOC", "I-LOC"]], [["O", "I-LOC", "I-LOC"]]
    spans = score([["a", "b", "c"]], gold, predicted).spans
    assert spans is not None
    assert (spans.f1, spans.mode) == (1.0, "conlleval")
    strict = score_spans(gold, predicted, scheme="IOB2")
    assert (strict.f1, strict.support, strict.mode) == (None, 0, "strict IOB2")


NOTATIONS: dict[str, tuple[str, str, str, str]] = {
    "IOBES": ("B", "I", "E", "S"),
    "BILOU": ("B", "I", "L", "U"),
    "BMEWO": ("B", "M", "E", "W"),
    "IOB2": ("B", "I", "I", "B"),
    "IOE2": ("I", "I", "E", "E"),
}


def written(spans: list[tuple[int, int, str]], length: int, notation: str, form: str = "{}-{}") -> list[str]:
    """Labels of spans (first word, word after the last, type), written letter by letter."""
    first, middle, last, only = NOTATIONS[notation]
    labels = ["O"] * length
    for start, end, kind in spans:
        letters = [only] if end - start == 1 else [first, *[middle] * (end - start - 2), last]
        labels[start:end] = [form.format(letter, kind) for letter in letters]
    return labels


def random_spans(rng: random.Random, length: int) -> list[tuple[int, int, str]]:
    """Spans that may touch each other."""
    found, start = [], 0
    while start < length:
        end = min(length, start + rng.randint(1, 4))
        if rng.random() < 0.6:
            found.append((start, end, rng.choice(("PER", "LOC", "MISC-deriv"))))
        start = end
    return found


@pytest.mark.parametrize("predicted_in", NOTATIONS)
@pytest.mark.parametrize("gold_in", NOTATIONS)
def test_span_scores_do_not_depend_on_the_notation(gold_in: str, predicted_in: str) -> None:
    rng = random.Random(1)
    lengths = [rng.randint(1, 12) for _ in range(40)]
    gold = [random_spans(rng, length) for length in lengths]
    guess = [spans if rng.random() < 0.5 else random_spans(rng, n) for spans, n in zip(gold, lengths, strict=True)]
    right = sum(len(set(g) & set(p)) for g, p in zip(gold, guess, strict=True))
    sides = [
        [written(spans, length, notation) for spans, length in zip(side, lengths, strict=True)]
        for side, notation in ((gold, gold_in), (guess, predicted_in))
    ]
    scores = score([["w"] * length for length in lengths], *sides).spans
    assert scores is not None
    assert (scores.support, scores.mode) == (sum(map(len, gold)), "conlleval")
    assert scores.precision == pytest.approx(right / sum(map(len, guess)))
    assert scores.recall == pytest.approx(right / scores.support)
    assert [entry.label for entry in scores.per_type] == ["LOC", "MISC-deriv", "PER"]


@pytest.mark.parametrize("form", ["{}_{}", "{}:{}", "{1}-{0}"])
def test_other_spellings_of_the_same_spans(form: str) -> None:
    spans = [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]
    scores = score([["w"] * 6], [written(spans, 6, "IOBES", form)], [written(spans, 6, "IOB2")]).spans
    assert scores is not None
    assert (scores.f1, scores.support) == (1.0, 3)


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [
        ("I-A I-A B-A O I-B", "B-A I-A B-A O B-B"),  # IOB1
        ("I-A E-A I-A O I-B", "B-A I-A B-A O B-B"),  # IOE1
        ("AA AA O BB O", "B-AA I-AA O B-BB O"),  # bare names
        ("B I O B", "B I O B"),
        ("B M E S", "B I I B"),
        ("B-A I-A L-A O U-B", "I-A I-A L-A O U-B"),  # broken as taggers break it
        ("B-A I-A E-A O S-B", "I-A I-A E-A O S-B"),
        ("B-A L-A L-A O", "B-A I-A B-A O"),  # a span ends with every L, as with every E
        ("B-A E-A E-A O", "B-A I-A B-A O"),
    ],
)
def test_the_same_spans_score_in_full(gold: str, predicted: str) -> None:
    assert score_spans([gold.split()], [predicted.split()]).f1 == 1.0


@pytest.mark.parametrize("letters", ["BI", "BIES", "IE"])
def test_random_labels_score_as_seqeval_scores_them(letters: str) -> None:
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as reference

    rng = random.Random(len(letters))
    labels = ["O", *(f"{letter}-{kind}" for letter in letters for kind in "XY")]
    sides = [[[rng.choice(labels) for _ in range(1 + n % 9)] for n in range(300)] for _ in range(2)]
    found = score_spans(*sides)
    expected = reference(*sides, average="micro", zero_division=0)
    assert (found.precision, found.recall, found.f1, found.support) == pytest.approx(expected)
    for entry, row in zip(found.per_type, zip(*reference(*sides, average=None), strict=True), strict=True):
        assert (entry.precision, entry.recall, entry.f1, entry.support) == pytest.approx(row)


def test_words_are_compared_in_the_scheme_of_the_model() -> None:
    gold = [["U-X", "O", "B-X", "I-X", "L-X"], ["O", "U-Y", "U-Y"]]
    same = [["B-X", "O", "B-X", "I-X", "I-X"], ["O", "B-Y", "B-Y"]]
    assert in_scheme(gold, "IOB2") == (same, "BILOU")
    assert in_scheme(same, "IOB2") == (same, None)
    assert in_scheme([["B_X", "I_X", "O", "X-B"]], "IOB2")[0] == [["B-X", "I-X", "O", "B-X"]]
    assert in_scheme([["B-X", "M-X", "E-X", "O", "W-X"]], "BILOU") == ([["B-X", "I-X", "L-X", "O", "U-X"]], "IOBES")
    assert in_scheme([["X", "X", "O", "O", "O"]], "IOB2")[0] == [["B-X", "I-X", "O", "O", "O"]]
    assert in_scheme([["NOUN", "VERB"]], "IOB2") == ([["NOUN", "VERB"]], None)
    assert in_scheme([["_", "U-X", "_"], ["B-X", "L-X", "O"]], "IOB2")[0] == [["_", "B-X", "_"], ["B-X", "I-X", "O"]]


def test_words_without_a_label_do_not_count() -> None:
    tokens, gold, predicted = [["a", "b", "c"], ["d"]], [["X", "_", "Y"], ["_"]], [["X", "Y", "X"], ["X"]]
    scores = score(tokens, gold, predicted, labels=["X", "Y"], confidences=[[1.0, 0.3, 1.0], [0.2]])
    assert (scores.correct, scores.tokens, scores.sentences, scores.unseen_labels) == (1, 2, 1, {})
    assert scores.calibration_error == 0.5
    assert score(tokens, gold, predicted, labels=["X", "Y", "_"]).tokens == 4
    spans = score([["a"] * 4], [["B-X", "_", "_", "O"]], [["B-X", "B-Y", "O", "O"]], labels=["B-X", "O"]).spans
    assert spans is not None
    assert (spans.precision, spans.recall) == (1.0, 1.0)


def test_labels_that_are_never_predicted_are_named() -> None:
    scores = score([["a", "b", "c"]], [["X", "Y", "Y"]], [["X", "X", "X"]])
    assert scores.never_predicted == {"Y": 2}


def test_interval_of_few_errors_is_wilsons() -> None:
    # By hand: 33 of 33 right, z = 1.96: lower end 33 / (33 + z * z).
    scores = score([["a"] * 33], [["X"] * 33], [["X"] * 33])
    assert scores.interval == pytest.approx((33 / (33 + 1.96**2), 1.0), abs=1e-4)
    assert scores.interval_kind == "Wilson"
    many = score(*noisy(100))
    assert many.interval_kind == "bootstrap"


def test_labels_of_training_tell_that_it_is_a_chunking_scheme() -> None:
    scores = score([["a", "b"]], [["O", "O"]], [["O", "O"]], labels=["O", "B-PER", "I-PER"])
    assert scores.spans is not None
    assert (scores.spans.f1, scores.spans.per_type) == (None, ())


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown scheme 'IOB9'; expected one of IOB1, IOB2"):
        score([["a"]], [["B-X"]], [["B-X"]], scheme="IOB9")


@pytest.mark.parametrize("tokens", [[], [[]], [[], []]])
def test_nothing_to_score_is_an_error(tokens: Lists) -> None:
    with pytest.raises(CorpusError, match=f"nothing to score: {len(tokens)} sentences, none with a word"):
        score(tokens, tokens, tokens)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="predicted has 1 sentences where tokens has 2"):
        score([["a"], ["b"]], [["X"], ["X"]], [["X"]])
    with pytest.raises(ValueError, match="gold, sentence 2: 2 values for 1 words"):
        score([["a"], ["b"]], [["X"], ["X", "Y"]], [["X"], ["X"]])


def test_scores_survive_json() -> None:
    tokens, gold, predicted = noisy(30)
    confidences = [[0.9] * len(row) for row in gold]
    known = {"w1": {"A"}, "w2": {"A", "B"}}
    values = score(tokens, gold, predicted, known=known, confidences=confidences, labels=["NOUN"]).to_dict()
    assert json.loads(json.dumps(values)) == values


def test_the_keys_that_programs_rely_on() -> None:
    keys = score([["a"]], [["X"]], [["X"]]).to_dict()
    for key in ("accuracy", "known_accuracy", "unknown_accuracy", "ambiguous_accuracy", "macro_f1"):
        assert key in keys
    assert type(keys["accuracy"]) is float
    assert type(keys["tokens"]) is int
    assert type(keys["per_tag"][0]["support"]) is int


def test_summary_over_seeds() -> None:
    runs = [score(*noisy(20, noise=noise)) for noise in (0.1, 0.2, 0.3)]
    summary = summarise(runs)
    values = [run.accuracy for run in runs]
    assert summary["accuracy"].mean == pytest.approx(statistics.mean(values))
    assert summary["accuracy"].std == pytest.approx(statistics.stdev(values))
    assert summary["accuracy"].runs == 3
    assert "unknown_accuracy" not in summary
    assert summarise(runs[:1])["accuracy"].std is None
    with pytest.raises(ValueError, match="no runs"):
        summarise([])


def test_speed() -> None:
    tokens, gold, predicted = noisy(2_000)
    known = {word: {"A", "B"} for word in flat(tokens)[::2]}
    score(tokens[:1], gold[:1], predicted[:1])  # imports seqeval
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        score(tokens, gold, predicted, known=known)
        best = min(best, time.perf_counter() - start)
    assert len(flat(tokens)) > 24_000
    assert best < 3  # 0.3 s measured; the rest is room for a busy machine
