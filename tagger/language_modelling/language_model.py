"""The language model as an object: load a model folder, generate, score, evaluate, look inside."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.subwords.base import TokenStream
from tagger.corpora.subwords.token_stream import encode_stream
from tagger.corpora.text.text_split import TextSplit
from tagger.corpora.tokenization.passages import TextSegment, joined, raw_passages
from tagger.errors import ConfigError, CorpusError, ModelError
from tagger.evaluation.perplexity import LanguageScores
from tagger.generation.decoder import LanguageEngine
from tagger.generation.prompts import Prompt, make_prompt
from tagger.inference.arguments import TEXT_OR_SENTENCE, check_text, check_tokens
from tagger.language_modelling.evaluation import CacheSettings, choose_cache, evaluate
from tagger.runtime.device import check_threads, choose_device, intra_op_threads
from tagger.serialization.checkpoint import LANGUAGE, SavedModel, load_model
from tagger.serialization.manifest import find_model

if TYPE_CHECKING:
    from tagger.corpora.sources.in_memory import Source
    from tagger.interpretability.gate_activations import Gates
    from tagger.language_modelling.surprisal import ScoredPassage

T = TypeVar("T")


class LanguageModel:
    """A trained language model; several threads may share it.

    Make one with ``LanguageModel.load`` or ``tagger.train_lm``.

    Args:
        saved: the contents of a model folder with a language-model head.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
    """

    def __init__(self, saved: SavedModel, *, device: str = "auto", threads: int | None = None) -> None:
        if saved.subwords is None:
            raise ModelError(f"the model has no language-model head; its heads: {', '.join(saved.heads)}")
        self.saved = saved
        self.subwords = saved.subwords
        self.tokenizer = saved.tokenizer
        self.threads = check_threads(threads)
        with intra_op_threads(self.threads):
            self.engine = LanguageEngine(saved.model, saved.features, self.subwords.size, device=choose_device(device))

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto", threads: int | None = None) -> LanguageModel:
        """Load a model folder, or a bundled model by its name; nothing is downloaded.

        Raises:
            ModelError: the folder is missing, incomplete, damaged or has no language-model head.
            ConfigError: no such device or number of threads.
        """
        with intra_op_threads(1):
            return cls(load_model(find_model(path), LANGUAGE), device=device, threads=threads)

    def generate(self, prompt: str = "", **settings: Any) -> list[Generated]:
        """Continue a prompt.

        >>> model.generate("The river", max_tokens=30, temperature=0.8, top_p=0.9, samples=3, seed=1)

        Args:
            prompt: what the text begins with.
            settings: fields of ``tagger.config.generation.GenerationSettings``.

        Returns:
            One text a sample; with ``beam`` the most probable texts, best first.

        Raises:
            ConfigError: a setting is unknown or out of its range.
        """
        from tagger.generation.generate import generate

        chosen = _settings(settings)
        with intra_op_threads(1):  # one step is too little work for several threads
            return generate(self.engine, self.subwords, self.prompt(prompt), chosen, threads=self.threads)

    def stream(self, prompt: str = "", **settings: Any) -> Iterator[str]:
        """Continue a prompt and yield the text piece by piece, the prompt first; arguments as ``generate``."""
        from tagger.generation.generate import stream

        pieces = stream(self.engine, self.subwords, self.prompt(prompt), _settings(settings))
        return _one_by_one(pieces, 1)

    def prompt(self, text: str) -> Prompt:
        """Split a prompt into tokens, and list its words that the model does not know."""
        check_text(text, "prompt")
        return make_prompt(text, self.tokenizer, self.subwords)

    def score(self, text: str | Sequence[str], *, context: str = "text") -> list[ScoredPassage]:
        """Compute surprisal, rank and entropy of every word.

        Args:
            text: raw text, or the words of one sentence.
            context: "text" predicts a word from all of the text before it, "sentence" from its sentence alone.

        Returns:
            One entry a sentence (a line for models of pieces or characters).
        """
        return list(self.score_passages(self.passages(text), context=context))

    def score_passages(self, passages: Iterable[TextSegment], *, context: str = "text") -> Iterator[ScoredPassage]:
        """Score a stream of passages lazily; see ``score``."""
        from tagger.language_modelling.surprisal import score_words

        return _one_by_one(score_words(self.engine, self.subwords, passages, context=context), self.threads)

    def passages(self, text: str | Sequence[str]) -> list[TextSegment]:
        """Split a text as the training text was: sentences for words, lines for pieces and characters."""
        if not isinstance(text, str):
            check_tokens(text, "text", TEXT_OR_SENTENCE)
            return [joined(text)]
        check_text(text, "text")
        return list(raw_passages(text.split("\n"), self.tokenizer, by_lines=self.subwords.kind != "word"))

    def evaluate(
        self, corpus: Source | TextSplit, *, split: str = "test", cache: CacheSettings | None = None, **options: Any
    ) -> LanguageScores:
        """Compute the perplexity of a text that is read as one stream.

        Args:
            corpus: a path, a name or a hub id, or a split that was read already.
            split: which split of the corpus.
            cache: adds the perplexity with a neural cache.
            options: reading options of ``tagger.corpora.text.text_corpus.read_text_split``.

        Raises:
            CorpusError: the corpus cannot be read or has no such split.
        """
        with tempfile.TemporaryDirectory(prefix="tagger-") as folder:
            return self.evaluate_stream(self._stream(corpus, split, Path(folder), options), cache)

    def evaluate_stream(self, stream: TokenStream, cache: CacheSettings | None = None) -> LanguageScores:
        """Compute the perplexity of an encoded text; see ``evaluate``."""
        with intra_op_threads(self.threads):
            return evaluate(self.engine, stream, self.subwords.kind, self.subwords.end, cache)

    def choose_cache(
        self, corpus: Source | TextSplit | TokenStream, *, split: str = "dev", **options: Any
    ) -> CacheSettings:
        """Choose the neural cache that is best on a validation text; arguments as ``evaluate``."""
        with tempfile.TemporaryDirectory(prefix="tagger-") as folder, intra_op_threads(self.threads):
            stream = corpus if isinstance(corpus, TokenStream) else self._stream(corpus, split, Path(folder), options)
            return choose_cache(self.engine, stream, self.subwords.end)

    def _stream(self, corpus: Source | TextSplit, split: str, folder: Path, options: Mapping[str, Any]) -> TokenStream:
        """Read and encode a text."""
        if not isinstance(corpus, TextSplit):
            from tagger.corpora.text.text_corpus import read_text_split

            corpus = read_text_split(corpus, split, unit=self.subwords.kind, tokenizer=self.tokenizer, **options)
        stream = encode_stream(corpus, self.subwords, folder)
        if not len(stream):
            raise CorpusError("has no text to score", path=", ".join(corpus.paths))
        return stream

    def gates(self, text: str | Sequence[str]) -> Gates:
        """Compute every gate at every token of a text; see ``Tagger.gates``."""
        from tagger.interpretability.gates import word_gates

        ids = [self.subwords.end]
        for passage in self.passages(text):
            ids += [*self.subwords.encode(passage)[0], self.subwords.end]
        if len(ids) < 3:
            raise ConfigError("the text has no words; expected at least one")
        with intra_op_threads(1):
            return word_gates(self.saved.model, self.saved.features, self.subwords.symbols(ids[:-1]))

    def __repr__(self) -> str:
        return f"<LanguageModel of {self.subwords.size:,} {self.subwords.kind} tokens, {self.threads} threads>"


def _one_by_one(results: Iterator[T], threads: int) -> Iterator[T]:
    """Yield results, each computed on some threads; between them the caller's number of threads holds."""
    while True:
        with intra_op_threads(threads):
            try:
                result = next(results)
            except StopIteration:
                return
        yield result


def _settings(values: dict[str, Any]) -> GenerationSettings:
    try:
        return GenerationSettings(**values)
    except TypeError as error:
        raise ConfigError(f"generation settings: {error}") from error
