"""One argument names any text: bundled, files, a folder, a glob, ``-``, a labelled corpus, or a hub data set."""

from __future__ import annotations

import atexit
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from tagger.corpora.sources.arrow_cache import content_digest
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import explicit_files, named_splits, override, stdin_to_tempfile
from tagger.corpora.text.held_out import divided, survey
from tagger.corpora.text.text_files import TextFile, TextReader, resolve_text
from tagger.corpora.text.text_formats import form_of
from tagger.corpora.text.text_split import TextCorpus, TextOptions, TextSplit
from tagger.corpora.text.tokenizer_choice import choose_tokenizer, first_words, for_prompts
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError

__all__ = ["TextCorpus", "TextOptions", "TextSplit", "read_text_corpus", "read_text_split"]


def read_text_corpus(
    source: str | None = None,
    *,
    train: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    unit: str = "word",
    tokenised: bool = False,
    format: str | None = None,
    text_column: str | None = None,
    tokens_column: str | None = None,
    rules: str | None = None,
    offline: bool = False,
    streaming: bool = False,
    seed: int = 1,
    skip_invalid: bool = False,
    tokenizer: WordTokenizer | None = None,
) -> TextCorpus:
    """Reads text for a language model into train, dev and test.

    A text without named parts is divided: about a twentieth each becomes dev and test, in whole files where
    there are at least five, otherwise contiguous from the end. Where there is a train but no dev part, the end
    of train becomes dev. Every such step is told in ``notes``.

    Args:
        source: ``bundled`` (or None), ``bundled:ko``, a file, a folder, a glob, ``-`` for the standard input, a
            name in the catalogue, or ``OWNER/NAME[:CONFIG][@REVISION]`` on the hub. Plain text, or the words
            of a labelled corpus in any format.
        train: a file, glob or folder for this split; stands in for the one that ``source`` has.
        dev: the same for dev.
        test: the same for test.
        unit: ``word``, ``bpe`` or ``char``. Plain text is read by sentences for words, line by line otherwise.
        tokenised: words are parted by white space already, every line (an empty one too) is a sentence, and a
            literal ``<unk>`` is the unknown word.
        format: ``text``, or a labelled format (``formats.FORMATS``); None to tell by the content.
        text_column: the column of text of a data set; None for ``text``, ``sentence``, ``content`` ...
        tokens_column: the column of words of a labelled corpus, where it has no usual name.
        rules: the rules that split raw text into words, None to choose them by the text.
        offline: never ask the hub.
        streaming: read a hub data set over the network as it is needed, without downloading all of it.
        seed: of the choice of files that are held out.
        skip_invalid: leave out lines that are not text, and count them in ``notes``.
        tokenizer: split raw text with these rules, those of a model.

    Raises:
        CorpusError: nothing by that name, or what is there is no text; the message says where and why.
        ConfigError: there is no such unit, or no such rules.
    """
    tokenizer = WordTokenizer.from_rules(rules) if rules is not None else tokenizer
    options = _options(unit, tokenised, format, text_column, tokens_column, tokenizer, skip_invalid, seed)
    explicit = named_splits(source, train=train, dev=dev, test=test)
    spool = _spooled([source, *explicit.values()])
    located = explicit_files(explicit, spool) if source is None and explicit else resolve_text(source, spool)
    if located is None:
        from tagger.corpora.text.text_hub import read_hub_text

        hub = read_hub_text(str(source), options, offline=offline, streaming=streaming)
        return _with_files(hub, explicit_files(explicit, spool), options) if explicit else hub
    if source is not None and explicit:
        override(located, explicit_files(explicit, spool))
    return from_text_files(located, source or " ".join(explicit.values()) or "bundled", options)


