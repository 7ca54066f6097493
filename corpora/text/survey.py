"""Surveys of text files: size, damage, and the places where they may be cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.sentence import Problem, error_policy
from tagger.corpora.text.text_files import BY_LINES, TEXT, TextFile, TextReader, file_lines, labelled_words
from tagger.errors import CorpusError

MAX_CUTS = 20_000
MIN_LINES = 40  # plain text with fewer lines is cut between sentences
TOLERANCE = 0.02  # share of the text by which a cut may move to the end of a paragraph

Cut = tuple[int, int]  # records before it, characters before it


class Cuts:
    """Places where a text may be cut, thinned out when they are many to bound memory."""

    def __init__(self) -> None:
        self.places: list[Cut] = []
        self._distance = 0

    def add(self, records: int, characters: int) -> None:
        """Add a place, unless the one before it is too near for a text of this size."""
        if self.places and characters - self.places[-1][1] < self._distance:
            return
        self.places.append((records, characters))
        if len(self.places) > MAX_CUTS:
            self.places = self.places[::2]
            self._distance = 2 * characters // MAX_CUTS

    def nearest(self, characters: float) -> Cut | None:
        """Find the place nearest to a number of characters."""
        return min(self.places, key=lambda place: abs(place[1] - characters), default=None)


@dataclass(slots=True)
class Survey:
    """The size of a file and its cuts.

    Args:
        file: the file, with the kind of record by which it is cut.
        records: number of lines or sentences.
        characters: number of characters, line ends included.
        words: number of words, separated by white space.
        notes: notes for the user.
        paragraph_ends: ends of paragraphs.
        record_ends: ends of records.
    """

    file: TextFile
    records: int = 0
    characters: int = 0
    words: int = 0
    notes: list[str] = field(default_factory=list)
    paragraph_ends: Cuts = field(default_factory=Cuts)
    record_ends: Cuts = field(default_factory=Cuts)

    def add(self, text: str) -> None:
        """Count one record; a blank one ends a paragraph."""
        words = len(text.split())
        self.records += 1
        self.characters += len(text) + 1
        self.words += words
        self.record_ends.add(self.records, self.characters)
        if not words:
            self.paragraph_ends.add(self.records, self.characters)

    def cut(self, characters: float) -> int:
        """Find the record before which to cut: after a paragraph if one ends nearby, else after any record."""
        for cuts, tolerance in ((self.paragraph_ends, TOLERANCE * self.characters), (self.record_ends, float("inf"))):
            place = cuts.nearest(characters)
            if place is not None and abs(place[1] - characters) <= tolerance:
                return place[0]
        return 0


def survey(file: TextFile, reader: TextReader) -> Survey:
    """Read a file from end to end.

    Raises:
        CorpusError: the file cannot be read, or holds only white space.
    """
    policy = error_policy(file.name, skip_invalid=reader.options.skip_invalid)
    if file.form not in BY_LINES:
        result, empty = Survey(replace(file, by="sentence")), "no sentence in this file; expected words"
        for text, words in labelled_words(file, reader.options, policy):
            result.add(text or " ".join(words))
    else:
        result, empty = Survey(file), "the file is empty but for white space; expected text"
        for line in file_lines(file, reader.options):
            if isinstance(line, DamagedLine):
                result.records += 1
                number = line.number or result.records
                policy(Problem(number, line.reason, number))
            else:
                result.add(line)
        few_lines = file.form == TEXT and not reader.options.by_lines and result.records < MIN_LINES
        if few_lines and result.words:
            result = Survey(replace(file, by="sentence"))
            for passage in reader.passages([result.file]):
                result.add(passage.text)
    if note := policy.note():
        result.notes.append(note)
    if not result.words:
        raise CorpusError("; ".join([empty, *result.notes]), path=file.name)
    return result
