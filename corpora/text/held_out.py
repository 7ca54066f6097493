"""Held-out parts of running text: contiguous stretches or whole files, never sentences drawn from everywhere."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tagger.corpora.formats.sentence import number_of
from tagger.corpora.text.text_files import TextFile
from tagger.corpora.text.text_survey import Survey
from tagger.errors import CorpusError

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
    said += [f"{split}: none in this corpus" for split in ("train", "test") if split not in parts]
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
    notes = []
    for part, chosen in parts.items():
        share = sum(surveys[number].characters for number in chosen) / total
        names = [file.name for file in files[part][:3]] + (["..."] if len(chosen) > 3 else [])
        held = f"{number_of(len(chosen), 'file')} held out whole ({', '.join(names)}; seed {seed})"
        notes.append(f"{part}: {held}, {share:.1%} of the text")
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
    return parts, [f"{part}: about {SHARE:.0%} of the text, held out: {'; '.join(begins[part])}" for part in wanted]
