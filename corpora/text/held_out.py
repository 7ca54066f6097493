"""Held-out parts of running text: contiguous stretches or whole files, never sentences drawn from everywhere."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.sentence import error_policy, number_of
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.splits import missing_notes
from tagger.corpora.text.text_files import BY_LINES, TEXT, TextFile, TextReader, file_lines, labelled_words
from tagger.errors import CorpusError

MAX_CUTS = 20_000
FEW_LINES = 40  # plain text in fewer lines is cut between sentences
TOLERANCE = 0.02  # of the text: how far from its place a cut may move to fall between paragraphs

Cut = tuple[int, int]  # records before it, characters before it


class Cuts:
    """Places where a text may be cut, thinned out as they become many: memory stays bounded."""

    def __init__(self) -> None:
        self.places: list[Cut] = []
        self._apart = 0

    def add(self, records: int, characters: int) -> None:
        """Notes a place, unless the one before it is too near for a text of this size."""
        if self.places and characters - self.places[-1][1] < self._apart:
            return
        self.places.append((records, characters))
        if len(self.places) > MAX_CUTS:
            self.places = self.places[::2]
            self._apart = 2 * characters // MAX_CUTS

    def nearest(self, characters: float) -> Cut | None:
        """The place nearest to a number of characters."""
        return min(self.places, key=lambda place: abs(place[1] - characters), default=None)


@dataclass(slots=True)
class Survey:
    """What was found.

    Args:
        file: the file, with the kind of record that it is cut by.
        records: lines or sentences.
        characters: of the text, line ends included.
        words: parted by white space.
        damaged: lines that are no text and were left out.
        notes: what the user must be told.
        between: where paragraphs end.
        within: where records end.
    """

    file: TextFile
    records: int = 0
    characters: int = 0
    words: int = 0
    damaged: int = 0
    notes: list[str] = field(default_factory=list)
    between: Cuts = field(default_factory=Cuts)
    within: Cuts = field(default_factory=Cuts)

    def cut(self, characters: float) -> int:
        """The record before which to cut: between paragraphs where one ends nearby, else between any two."""
        for cuts, tolerance in ((self.between, TOLERANCE * self.characters), (self.within, float("inf"))):
            place = cuts.nearest(characters)
            if place is not None and abs(place[1] - characters) <= tolerance:
                return place[0]
        return 0


def survey(file: TextFile, reader: TextReader) -> Survey:
    """Reads a file from end to end.

    Raises:
        CorpusError: it cannot be read, or holds nothing but white space.
    """
    if file.form not in BY_LINES:
        found = _of_labelled(replace(file, by="sentence"), reader)
    else:
        found = _of_lines(file, reader)
        plain = file.form == TEXT and reader.options.unit == "word"
        if plain and found.words and found.records < FEW_LINES:
            whole = replace(file, by="sentence")
            found = _counted(Survey(whole, notes=found.notes), (found.text for found in reader.passages([whole])))
    if not found.words:
        raise CorpusError("; ".join([_nothing(file), *found.notes]), path=file.name)
    return found


def _of_lines(file: TextFile, reader: TextReader) -> Survey:
    found = Survey(file)
    between, within = found.between.add, found.within.add
    first = ""
    for text in file_lines(file, reader.options):
        found.records += 1
        if isinstance(text, DamagedLine):
            first = first or _damage(found, text, reader.options.skip_invalid)
            found.damaged += 1
            continue
        words = len(text.split())
        found.characters += len(text) + 1
        found.words += words
        within(found.records, found.characters)
        if not words:
            between(found.records, found.characters)
    if found.damaged:
        left = "line was" if found.damaged == 1 else "lines were"
        found.notes.append(f"{found.damaged:,} unreadable {left} left out; the first: {first}")
    return found


def _damage(found: Survey, line: DamagedLine, skip_invalid: bool) -> str:
    number = line.number or found.records
    if not skip_invalid:
        message = f"{line.reason}; or leave such lines out (--skip-invalid)"
        raise CorpusError(message, path=found.file.name, line=number)
    return f"{found.file.name}:{number}: {line.reason}"


def _of_labelled(file: TextFile, reader: TextReader) -> Survey:
    policy = error_policy(file.name, skip_invalid=reader.options.skip_invalid)
    pairs = labelled_words(file, reader.options, policy)
    found = _counted(Survey(file), (text or " ".join(words) for text, words in pairs))
    if note := policy.note():
        found.notes.append(note)
    return found


def _counted(found: Survey, texts: Iterable[str]) -> Survey:
    for text in texts:
        found.records += 1
        found.characters += len(text) + 1
        found.words += len(text.split())
        found.within.add(found.records, found.characters)
    return found


def _nothing(file: TextFile) -> str:
    if file.form in BY_LINES:
        return "the file is empty but for white space; expected text"
    return "no sentence in this file; expected words"


SHARE = 0.05  # of the text, for dev and for test
ENOUGH_FILES = 5  # from so many on, whole files are held out


def divided(surveys: dict[str, list[Survey]], seed: int | None) -> tuple[dict[str, list[TextFile]], list[str]]:
    """The files of each part; dev, and test where no part has a name, are held out if they are missing.

    Without a seed nothing is held out, and what has no parts is train.
    """
    parts = {split: [one.file for one in found] for split, found in surveys.items()}
    if seed is None:
        return {"train" if split == "all" else split: files for split, files in parts.items()}, []
    whole, wanted = ("all", ("dev", "test")) if "all" in parts else ("train", ("dev",))
    said: list[str] = []
    if whole in parts:
        if sum(one.words for one in surveys[whole]) < 2:
            raise CorpusError("one word only; expected running text", path=surveys[whole][0].file.name)
        if "dev" not in parts:
            held, said = hold_out(surveys[whole], wanted, seed)
            parts = {**{split: files for split, files in parts.items() if split != "all"}, **held}
    said += missing_notes(parts)
    return parts, [note for note in said if not (note.startswith("test: none") and "all" in surveys)]


def hold_out(
    surveys: Sequence[Survey], wanted: tuple[str, ...], seed: int
) -> tuple[dict[str, list[TextFile]], list[str]]:
    """Divides a text.

    From ``ENOUGH_FILES`` files on, whole files are drawn at random; otherwise the end of each file is held out,
    cut between paragraphs where one ends nearby.

    Args:
        surveys: what is known of its files.
        wanted: the parts to hold out, of ``dev`` and ``test``.
        seed: of the choice of files.

    Returns:
        The files, or stretches of them, of each part, ``train`` first, and notes that say what was held out.
    """
    if len(surveys) >= ENOUGH_FILES:
        return _whole_files(surveys, wanted, seed)
    return _ends(surveys, wanted)


def _whole_files(
    surveys: Sequence[Survey], wanted: tuple[str, ...], seed: int
) -> tuple[dict[str, list[TextFile]], list[str]]:
    total = sum(survey.characters for survey in surveys)
    order = list(range(len(surveys)))
    random.Random(seed).shuffle(order)
    parts: dict[str, list[int]] = {}
    for part in wanted:
        parts[part] = _drawn(order, [survey.characters for survey in surveys], SHARE * total)
        order = [number for number in order if number not in parts[part]]
    files = {
        part: [surveys[number].file for number in sorted(chosen)] for part, chosen in {"train": order, **parts}.items()
    }
    notes: list[str] = []
    for part, chosen in parts.items():
        share = sum(surveys[number].characters for number in chosen) / total
        names = [file.name for file in files[part][:3]] + (["..."] if len(chosen) > 3 else [])
        held = f"{number_of(len(chosen), 'file')} held out whole ({', '.join(names)}; seed {seed})"
        notes.append(Note(f"{held}, {share:.1%} of the text", part))
    return files, notes


def _drawn(order: Sequence[int], sizes: Sequence[int], target: float) -> list[int]:
    """Files until there is enough, passing over those much too large; the smallest where all are."""
    chosen: list[int] = []
    got = 0
    for number in order:
        if got < 0.75 * target and got + sizes[number] <= 2 * target:
            chosen.append(number)
            got += sizes[number]
    return chosen or [min(order, key=lambda number: sizes[number])]


def _ends(surveys: Sequence[Survey], wanted: tuple[str, ...]) -> tuple[dict[str, list[TextFile]], list[str]]:
    parts: dict[str, list[TextFile]] = {part: [] for part in ("train", *wanted)}
    begins: dict[str, list[str]] = {part: [] for part in wanted}
    for survey in surveys:
        share = survey.characters * SHARE
        cuts = [survey.cut(survey.characters - share * (len(wanted) - place)) for place in range(len(wanted))]
        bounds = [0, *cuts, survey.records]
        if any(bounds[place] >= bounds[place + 1] for place in range(len(wanted) + 1)):
            parts["train"].append(survey.file)
            continue
        for part, (start, stop) in zip(parts, pairwise(bounds), strict=True):
            parts[part].append(replace(survey.file, start=start, stop=stop))
            if part != "train":
                begins[part].append(f"{survey.file.name} from {survey.file.by} {start + 1:,} to {stop:,}")
    if not all(begins.values()):
        return {"train": [survey.file for survey in surveys]}, [
            f"{' and '.join(wanted)}: none, too little text to hold any out"
        ]
    return parts, [Note(f"about {SHARE:.0%} of the text, held out: {'; '.join(begins[part])}", part) for part in wanted]
