"""Dev and test held out: whole files or the end of each file, never sentences from everywhere."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tagger.corpora.formats.sentence import number_of
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.splits import missing_notes
from tagger.corpora.text.survey import Survey
from tagger.corpora.text.text_files import TextFile
from tagger.errors import CorpusError

SHARE = 0.05  # of the text, for dev and for test
MIN_FILES = 5  # with fewer files the end of each is held out

Division = tuple[dict[str, list[TextFile]], list[str]]
"""The files, or ranges of them, of each split, and notes for the user."""


def divide(surveys: dict[str, list[Survey]], seed: int | None) -> Division:
    """Divide the files of a corpus into train, dev and test.

    Dev is held out if it is missing, and test too if the files have no splits (``all``). Without a seed nothing is
    held out, and files without splits are train.

    Raises:
        CorpusError: the text to divide is a single word.
    """
    files = {split: [one.file for one in group] for split, group in surveys.items()}
    if seed is None:
        return {"train" if split == "all" else split: group for split, group in files.items()}, []
    whole, wanted = ("all", ("dev", "test")) if "all" in files else ("train", ("dev",))
    notes: list[str] = []
    if whole in files:
        if sum(one.words for one in surveys[whole]) < 2:
            raise CorpusError("one word only; expected running text", path=surveys[whole][0].file.name)
        if "dev" not in files:
            held_out, notes = hold_out(surveys[whole], wanted, seed)
            files = {**{split: group for split, group in files.items() if split != "all"}, **held_out}
    return files, notes + missing_notes({*files, "test"} if whole == "all" else files)


def hold_out(surveys: Sequence[Survey], wanted: tuple[str, ...], seed: int) -> Division:
    """Divide a text into train and the wanted splits, of ``dev`` and ``test``.

    With ``MIN_FILES`` files or more, whole files are drawn at random. Otherwise the end of each file is held out,
    cut between paragraphs where one ends nearby.
    """
    return _whole_files(surveys, wanted, seed) if len(surveys) >= MIN_FILES else _ends(surveys, wanted)


def _whole_files(surveys: Sequence[Survey], wanted: tuple[str, ...], seed: int) -> Division:
    sizes = [survey.characters for survey in surveys]
    rest = list(range(len(surveys)))
    random.Random(seed).shuffle(rest)
    chosen: dict[str, list[int]] = {}
    for split in wanted:
        chosen[split] = _draw(rest, sizes, SHARE * sum(sizes))
        rest = [number for number in rest if number not in chosen[split]]
    files = {split: [surveys[number].file for number in sorted(group)] for split, group in chosen.items()}
    notes: list[str] = []
    for split, group in chosen.items():
        share = sum(sizes[number] for number in group) / sum(sizes)
        names = [file.name for file in files[split][:3]] + (["..."] if len(group) > 3 else [])
        held_out = f"{number_of(len(group), 'file')} held out whole ({', '.join(names)}; seed {seed})"
        notes.append(Note(f"{held_out}, {share:.1%} of the text", split))
    return {"train": [surveys[number].file for number in sorted(rest)], **files}, notes


def _draw(order: Sequence[int], sizes: Sequence[int], target: float) -> list[int]:
    """Draw files until they are large enough, without those that are much too large; or the smallest file."""
    chosen: list[int] = []
    size = 0
    for number in order:
        if size < 0.75 * target and size + sizes[number] <= 2 * target:
            chosen.append(number)
            size += sizes[number]
    return chosen or [min(order, key=lambda number: sizes[number])]


def _ends(surveys: Sequence[Survey], wanted: tuple[str, ...]) -> Division:
    files: dict[str, list[TextFile]] = {split: [] for split in ("train", *wanted)}
    ranges: dict[str, list[str]] = {split: [] for split in wanted}
    for survey in surveys:
        share = survey.characters * SHARE
        cuts = [survey.cut(survey.characters - share * (len(wanted) - place)) for place in range(len(wanted))]
        bounds = [0, *cuts, survey.records]
        if any(start >= stop for start, stop in pairwise(bounds)):
            files["train"].append(survey.file)
            continue
        for split, (start, stop) in zip(files, pairwise(bounds), strict=True):
            files[split].append(replace(survey.file, start=start, stop=stop))
            if split != "train":
                ranges[split].append(f"{survey.file.name} from {survey.file.by} {start + 1:,} to {stop:,}")
    if not all(ranges.values()):
        note = Note("none, too little text to hold any out", " and ".join(wanted))
        return {"train": [survey.file for survey in surveys]}, [note]
    return files, [
        Note(f"about {SHARE:.0%} of the text, held out: {'; '.join(where)}", split) for split, where in ranges.items()
    ]
