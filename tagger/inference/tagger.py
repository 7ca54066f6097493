"""The tagger as an object: load a model folder, tag text or tokens, evaluate on a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from tagger.config.tagger import Config
from tagger.errors import ConfigError, ModelError
from tagger.runtime.device import check_threads, intra_op_threads
from tagger.serialization.manifest import find_model

if TYPE_CHECKING:
    from tagger.corpora.sources.corpus import Split
    from tagger.evaluation.scores import Scores
    from tagger.interpretability.gate_activations import Gates
    from tagger.serialization.checkpoint import SavedModel


class TaggedSentence:
    """A sentence of T words with their tags.

    Attributes:
        tokens: the T words.
        tags: the T tags.
        scores: posterior probability of each tag, or None if not requested.
        offsets: start and end of each word in the raw text, in code points, or None for pre-tokenised input.
    """

    __slots__ = ("offsets", "scores", "tags", "tokens")

    def __init__(
        self,
        tokens: Sequence[str],
        tags: list[str],
        scores: list[float] | None = None,
        offsets: list[tuple[int, int]] | None = None,
    ) -> None:
        self.tokens = tokens
        self.tags = tags
        self.scores = scores
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of word and tag."""
        return iter(zip(self.tokens, self.tags, strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaggedSentence):
            return NotImplemented
        return list(self.tokens) == list(other.tokens) and self.tags == other.tags

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return " ".join(f"{token}/{tag}" for token, tag in self)

    __repr__ = __str__


class TaggedText(Sequence[TaggedSentence]):
    """The tagged sentences of a raw text, in order."""

    def __init__(self, sentences: list[TaggedSentence]) -> None:
        self.sentences = sentences

    @property
    def tokens(self) -> list[str]:
        """The words of all sentences."""
        return [token for sentence in self.sentences for token in sentence.tokens]

    @property
    def tags(self) -> list[str]:
        """The tags of all sentences."""
        return [tag for sentence in self.sentences for tag in sentence.tags]

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        """One sentence, or a list of them for a slice."""
        return self.sentences[index]

    def __len__(self) -> int:
        return len(self.sentences)

    def __str__(self) -> str:
        return "\n".join(map(str, self.sentences))

    __repr__ = __str__


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
        from tagger.inference.engine import make_engine

        if not isinstance(saved.config, Config):
            raise ModelError(f"the model has no head that tags; its heads: {', '.join(saved.heads)}")
        self.saved = saved
        self.labels = saved.labels
        self.column = saved.config.column
        self.tokenizer = saved.tokenizer
        self.threads = check_threads(threads)
        self._names = np.array(saved.labels, dtype=object)
        self._engine = make_engine(
            saved, device=device, threads=self.threads, precision=precision, worker_processes=worker_processes
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
            ConfigError: no such device or number of threads.
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
    def tag(self, text: str, *, scores: bool = False) -> TaggedText: ...  # type: ignore[overload-overlap]
    @overload
    def tag(self, text: Sequence[str], *, scores: bool = False) -> TaggedSentence: ...

    def tag(self, text: str | Sequence[str], *, scores: bool = False) -> TaggedText | TaggedSentence:
        """Tag a raw text, or one sentence given as tokens.

        Args:
            text: raw text (split into sentences and words by the model's rules), or the tokens of a sentence.
            scores: whether to give the posterior probability of each tag.

        Returns:
            ``TaggedText`` for text, ``TaggedSentence`` for tokens; both print as ``word/TAG`` pairs.
        """
        if not isinstance(text, str):
            _check_tokens(text)
            return next(self.tag_sentences([text], scores=scores))
        sentences = list(self.tokenizer.sentences(text))
        tagged = list(self.tag_sentences(([t.text for t in s] for s in sentences), scores=scores))
        for sentence, tokens in zip(tagged, sentences, strict=True):
            sentence.offsets = [(t.start, t.end) for t in tokens]
        return TaggedText(tagged)

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

    def evaluate(self, corpus: str | Split, *, split: str = "test", **options: Any) -> Scores:
        """Tag a corpus and score the tags.

        Args:
            corpus: a path, a name or a hub id as in ``train_pos``, or a split.
            split: which split of the corpus.
            options: reading options of ``tagger.corpora.read_corpus.read_split`` (``column``, ``offline`` ...).

        Raises:
            CorpusError: the corpus cannot be read, has no such split, or its labels are not those of the model.
        """
        from tagger.corpora.read_corpus import read_split
        from tagger.inference.evaluation import evaluate_split

        if isinstance(corpus, str | Path):
            corpus = read_split(str(corpus), split, **{"column": self.column, **options})
        return evaluate_split(self, corpus)

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

        sentences = (
            [[token.text for token in tokens] for tokens in self.tokenizer.sentences(sentence)]
            if isinstance(sentence, str)
            else [list(sentence)]
        )
        if not any(sentences):
            raise ConfigError("the text has no words; expected at least one")
        tagged = list(self.tag_sentences(sentences))
        model, features = self.saved.model, self.saved.features
        with intra_op_threads(1):
            return join([word_gates(model, features, one.tokens, tags=one.tags) for one in tagged])

    def __repr__(self) -> str:
        return f"<Tagger for {self.column}: {len(self.labels)} labels, {self.precision}, {self.threads} threads>"


def _check_tokens(tokens: Sequence[str]) -> None:
    if not all(isinstance(token, str) for token in tokens):
        raise TypeError("tag() takes a text or a list of tokens; for many sentences use tag_sentences()")
