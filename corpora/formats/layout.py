"""The layout of a file in columns: what separates them, which one holds the words, what the others are called.

A column is called after what it holds where that is certain (``ner``, ``chunk``, ``upos``, ``pos``, ``lemma``),
else after its number in the file: ``column2``, ``column3``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, takewhile

from tagger.corpora.files.lines import split_fields
from tagger.corpora.formats.conllu import NOT_A_WORD
from tagger.corpora.formats.options import DEFAULTS, ReadOptions, numbered_place
from tagger.corpora.formats.sentence import MISSING, excerpt

WORD_NAMES = ("form", "token", "word", "tokens", "words")
DOCUMENT = "-DOCSTART-"
HEADER = re.compile(r"#\s*global\.columns\s*=\s*(.+)")  # https://universaldependencies.org/ext-format.html
WEBANNO = re.compile(r"#\s*(?:FORMAT=WebAnno|webanno\.)", re.I)
MARKUP = re.compile(r"""</?[A-Za-z_][\w.:-]*(?:\s(?:[^<>"'\t]|"[^"\t]*"|'[^'\t]*')*)?/?>\s*|<[?!][^\t]*>\s*""")
"""A line that is a structure tag."""
NO_LABEL = {"", MISSING, "-", "-X-", "-100"}
KINDS = {
    "chunk": re.compile(r"O|[BIESLU]-(?:NP|VP|PP|AD[JV]P|SBAR|PRT|CONJP|INTJ|LST|UCP|[NVP]C)"),
    "ner": re.compile(r"O|[BIESLUMW][-_]\S+|\S+[-_][BIESLUMW]"),
    "upos": re.compile("ADJ|ADP|ADV|AUX|CCONJ|DET|INTJ|NOUN|NUM|PART|PRON|PROPN|PUNCT|SCONJ|SYM|VERB|X"),
    "pos": re.compile(
        r"CC|CD|DT|EX|FW|IN|JJ[RS]?|LS|MD|NNP?S?|PDT|POS|PRP\$?|RB[RS]?|RP|SYM|TO|UH|VB[DGNPZ]?|W(?:DT|P\$?|RB)"
        r"|[#$.,:()]|''|``|-[LR]RB-|HYPH|NFP|ADD|AFX|XX"
    ),
}
"""Labels of each kind of column; ``pos`` is that of the Penn Treebank."""

Line = tuple[int, str]


def conllu_comments(line: str) -> list[str]:
    """Return a comment, the mark of a document or a structure tag as comments of CoNLL-U."""
    if HEADER.match(line) or line.startswith(("</", "<s>", "<g/>")):
        return []
    if line[0] == "#":
        return [line]
    begins = ["# newdoc"] * line.startswith((DOCUMENT, "<doc")) + ["# newpar"] * line.startswith("<p")
    return begins + [f"# {line}"] * (" " in line and line[0] == "<")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    Args:
        separator: the tab, or None for any run of blanks.
        width: columns in a line.
        words: the index of the column of words.
        names: the names of the label columns, by index.
        counter: the index of a column that counts words: ranges (``1-2``) and empty nodes (``8.1``) are no words.
        markup: lines of structure tags stand between the words.
        header: all columns, if the file names them.
        ragged: sentences may have further columns, as for each predicate in CoNLL-2009 and OntoNotes.
    """

    separator: str | None
    width: int
    words: int
    names: dict[int, str]
    counter: int | None = None
    markup: bool = False
    header: tuple[str, ...] = ()
    ragged: bool = False


def find_layout(
    probe: list[list[Line]], options: ReadOptions = DEFAULTS, *, min_width: int = 2, markup: bool = False
) -> Layout:
    """Find the separator, the number of columns and what they hold.

    Args:
        probe: the first blocks of a file.
        options: the column of words: its number in the file from 1 (negative from the end), ``column2``,
            or its name where the first line names them. None for that of the model's corpus, else the first that does
            not count the words and is not the same for all words of a sentence.
        min_width: the least number of columns: words alone, or words and labels.
        markup: lines may be structure tags.

    Raises:
        ValueError: there is no such column of words.
    """
    if probe and WEBANNO.match(probe[0][0][1]):
        raise ValueError("WebAnno TSV, whose spans have no label for each word; export CoNLL 2002 or CoNLL-U instead")
    if headers := [match for _, line in (probe[0] if probe else []) if (match := HEADER.match(line))]:
        return _named_layout(tuple(headers[0][1].lower().split()), options.tokens_column)
    apart = MARKUP.fullmatch if markup else re.compile(f"(?:#|{DOCUMENT})").match
    data = [[line for _, line in block if not apart(line)] for block in probe]
    lines = [line for block in data for line in block] or [line for block in probe for _, line in block]
    separator = "\t" if markup or 2 * sum("\t" in line for line in lines) > len(lines) else None
    fields = partial(str.split, sep=separator) if separator else split_fields
    widths = Counter(len(fields(line)) for line in lines)
    width = max(min_width, widths.most_common(1)[0][0]) if widths else min_width
    ragged = (
        len(widths) > 1 and min(widths) > 10 and all(len({len(fields(line)) for line in block}) < 2 for block in data)
    )
    width = min(widths) if ragged else width
    split = [[row for row in map(fields, block) if len(row) == width or ragged] for block in data if block]
    rows = [row for block in split for row in block]
    leading = list(takewhile(lambda place: _is_index(split, place, width), range(width - 1)))
    if _is_index(split, len(leading), width + 2):  # the same word again and again
        leading = [place for place in leading if any(len({row[place] for row in rows}) > 1 for rows in split)]
    learnt = options.learnt and options.learnt.words_in(width)
    if tokens_column := options.tokens_column or learnt:
        place = numbered_place(tokens_column, width)
        if place is None:
            raise ValueError(f"no column {excerpt(tokens_column)} of words; they are numbered from 1 to {width} here")
        words = place
    elif len(leading) + min_width > width:
        raise ValueError(f"the first of {width} columns numbers the words, expected words and labels behind it")
    else:
        kinds = (label_kind([row[place] for row in rows], []) for place in range(len(leading), width - 1))
        words = len(leading) + sum(1 for _ in takewhile(KINDS.__contains__, kinds))  # labels may stand before words
    counter = next((place for place in leading if place < words and any(row[place].isdecimal() for row in rows)), None)
    labels = [place for place in range(width - ragged) if place != words and place not in leading]
    return Layout(separator, width, words, label_names(rows, words, labels), counter, markup, ragged=ragged)


def _named_layout(names: tuple[str, ...], tokens_column: str | None) -> Layout:
    usual = (name for name in (*WORD_NAMES, *names) if name in names and name != "id")
    wanted = tokens_column.lower() if tokens_column else next(usual, "id")
    words = names.index(wanted) if wanted in names else numbered_place(wanted, len(names))
    if words is None:
        raise ValueError(f"no column {excerpt(wanted)} of words; there are: {', '.join(names)}")
    labels = {place: name for place, name in enumerate(names) if place != words and name != "id"}
    return Layout("\t", len(names), words, labels, names.index("id") if "id" in names else None, header=names)


def _is_index(blocks: list[list[list[str]]], place: int, width: int) -> bool:
    """Whether a column counts words or gives their offsets, or is the same for all words of a sentence."""
    columns = [[row[place] for row in rows if place < len(row)] for rows in blocks]
    counted = [[number for number in column if not NOT_A_WORD.fullmatch(number)] or column for column in columns]
    pairs = [pair for column in counted for pair in pairwise(column)]
    if pairs and all(_follows(*pair) for pair in pairs):
        return width > 2 or pairs[0][0].isdecimal()
    offsets = all(first.isdecimal() and second.isdecimal() and int(first) < int(second) for first, second in pairs)
    same = all(first == second for first, second in pairs)
    return len(pairs) >= (1 if width > 5 else 3) and place + 2 < width and (offsets or same)


def _follows(first: str, second: str) -> bool:
    """Whether two identifiers end in consecutive numbers: ``1`` and ``2``, ``s4-09`` and ``s4-10``."""
    one, two = (re.fullmatch(r"(.*?)0*([0-9]{1,9})(\W?)", number) for number in (first, second))
    return bool(one and two and one[1] == two[1] and one[3] == two[3] and int(one[2]) + 1 == int(two[2]))


def label_names(rows: list[list[str]], words: int, places: list[int]) -> dict[int, str]:
    """Name the label columns by some rows; those without any value, as behind a last tab, have no name."""
    places = [place for place in places if any(row[place].strip() for row in rows)] or places
    if len(places) == 1:
        return {places[0]: "tag"}
    names: dict[int, str] = {}
    for place in places:
        kind = label_kind([row[place] for row in rows], [row[words] for row in rows])
        names[place] = kind if kind and kind not in names.values() else f"column{place + 1}"
    unnamed = [place for place in places if names[place] != "lemma"][:2]  # parts of speech stand before spans
    before_spans = [names[place].rstrip("0123456789") for place in unnamed] in (["column", "chunk"], ["column", "ner"])
    if before_spans and {row[unnamed[0]] for row in rows} - NO_LABEL:
        names[unnamed[0]] = "pos"
    return names


def label_kind(labels: Iterable[str], words: Iterable[str]) -> str | None:
    """Say what a column holds by nine in ten of its labels.

    Returns:
        ``ner``, ``chunk``, ``upos``, ``pos`` (of the Penn Treebank) or ``lemma``; None if that is not certain.
    """
    labels = list(labels)
    counts = Counter(label for label in labels if label not in NO_LABEL)
    if set(counts) == {"O"}:
        return "ner"
    for kind, pattern in KINDS.items():
        held = sum(count for label, count in counts.items() if pattern.fullmatch(label))
        if 10 * held >= 9 * counts.total() and (len(counts) > 1 or "-" in "".join(counts)):
            return kind
    alike = [label.lower() == word.lower() for label, word in zip(labels, words, strict=False) if word.isalpha()]
    return "lemma" if 3 * sum(alike) > len(alike) else None