def read_text_split(
    source: str | None,
    split: str = "test",
    *,
    unit: str = "word",
    tokenised: bool = False,
    format: str | None = None,
    text_column: str | None = None,
    tokens_column: str | None = None,
    offline: bool = False,
    skip_invalid: bool = False,
    tokenizer: WordTokenizer | None = None,
) -> TextSplit:
    """Reads one split, to evaluate on. A text without named parts is the whole split.

    Args:
        source: as for ``read_text_corpus``.
        split: train, dev or test, where the source has several.
        unit: as for ``read_text_corpus``.
        tokenised: as for ``read_text_corpus``.
        format: as for ``read_text_corpus``.
        text_column: as for ``read_text_corpus``.
        tokens_column: as for ``read_text_corpus``.
        offline: as for ``read_text_corpus``.
        skip_invalid: as for ``read_text_corpus``.
        tokenizer: the rules for raw text of the model that is evaluated.

    Raises:
        CorpusError: nothing by that name, no such split, or it cannot be read.
    """
    options = _options(unit, tokenised, format, text_column, tokens_column, tokenizer, skip_invalid, seed=1)
    located = resolve_text(source, _spooled([source]))
    if located is None:
        from tagger.corpora.text.text_hub import read_hub_text

        corpus = read_hub_text(str(source), options, offline=offline, streaming=False, whole=True)
        found = {part.name: part for part in corpus.splits}
        if split not in found:
            raise CorpusError(f"no {split} split; there are: {', '.join(found)}", path=source)
        return found[split]
    paths = located.files.get(split) or located.files.get("all")
    if paths is None:
        raise CorpusError(f"no {split} split; there are: {', '.join(located.files)}", path=source)
    files = _files(paths, located, options)
    reader = TextReader(options, choose_tokenizer(files, options)[0])
    return _split(split, [survey(file, reader).file for file in files], reader)


def _options(
    unit: str,
    tokenised: bool,
    format: str | None,
    text_column: str | None,
    tokens_column: str | None,
    tokenizer: WordTokenizer | None,
    skip_invalid: bool,
    seed: int,
) -> TextOptions:
    return TextOptions(unit, tokenised, format, text_column, tokens_column, tokenizer, skip_invalid, seed)


def from_text_files(located: DatasetFiles, source: str, options: TextOptions, *, whole: bool = False) -> TextCorpus:
    """Reads files that were found.

    Args:
        located: the files of each split.
        source: what the user asked for.
        options: how to read them.
        whole: hold nothing out; a text without parts is all train.

    Raises:
        CorpusError: a file cannot be read.
    """
    forms = {split: _files(paths, located, options) for split, paths in located.files.items()}
    first = forms.get("all") or forms.get("train") or next(iter(forms.values()))
    tokenizer, note = choose_tokenizer(first, options)
    reader = TextReader(options, tokenizer)
    surveys = {split: [survey(file, reader) for file in files] for split, files in forms.items()}
    notes = [*located.notes, *note, *(note for found in surveys.values() for one in found for note in one.notes)]
    parts, said = divided(surveys, None if whole else options.seed)
    made = {split: _split(split, files, reader) for split, files in parts.items()}
    return TextCorpus(
        name=located.name,
        source=source,
        train=made.get("train"),
        dev=made.get("dev"),
        test=made.get("test"),
        notes=(*notes, *said),
        fingerprint=_fingerprint(forms, options),
        license=located.license,
        tokenizer=for_prompts(first_words(first[0], options), options, tokenizer),
    )


def _with_files(corpus: TextCorpus, located: DatasetFiles, options: TextOptions) -> TextCorpus:
    """A corpus from the hub with some splits put in its place from files."""
    reader = TextReader(options, corpus.tokenizer)
    forms = {split: _files(paths, located, options) for split, paths in located.files.items()}
    made = {
        split: _split(split, [survey(file, reader).file for file in files], reader) for split, files in forms.items()
    }
    digest = corpus.fingerprint + _fingerprint(forms, options)
    return replace(
        corpus,
        train=made.get("train", corpus.train),
        dev=made.get("dev", corpus.dev),
        test=made.get("test", corpus.test),
        notes=(*(note for note in corpus.notes if note.partition(":")[0] not in made), *located.notes),
        fingerprint=hashlib.sha256(digest.encode()).hexdigest()[:16],
    )


def _files(paths: list[Path], located: DatasetFiles, options: TextOptions) -> list[TextFile]:
    named = [(path, located.display.get(path, str(path))) for path in paths]
    return [TextFile(path, name, form_of(path, name, options)) for path, name in named]


def _split(name: str, files: Sequence[TextFile], reader: TextReader) -> TextSplit:
    paths = tuple(file.name for file in files)
    bare = replace(reader, find_words=False)
    read, read_bare = (partial(one.passages, tuple(files)) for one in (reader, bare))
    return TextSplit(name, paths, read, reader.tokenizer, bare=read_bare)


def _fingerprint(forms: dict[str, list[TextFile]], options: TextOptions) -> str:
    told = [
        split + file.form + content_digest(file.path, file.name) for split, files in forms.items() for file in files
    ]
    digest = hashlib.sha256("\n".join([options.unit, str(options.tokenised), *told]).encode())
    return digest.hexdigest()[:16]


def _spooled(texts: list[str | None]) -> dict[str, Path]:
    """Where ``-`` is asked for, standard input as a file that lasts as long as the process: it is read again."""
    if "-" not in texts:
        return {}
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(stdin_to_tempfile(texts))
