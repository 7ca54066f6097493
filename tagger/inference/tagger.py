"""The tagger as an object: load a model folder, tag text or tokens, evaluate on a corpus."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy as np

from tagger.config.tagger import Config
from tagger.corpora.formats.options import CorpusReading
from tagger.corpora.tokenization.sentence_splitter import Token
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, ModelError
from tagger.inference.arguments import (
    TEXT_OR_SENTENCE,
    check_one_sentence,
    check_tokens,
    described,
    split_text,
    split_texts,
)
from tagger.inference.tagged_text import TaggedSentence, TaggedText
from tagger.runtime.device import check_threads, choose_device, intra_op_threads
from tagger.runtime.forking import ForkSafeLock
from tagger.serialization.manifest import find_model

if TYPE_CHECKING:
    from tagger.corpora.sources.corpus import Split
    from tagger.corpora.sources.in_memory import Source
    from tagger.evaluation.scores import Scores
    from tagger.interpretability.gate_activations import Gates
    from tagger.serialization.checkpoint import SavedModel

T = TypeVar("T")
LONG_TEXT = 5000
"""Characters of a text from which on threads that share a tagger take turns: at once they would wait for each other."""


class Tagger:
    """A trained tagger.

    Make one with ``Tagger.load`` or ``tagger.train_pos``. Threads may share one: each gets the tags that it would get
    alone, and short texts that arrive together are tagged together. It may be pickled, copied and used in forked
    processes, before and after use. It changes no setting of torch outside its methods.

    Args:
        saved: the contents of a model folder.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        precision: "float32", "bfloat16", or "auto": bfloat16 where the CPU computes with it natively and it
            agreed with float32 on the development data.
        worker_processes: tag long streams of sentences in worker processes rather than threads, where that is
            possible (Linux, no GPU, no other Python threads): they do not wait for what the caller does between two
            sentences.
    """

    def __init__(
        self,
        saved: SavedModel,
        *,
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        worker_processes: bool = False,
    ) -> None:
        from tagger.inference.engine import Engine, choose_dtype

        if not isinstance(saved.config, Config):
            raise ModelError(f"the model has no head that tags; its heads: {', '.join(saved.heads)}")
        self.saved = saved
        self.labels = saved.labels
        self.column = saved.config.column or "upos"
        self.tokenizer = saved.tokenizer
        self.threads = check_threads(threads)
        self._long_texts = ForkSafeLock()
        self._names = np.array(saved.labels, dtype=object)
        place = choose_device(device)
        self._engine = Engine(
            saved.model,
            saved.features,
            threads=self.threads,
            dtype=choose_dtype(precision, saved.about, place),
            device=place,
            worker_processes=worker_processes,
        )

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        worker_processes: bool = False,
    ) -> Tagger:
        """Load a model folder, or a model that ships with the toolkit by its name; nothing is downloaded.

        Raises:
            ModelError: the folder is missing, incomplete, damaged or holds no tagger.
            ConfigError: no such device, number of threads or precision.
        """
        from tagger.serialization.checkpoint import TAGGING, load_model

        with intra_op_threads(1):
            saved = load_model(find_model(path), TAGGING)
            tagger = cls(saved, device=device, threads=threads, precision=precision, worker_processes=worker_processes)
            tagger._engine.warm_up()
        return tagger

    @property
    def precision(self) -> str:
        """Arithmetic in use: "float32" or "bfloat16"."""
        return str(self._engine.dtype).removeprefix("torch.")

    @overload
    def tag(  # type: ignore[overload-overlap]
        self, text: str, *, scores: bool = False, one_sentence_per_line: bool = False
    ) -> TaggedText: ...
    @overload
    def tag(
        self, text: Sequence[str], *, scores: bool = False, one_sentence_per_line: bool = False
    ) -> TaggedSentence: ...

    def tag(
        self, text: str | Sequence[str], *, scores: bool = False, one_sentence_per_line: bool = False
    ) -> TaggedText | TaggedSentence:
        """Tag a raw text, or one sentence given as tokens.

        Args:
            text: raw text (split into sentences and words by the model's rules), or the tokens of a sentence.
            scores: whether to give the posterior probability of each tag.
            one_sentence_per_line: whether each line of a raw text is one sentence.

        Returns:
            ``TaggedText`` for text, ``TaggedSentence`` for tokens; both print as ``word/TAG`` pairs.

        Raises:
            TypeError: it is neither, or it is a list of texts.
        """
        if isinstance(text, str):
            with self._long_texts if len(text) > LONG_TEXT else nullcontext():
                split = split_text(text, self._splitter(one_sentence_per_line), "text")
                tagged: TaggedText = next(self._tag_texts([(split, None)], False, scores))
                return tagged
        check_tokens(text, "text", TEXT_OR_SENTENCE)
        check_one_sentence(text, self.saved.features.vocabulary, self.tokenizer)
        return next(self.tag_sentences([text], scores=scores))

    @overload
    def tag_texts(
        self,
        texts: Iterable[str],
        *,
        as_tuples: Literal[False] = False,
        scores: bool = False,
        one_sentence_per_line: bool = False,
    ) -> Iterator[TaggedText]: ...
    @overload
    def tag_texts(
        self,
        texts: Iterable[tuple[str, T]],
        *,
        as_tuples: Literal[True],
        scores: bool = False,
        one_sentence_per_line: bool = False,
    ) -> Iterator[tuple[TaggedText, T]]: ...

    def tag_texts(
        self,
        texts: Iterable[Any],
        *,
        as_tuples: bool = False,
        scores: bool = False,
        one_sentence_per_line: bool = False,
    ) -> Iterator[Any]:
        """Tag many raw texts lazily, in batches; the order is kept.

        >>> for tagged, number in tagger.tag_texts([("They can fish.", 1), ("It rains.", 2)], as_tuples=True): ...

        Args:
            texts: raw texts, read about 16,000 tokens ahead.
            as_tuples: whether ``texts`` are pairs of a text and anything, such as an id; the results are pairs, too.
            scores: whether to give the posterior probability of each tag.
            one_sentence_per_line: whether each line of a text is one sentence.

        Raises:
            TypeError: something is no text, or no pair; the message names its place.
        """
        if isinstance(texts, str | bytes | Mapping) or hasattr(texts, "columns"):
            raise TypeError(f"texts is {described(texts)}; expected a list or another iterable of texts (str)")
        split = split_texts(texts, self._splitter(one_sentence_per_line), as_tuples=as_tuples)
        return self._tag_texts(split, as_tuples, scores)

    def _splitter(self, one_sentence_per_line: bool) -> WordTokenizer:
        return self.tokenizer.one_sentence_per_line() if one_sentence_per_line else self.tokenizer

    def _tag_texts(
        self, texts: Iterable[tuple[list[list[Token]], Any]], as_tuples: bool, scores: bool
    ) -> Iterator[Any]:
        read: deque[tuple[list[list[Token]], Any]] = deque()

        def words() -> Iterator[list[str]]:
            for sentences, other in texts:
                read.append((sentences, other))
                for sentence in sentences or [[]]:  # an empty one holds the place of an empty text
                    yield [token.text for token in sentence]

        tagged = self.tag_sentences(words(), scores=scores)
        for first in tagged:
            sentences, other = read.popleft()
            found = [first, *islice(tagged, len(sentences) - 1)] if sentences else []
            for sentence, tokens in zip(found, sentences, strict=True):
                sentence.offsets = [(token.start, token.end) for token in tokens]
            yield (TaggedText(found), other) if as_tuples else TaggedText(found)

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[TaggedSentence]:
        """Tag a stream of token lists lazily, in batches; the order is kept.

        A window of about 16,000 tokens is read at a time. Tags do not depend on how sentences are batched.

        Args:
            sentences: token lists; an empty one gives an empty result.
            scores: whether to compute the posterior probability of each tag; at most (N + 1) / (N + 2) if the model
                was calibrated on N words.
        """
        names, calibrated = self._names, self.saved.about.get("calibration_words")
        for tokens, ids, posteriors in self._engine.run(sentences, scores=scores):
            if posteriors is not None and calibrated is not None:  # N right words of N do not show more certainty
                posteriors = np.minimum(posteriors, (calibrated + 1) / (calibrated + 2))
            yield TaggedSentence(tokens, names[ids].tolist(), None if posteriors is None else posteriors.tolist())

    def evaluate(self, corpus: Source | Split, *, split: str = "test", **options: Any) -> Scores:
        """Tag a corpus and score the tags.

        Args:
            corpus: a path, a name, a hub id or a corpus in memory as in ``train_pos``, or a split.
            split: which split of the corpus.
            options: reading options of ``tagger.corpora.read_corpus.read_split`` (``column``, ``offline`` ...).

        Raises:
            CorpusError: the corpus cannot be read, has no such split, or its labels are not those of the model.
        """
        from tagger.corpora.read_corpus import read_split
        from tagger.corpora.sources.corpus import Split
        from tagger.corpora.sources.in_memory import EXPECTED
        from tagger.inference.evaluation import evaluate_split

        if corpus is None:
            raise TypeError(f"corpus is None; {EXPECTED}")
        if not isinstance(corpus, Split):
            corpus = read_split(corpus, split, **self.reading_options(options))
        return evaluate_split(self, corpus)

    def reading_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Add to some fields of ``ReadOptions`` those that read files as the training corpus was read."""
        learnt = CorpusReading.of_model(self.saved.about)
        if learnt is not None and "column" in options:
            learnt = replace(learnt, labels_column=None)
        return {"default_column": self.column, "learnt": learnt, **options}

    def raw_text_note(self, words: Sequence[str] = ()) -> str | None:
        """Say why the model splits raw text badly; None if nothing is known against it.

        Args:
            words: that the model's rules found in the text to be tagged, if any.
        """
        from tagger.corpora.tokenization.raw_text_fit import splitting_note

        return splitting_note(self.saved.about.get("raw_text_f1"), words)

    def gates(self, sentence: str | Sequence[str]) -> Gates:
        """Compute every gate of the encoder at every word.

        >>> tagger.gates("They can fish.")["forward", 1, "forget_gate"]  # (T, H): a row a word, a column a unit

        Args:
            sentence: raw text, or the tokens of one sentence.

        Raises:
            ConfigError: there is no word.
        """
        from tagger.interpretability.gates import join, word_gates

        if isinstance(sentence, str):
            sentences = [[t.text for t in tokens] for tokens in split_text(sentence, self.tokenizer, "sentence")]
        else:
            check_tokens(sentence, "sentence", TEXT_OR_SENTENCE)
            sentences = [list(sentence)]
        if not any(sentences):
            raise ConfigError("the text has no words; expected at least one")
        tagged = list(self.tag_sentences(sentences))
        model, features = self.saved.model, self.saved.features
        with intra_op_threads(1):
            return join([word_gates(model, features, one.tokens, tags=one.tags) for one in tagged])

    def __repr__(self) -> str:
        return f"<Tagger for {self.column}: {len(self.labels)} labels, {self.precision}, {self.threads} threads>"
