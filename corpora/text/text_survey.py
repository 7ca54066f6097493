"""A first look at the text of a file: how much there is, that all of it can be read, and where it may be cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.sentence import Skip, Stop
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
            first = first or _damage(found, text, reader.options.ignore_bad)
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


def _damage(found: Survey, line: DamagedLine, ignore_bad: bool) -> str:
    number = line.number or found.records
    if not ignore_bad:
        message = f"{line.reason}; or leave such lines out (--ignore-bad)"
        raise CorpusError(message, path=found.file.name, line=number)
    return f"{found.file.name}:{number}: {line.reason}"


def _of_labelled(file: TextFile, reader: TextReader) -> Survey:
    policy = Skip(file.name) if reader.options.ignore_bad else Stop(file.name)
    pairs = labelled_words(file, reader.options, policy)
    found = _counted(Survey(file), (text or " ".join(words) for text, words in pairs))
    if isinstance(policy, Skip) and (note := policy.note()):
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
