"""Taggers that start from a language model, and both trained along: what is shared, copied, frozen and refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tagger import LanguageModel, Tagger, train_pos
from tagger.config.defaults import Facts, resolve
from tagger.config.language_model import LanguageConfig
from tagger.config.language_model import resolve as resolve_language
from tagger.config.tagger import Config, StreamConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.errors import ConfigError, ModelError
from tagger.generation.decoder import LanguageEngine
from tagger.language_modelling.train import train_lm
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import available_cores
from tagger.sequence_labelling.multitask_preparation import prepare_auxiliary_lm, with_streams
from tagger.sequence_labelling.task import TaggingTask
from tagger.sequence_labelling.train import make_task, train_runs
from tagger.sequence_labelling.transfer import copy_weights, inherit_config, merged_features, merged_vocabulary
from tagger.serialization.checkpoint import SavedModel, load_model
from tagger.training.events import EpochEnd, Event, Started
from tagger.training.task import RunOptions
from tests.tiny import SETTINGS, sentences

pytestmark = pytest.mark.usefixtures("no_curves")

LANGUAGE: dict[str, Any] = {
    "words.embedding_size": 10,
    "words.characters": "affix",
    "words.affix_size": 3,
    "words.output_size": 11,
    "encoder.hidden_size": 12,
    "encoder.layers": 1,
    "streams.batch_size": 4,
    "training.epochs": 2,
    "training.learning_rate": 0.02,
}
TAGGING: dict[str, Any] = {
    "training.epochs": 2,
    "training.batch_tokens": 60,
    "training.learning_rate": 0.04,
    "training.word_dropout": 0.1,
    "training.dropout": 0.1,
    "training.auxiliary": [],
    "training.average": 0.0,
    "words.min_count": 1,
}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tokenised text of the language of the treebank, and of a word of its own."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    rows = [" ".join(words) for words, _ in sentences(60, 8)]
    path.write_text("\n".join(["the zebra sees the zebra .", *rows]) + "\n")
    return path


def language_model(text: Path, out: Path, **changes: Any) -> Path:
    settings = {**LANGUAGE, **{name.replace("__", "."): value for name, value in changes.items()}}
    train_lm(
        train=str(text), tokenised=settings.get("head.unit", "word") == "word", out=out, settings=settings, threads=1
    )
    return out


@pytest.fixture(scope="module")
def forward(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return language_model(text, tmp_path_factory.mktemp("lm") / "forward")


@pytest.fixture(scope="module")
def both(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return language_model(text, tmp_path_factory.mktemp("lm") / "both", head__bidirectional=True)


@pytest.fixture(scope="module")
def plain(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whole words alone, read as they are."""
    folder = tmp_path_factory.mktemp("lm") / "plain"
    return language_model(text, folder, words__characters="none", words__output_size=0, encoder__cell="gru")


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return read_corpus(str(tiny_corpus))


def settings(**changes: Any) -> Config:
    return Config().with_settings({**TAGGING, **{name.replace("__", "."): value for name, value in changes.items()}})


def before_training(corpus: Corpus, start: SavedModel, folder: Path, **changes: Any) -> tuple[Any, WordFeatures]:
    """The network that a tagger starts from, and the features of its words."""
    config = resolve(inherit_config(settings(training__init_from="lm", **changes), start, "lm"), Facts.of(corpus))
    task = make_task(corpus, config, start, scratch=folder)
    torch.manual_seed(77)
    return task.build_network(), task.prepared.features


def test_the_merged_vocabulary_by_hand() -> None:
    base = ("<unk>", "<eos>", "the", "zebra")
    counts = {"the": 9, "dog": 2, "cat": 2, "rare": 1, "<unk>": 4}
    found = merged_vocabulary(base, counts, 2)
    assert found.words == ("<unk>", "<eos>", "the", "zebra", "cat", "dog", "rare")
    assert (found.trained, found.embedded) == (7, 6)
    assert merged_vocabulary(base, counts, 1).embedded == 7
    assert merged_vocabulary(base, {"the": 1}, 1) == Vocabulary(base, 4, 4)


