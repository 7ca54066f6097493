"""Prepares a labelled corpus for training: word features, labels, encoded splits, a tokenizer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import torch
from torch import Tensor

from tagger.config.tagger import TAG, Config
from tagger.corpora.encoding.encoded_split import EncodedSplit, encode_split
from tagger.corpora.encoding.pretrained_vectors import read_vectors
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Labels, Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.formats.sentence import UNLABELLED
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.tokenization.rule_selection import rules_of_words
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError
from tagger.evaluation.span_scores import in_scheme, scheme_of, writes_spans
from tagger.language_modelling.preparation import subword_features

Sentences = Sequence[Sequence[str]]
KNOWN_ELSEWHERE = 2**40
"""Count of a word that the language model knows: word dropout never hides it."""
RAREST_AUXILIARY = 2
"""Rarer auxiliary labels are left out."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A corpus prepared for training.

    Args:
        features: the vocabulary and sub-word features.
        labels: K labels by head; the tagging head ``tag`` first, then ``auxiliary1`` and so on.
        counts: (U,) occurrences of each distinct word of ``train``; ``KNOWN_ELSEWHERE`` for those of a language model.
        train: the encoded training split.
        dev: the encoded development split, or None.
        lexicon: the tags that each training word was seen with.
        vectors: (V, E) pre-trained vectors, or None.
        dev_unlabelled: number of words of ``dev`` without a label.
        has_spans: whether the labels of the tagging head write spans.
        scheme: that they write spans in, one of ``tagger.corpora.labels.schemes``, if any.
    """

    features: WordFeatures
    labels: Mapping[str, Labels]
    counts: np.ndarray
    train: EncodedSplit
    dev: EncodedSplit | None
    lexicon: Mapping[str, frozenset[str]]
    vectors: Tensor | None
    dev_unlabelled: int = 0
    has_spans: bool = False
    scheme: str | None = None


def prepare(corpus: Corpus, config: Config, features: WordFeatures | None = None, *, well_known: int = 0) -> Prepared:
    """Count words, collect labels, encode the splits.

    Args:
        corpus: with a training split.
        config: resolved.
        features: those of a language model merged with the corpus; None to fit them on the corpus.
        well_known: number of words that the language model knows; word dropout hides none of them.

    Raises:
        CorpusError: the training split is empty or has a single label.
    """
    if corpus.train is None or len(corpus.train) == 0:
        raise CorpusError("no training sentences", path=corpus.source)
    tokens, tags = corpus.train.tokens(), corpus.train.tags()
    counts = Counter(chain.from_iterable(tokens))
    labels = {TAG: Labels.from_sentences(tags)}
    if len(labels[TAG]) < 2:
        raise CorpusError(
            f"every word of the training data has the same label '{labels[TAG].names[0]}' in column "
            f"'{corpus.column}'; there is nothing to learn. Columns with labels: {', '.join(corpus.columns)}",
            path=corpus.source,
        )
    columns = {TAG: tags}
    for number, column in enumerate(config.training.auxiliary or (), 1):
        head = f"auxiliary{number}"  # not the column's own name, which torch may not take for a module
        columns[head] = corpus.train.column(column)
        frequencies = Counter(chain.from_iterable(columns[head]))
        labels[head] = Labels(tuple(sorted(name for name, n in frequencies.items() if n >= RAREST_AUXILIARY)))
    vectors = None
    if features is None:
        features, vectors = word_features_of(counts, config)
    train = encode_split(tokens, columns, features, labels)
    ids = train.arrays.word_ids
    known_elsewhere = (ids > UNKNOWN_ID) & (ids < well_known)
    dev, scheme, dev_unlabelled = None, scheme_of(tags), 0
    if corpus.dev is not None:
        dev_tags, _ = in_scheme(corpus.dev.tags(), scheme)
        dev_unlabelled = sum(labels.count(UNLABELLED) for labels in dev_tags)
        dev = encode_split(corpus.dev.tokens(), {TAG: dev_tags}, features, {TAG: labels[TAG]})
    return Prepared(
        features=features,
        labels=labels,
        counts=np.where(known_elsewhere, KNOWN_ELSEWHERE, [counts[word] for word in train.words]),
        train=train,
        dev=dev,
        lexicon=tag_lexicon(tokens, tags),
        vectors=vectors,
        dev_unlabelled=dev_unlabelled,
        has_spans=writes_spans(Counter(chain.from_iterable(tags))),
        scheme=scheme,
    )


def tag_lexicon(tokens: Sentences, tags: Sentences) -> dict[str, frozenset[str]]:
    """Return the set of tags that each word was seen with."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for word, tag in set(zip(chain.from_iterable(tokens), chain.from_iterable(tags), strict=True)):
        seen[word].update([tag] if tag != UNLABELLED else [])
    return {word: frozenset(tags_seen) for word, tags_seen in seen.items()}


def word_features_of(counts: Mapping[str, int], config: Config) -> tuple[WordFeatures, Tensor | None]:
    """Fit the features of words; return them with the (V, E) pre-trained vectors, if any."""
    words = config.words
    affixes, characters = subword_features(counts, words)
    vectors = read_vectors(words.vectors, {*counts, *map(str.lower, counts)}) if words.vectors else {}
    vocabulary = Vocabulary.from_counts(
        counts, min_count=words.min_count, max_size=words.vocabulary_size, further=vectors
    )
    features = WordFeatures(vocabulary, affixes, characters, has_vectors=bool(vectors))
    return features, _vector_table(vocabulary, vectors) if vectors else None


def _vector_table(vocabulary: Vocabulary, vectors: Mapping[str, np.ndarray]) -> Tensor:
    """Return (V, E) vectors, scaled to unit variance; zeros for words without one."""
    size = len(next(iter(vectors.values())))
    table = np.zeros((len(vocabulary), size), dtype=np.float32)
    for row, word in enumerate(vocabulary.words):
        vector = vectors.get(word, vectors.get(word.lower()))
        if vector is not None:
            table[row] = vector
    std = float(np.stack(list(vectors.values())).std()) or 1.0
    return torch.from_numpy(table / (std * size**0.5))


SAMPLE = 500
"""Sentences that the rule sets are compared on."""


def choose_tokenizer(corpus: Corpus) -> tuple[WordTokenizer, str]:
    """Choose the rule set that splits the raw sentences best; return it with a note.

    Without raw sentences (``# text =``) the words decide: Hangul, English contractions, or neither.
    """
    split = corpus.train
    assert split is not None
    pairs = list(zip(split.texts(), split.tokens(), strict=True))
    sample = list(islice(((text, words) for text, words in pairs if text), SAMPLE)) or pairs[:2000]
    name, note = rules_of_words([text for text, _ in sample], [words for _, words in sample])
    return WordTokenizer.from_rules(name), note