def test_merged_affixes_keep_their_rows() -> None:
    """Those of the language model first, in their order; then those that the treebank alone has."""
    first = AffixFeatures.fit({"running": 1, "sitting": 1, "walked": 1, "talked": 1}, min_types=2)
    start = WordFeatures(Vocabulary(("<unk>", "running"), 2, 2), first)
    words = Config().with_settings({"words.min_count": 1, "words.affix_min_types": 2}).words
    counts = {"unhappy": 1, "unreal": 1, "running": 5, "sitting": 1}
    found = merged_features(start, counts, words).affixes
    alone = AffixFeatures.fit(counts, min_types=2)
    assert found is not None
    assert found.hashes[: len(first.hashes)] == first.hashes
    assert set(found.hashes) == set(first.hashes) | set(alone.hashes)
    assert len(set(found.hashes)) == len(found.hashes) > len(first.hashes)
    old, new = first.encode(["walked", "zzz"]), found.encode(["walked", "zzz"])
    known = old != first.encode(["qqqqqq"])[0]
    assert (old == new)[known].all(), "an affix that was known keeps its row"


@pytest.mark.parametrize("along", [0.0, 1.0])
@pytest.mark.parametrize("kind", ["plain", "both"])
def test_the_network_begins_as_the_language_model(
    kind: str, along: float, corpus: Corpus, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Before training its words and forward states are those of the language model, to the last bit."""
    start = load_model(request.getfixturevalue(kind))
    assert start.subwords is not None
    network, features = before_training(corpus, start, tmp_path, training__lm_weight=along)
    size = start.subwords.size
    cpu = torch.device("cpu")
    ours = LanguageEngine(start.model, start.features, size, device=cpu)
    assert features.vocabulary.words[:size] == start.features.vocabulary.words
    assert set(features.vocabulary.words) == {
        *start.features.vocabulary.words,
        *(w for s in sentences(60, 1) for w in s[0]),
    }
    assert "zebra" in features.vocabulary.words
    words = features.vocabulary.words[:size]
    old, new = start.features.encode(words).affix_ids, features.encode(words).affix_ids
    kept = torch.arange(size)
    if old is not None and new is not None:  # words without an affix that is new
        kept = torch.from_numpy((old == new).all(1).nonzero()[0])
    assert len(kept) > (3 if kind == "both" else 30)
    ids = kept[torch.arange(2 * len(kept)).remainder(len(kept))].view(-1, 2)
    if along:
        theirs = LanguageEngine(network, features, size, device=cpu)
        expected, found = (e.read(ids, e.start(2))[0] for e in (ours, theirs))
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    else:
        assert not network.lm_heads
    with torch.no_grad():
        states = network.eval().encoder.forward_rnn(ours.table[ids])
    torch.testing.assert_close(states, ours.states(ids, ours.start(2))[0].clone(), rtol=0, atol=1e-6)
    backward = network.encoder.backward_rnn.state_dict()
    if kind == "both":
        assert start.model.encoder.backward_rnn is not None
        for name, tensor in start.model.encoder.backward_rnn.state_dict().items():
            assert torch.equal(backward[name], tensor)


def test_words_that_were_known_keep_their_vectors_and_new_ones_have_their_own(
    corpus: Corpus, both: Path, tmp_path: Path
) -> None:
    start = load_model(both)
    network, features = before_training(corpus, start, tmp_path)
    table, old = network.words.embedding.weight.detach(), start.model.words.embedding.weight
    assert torch.equal(table[: len(old)], old)
    assert len(table) == features.vocabulary.embedded
    fresh = table[len(old) :]
    assert len({tuple(row) for row in fresh.tolist()}) == len(fresh)


def test_what_begins_anew_is_told(corpus: Corpus, forward: Path, both: Path) -> None:
    for folder, parts in ((both, {"heads.tag"}), (forward, {"heads.tag", "encoder.backward_rnn"})):
        events: list[Event] = []
        config = settings(training__init_from=str(folder), training__epochs=1)
        train_runs(corpus, config, RunOptions(threads=1, listener=events.append))
        assert isinstance(events[0], Started)
        (note,) = [note for note in events[0].notes if "started from" in note]
        assert note == f"started from {folder}; anew: {', '.join(sorted(parts))}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder__cell": "gru"}, "'encoder.cell' is 'gru', but the model to start from has 'lstm'; leave it out"),
        ({"encoder__hidden_size": 50}, "'encoder.hidden_size' is 50, but the model to start from has 12"),
        ({"encoder__layers": 2}, "'encoder.layers' is 2, but the model to start from has 1"),
        ({"words__characters": "lstm"}, "'words.characters' is 'lstm', but the model to start from has 'affix'"),
        ({"words__embedding_size": 9}, "'words.embedding_size' is 9, but the model to start from has 10"),
        ({"words__vectors": "v.txt"}, "'words.vectors' has no place beside a model to start from"),
    ],
)
def test_settings_that_the_model_has_otherwise_are_named(
    changes: dict[str, Any], message: str, corpus: Corpus, forward: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        train_runs(
            corpus, settings(training__init_from=str(forward), **changes), RunOptions(out=tmp_path / "x", threads=1)
        )
    assert not (tmp_path / "x").exists()


def test_settings_that_agree_are_no_conflict(forward: Path) -> None:
    start = load_model(forward)
    config = inherit_config(
        settings(encoder__hidden_size=12, words__min_count=3, words__characters="affix"), start, "lm"
    )
    assert (config.encoder.hidden_size, config.words.min_count, config.words.embedding_size) == (12, 3, 10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head__lowercase": True}, "reads words in small letters or without digits"),
        ({"head__digits": True}, "reads words in small letters or without digits"),
        ({"head__unit": "char", "words__characters": "none"}, "reads char units; a tagger can start from a language"),
        ({"head__unit": "bpe", "words__characters": "none"}, "reads bpe units; a tagger can start from a language"),
    ],
)
def test_models_that_read_otherwise_are_refused(
    changes: dict[str, Any], message: str, corpus: Corpus, text: Path, tmp_path: Path
) -> None:
    folder = language_model(text, tmp_path / "lm", training__epochs=1, **changes)
    with pytest.raises(ModelError, match=message):
        train_runs(corpus, settings(training__init_from=str(folder)), RunOptions(threads=1))


def test_a_tagger_is_no_language_model_to_start_from(corpus: Corpus, tiny_model: Path) -> None:
    with pytest.raises(ModelError, match=r"no head that predicts words; its heads: tag"):
        train_runs(corpus, settings(training__init_from=str(tiny_model)), RunOptions(threads=1))


def test_weights_that_fit_nowhere_are_named(forward: Path, text: Path, tmp_path: Path) -> None:
    other = load_model(language_model(text, tmp_path / "lm", encoder__hidden_size=5, training__epochs=1))
    with pytest.raises(
        ModelError, match=r"'encoder\.forward_rnn\.layers\.0\.weight_hh_l0' has shape \(20, 5\), expected \(48, 12\)"
    ):
        copy_weights(other.model, load_model(forward).model)


def weights_by_epoch(
    corpus: Corpus, folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> list[dict[str, Tensor]]:
    """Copies of the weights before the first epoch and after each."""
    networks: list[Network] = []
    copies: list[dict[str, Tensor]] = []

    def copy() -> None:
        copies.append({name: p.detach().clone() for name, p in networks[0].named_parameters()})

    build = TaggingTask.build_network

    def building(task: TaggingTask) -> Network:
        networks.append(build(task))
        copy()
        return networks[0]

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnd):
            copy()

    monkeypatch.setattr(TaggingTask, "build_network", building)
    train_runs(corpus, settings(training__init_from=str(folder), **changes), RunOptions(threads=1, listener=listen))
    return copies


def moved(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> set[str]:
    return {name for name in one if not torch.equal(one[name], other[name])}


def test_frozen_parts_wait_for_their_epochs(corpus: Corpus, both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = weights_by_epoch(corpus, both, monkeypatch, training__freeze_epochs=2, training__epochs=3)
    heads = {name for name in copies[0] if name.startswith("heads.")}
    assert moved(copies[0], copies[1]) == moved(copies[1], copies[2]) == heads
    assert len(heads) == 2
    thawed = moved(copies[2], copies[3])
    assert {name for name in copies[0] if "weight_hh" in name} < thawed


def test_a_backward_stack_that_begins_anew_is_not_frozen(
    corpus: Corpus, forward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it comes from the language model."""
    copies = weights_by_epoch(corpus, forward, monkeypatch, training__freeze_epochs=1, training__epochs=1)
    learnt = {name.split(".layers")[0] for name in moved(copies[0], copies[1])}
    assert learnt == {"heads.tag.weight", "heads.tag.bias", "encoder.backward_rnn"}


def test_a_rate_of_nothing_keeps_what_came_along(corpus: Corpus, both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    still = weights_by_epoch(corpus, both, monkeypatch, training__pretrained_lr_scale=0.0, training__lm_weight=0.5)
    assert any(name.startswith("lm_heads.") for name in still[0])
    assert {name.split(".")[0] for name in moved(still[0], still[-1])} == {"heads"}


def test_the_rate_of_what_came_along_is_scaled(corpus: Corpus, both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first step AdamW moves every weight by about the rate."""
    one_step: dict[str, Any] = {
        "training__epochs": 1, "training__batch_tokens": 100_000, "training__warmup": 0.0,
        "training__weight_decay": 0.0, "training__schedule": "constant", "training__learning_rate": 1e-3,
    }  # fmt: skip
    copies = weights_by_epoch(corpus, both, monkeypatch, training__pretrained_lr_scale=0.1, **one_step)
    largest = {name: float((copies[0][name] - copies[1][name]).abs().max()) for name in copies[0]}
    assert largest["heads.tag.weight"] == pytest.approx(1e-3, rel=1e-2)
    assert largest["encoder.forward_rnn.layers.0.weight_hh_l0"] == pytest.approx(1e-4, rel=1e-2)
    assert largest["words.embedding.weight"] == pytest.approx(1e-4, rel=1e-2)


@pytest.fixture(scope="module")
def joint(tiny_corpus: Path, text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained for both from nothing, with further text."""
    out = tmp_path_factory.mktemp("joint") / "joint"
    config = Config().with_settings({**SETTINGS, "training.epochs": 12, "training.lm_weight": 0.5})
    more = read_text_corpus(train=str(text), tokenised=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "matplotlib.figure", None)
        train_runs(read_corpus(str(tiny_corpus)), config, RunOptions(out=out, threads=1), text=more)
    return out


@pytest.mark.slow
def test_a_folder_with_both_heads_tags_scores_and_writes(joint: Path) -> None:
    tagger, model = Tagger.load(joint, threads=1), LanguageModel.load(joint, threads=1)
    assert tagger.saved.heads == model.saved.heads == ("tag", "language")
    tags = tagger.tag(["the", "dog", "sees", "the", "cat", "."]).tags
    assert (tags[0], tags[-1]) == ("DET", "PUNCT"), "words with one tag only"
    (scored,) = model.score(["the", "dog", "sees"])
    assert scored is not None
    assert (
        model.generate("the", max_tokens=5, seed=1)[0].tokens == model.generate("the", max_tokens=5, seed=1)[0].tokens
    )
    config = json.loads((joint / "config.json").read_text())
    assert (config["task"], config["heads"]) == ("pos", ["tag", "language"])
    assert set(model.saved.model.lm_heads) == {"forward_rnn", "backward_rnn"}


def test_the_figures_of_both_heads_are_those_of_the_folder(joint: Path, tiny_corpus: Path) -> None:
    metrics = json.loads((joint / "metrics.json").read_text())
    corpus = read_corpus(str(tiny_corpus))
    assert corpus.test is not None
    assert Tagger.load(joint, threads=1).evaluate(corpus.test).accuracy == pytest.approx(metrics["test"]["accuracy"])
    assert metrics["test"]["accuracy"] > 0.8
    model = LanguageModel.load(joint, threads=1)
    stream = tiny_corpus.parent / "joint-test.txt"
    stream.write_text("\n".join(" ".join(words) for words in corpus.test.tokens()) + "\n")
    found = model.evaluate(str(stream), tokenised=True)
    assert found.perplexity == pytest.approx(metrics["language"]["test"]["perplexity"], rel=1e-6)
    assert 1 < found.perplexity < 0.7 * model.subwords.size
    assert found.units == metrics["language"]["test"]["units"] == corpus.test.num_tokens + len(corpus.test)


def test_the_text_is_read_and_its_words_are_known(joint: Path) -> None:
    model = LanguageModel.load(joint, threads=1)
    assert "zebra" in model.subwords.vocabulary.ids
    lexicon = model.saved.lexicon
    assert lexicon is not None
    assert "zebra" not in lexicon, "it was read, but seen with no tag"
    assert set(lexicon) == {word for words, _ in sentences(60, 1) for word in words}


def test_a_joint_model_is_one_to_start_from(joint: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    settings = {**TAGGING, "training.init_from": str(joint), "training.epochs": 1, "training.lm_weight": 0.3}
    train_pos(str(tiny_corpus), out=tmp_path / "again", settings=settings, threads=1)
    assert Tagger.load(tmp_path / "again", threads=1).saved.heads == ("tag", "language")
    ours, theirs = (LanguageModel.load(folder, threads=1).subwords.vocabulary for folder in (joint, tmp_path / "again"))
    assert ours == theirs


@pytest.mark.parametrize("with_start", [False, True])
def test_text_without_a_head_that_reads_it_is_refused(
    with_start: bool, corpus: Corpus, text: Path, forward: Path, tmp_path: Path
) -> None:
    config = settings(training__init_from=str(forward)) if with_start else settings()
    more = read_text_corpus(train=str(text), tokenised=True)
    with pytest.raises(ConfigError, match=r"^text is given, but lm_weight is 0"):
        train_runs(corpus, config, RunOptions(out=tmp_path / "x", threads=1), text=more)


@pytest.mark.parametrize(
    "changes", [{"head__unit": "char"}, {"head__unit": "bpe"}, {"head__lowercase": True}, {"head__digits": True}]
)
def test_a_head_beside_a_tagger_predicts_words_as_they_are(changes: dict[str, Any], corpus: Corpus) -> None:
    config = settings(training__lm_weight=1.0, words__characters="none", **changes)
    with pytest.raises(ConfigError, match=r"^a language model beside a tagger predicts words as they are written"):
        train_runs(corpus, config, RunOptions(threads=1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"streams__weight_drop": 0.5},
        {"streams__dropout": 0.5, "encoder__layers": 2, "training__dropout": 0.0},
        {"streams__embedding_dropout": 0.3, "streams__activation_penalty": 1.0, "training__dropout": 0.5},
    ],
)
@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_the_number_of_threads_changes_nothing(changes: dict[str, Any], corpus: Corpus) -> None:
    """Also where streams ask for other dropout than sentences do: both share the stacks."""
    config = Config().with_settings(
        {**SETTINGS, "training.epochs": 1, "training.lm_weight": 1.0}
        | {name.replace("__", "."): value for name, value in changes.items()}
    )
    one, two = (train_runs(corpus, config, RunOptions(threads=n)).best.model.saved.model.state_dict() for n in (1, 2))
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


@pytest.mark.slow
def test_a_head_of_clusters_beside_a_tagger(corpus: Corpus, tmp_path: Path) -> None:
    """Their bounds are decided by the number of units where they are not given."""
    config = settings(training__lm_weight=1.0, head__softmax="adaptive", training__epochs=8)
    run = train_runs(corpus, config, RunOptions(out=tmp_path / "joint", threads=1)).best
    assert run.language["dev"].perplexity < run.model.saved.features.vocabulary.embedded
    assert LanguageModel.load(tmp_path / "joint", threads=1).saved.heads == ("tag", "language")


def test_text_is_read_as_the_language_model_read_it(corpus: Corpus, text: Path, forward: Path, tmp_path: Path) -> None:
    """What was asked for goes first, then what the model to start from did, then what ``tagger train lm`` would do."""
    start = load_model(forward)
    assert isinstance(start.config, LanguageConfig)
    changed = replace(start, config=replace(start.config, streams=StreamConfig(input_dropout=0.37, output_dropout=0.4)))
    asked = settings(training__init_from="lm", training__lm_weight=1.0, streams__output_dropout=0.11)
    config = resolve(inherit_config(asked, changed, "lm"), Facts.of(corpus))
    further = read_text_corpus(train=str(text), tokenised=True)
    _, auxiliary_lm = prepare_auxiliary_lm(corpus, config, start, further, tmp_path)
    assert auxiliary_lm is not None
    streams = with_streams(config, auxiliary_lm).streams
    same = LanguageConfig().with_settings({"training.epochs": config.training.epochs})
    alone = resolve_language(same, len(auxiliary_lm.train.ids), 100).streams
    assert streams == replace(alone, input_dropout=0.37, output_dropout=0.11)
    no_text = settings(training__init_from="lm", training__lm_weight=0.0)
    assert prepare_auxiliary_lm(corpus, resolve(no_text, Facts.of(corpus)), start, None, tmp_path)[1] is None
