"""Check of labels against what is valid: the 17 UPOS, the form of features, what the default output can hold."""

from __future__ import annotations

import difflib
import re
from collections import Counter

from tagger.corpora.formats.sentence import MISSING, excerpt

UPOS = frozenset(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()  # noqa: SIM905
)
"""The universal parts of speech: https://universaldependencies.org/u/pos/"""
FORMER_UPOS = {"CONJ": "CCONJ or SCONJ"}
MOSTLY = 0.9  # of the words of a column of UPOS have one of them
FEATURE = r"[A-Z0-9][A-Za-z0-9]*(?:\[[a-z0-9]+\])?=[A-Z0-9][A-Za-z0-9]*(?:,[A-Z0-9][A-Za-z0-9]*)*"
FEATURES = re.compile(rf"{FEATURE}(?:\|{FEATURE})*")
"""https://universaldependencies.org/format.html#morphological-annotation"""
PLACEHOLDERS = frozenset(
    ["none", "null", "nan", "na", "n/a", "<na>", "nil", "?", "??", "-", "-1", "-x-", "todo", "undefined"]
)
"""What annotators and programs write for no label, in lower case."""
UNPAIRED = re.compile(r"[\s/]")


def odd_upos(labels: Counter[str], column: str) -> dict[str, str]:
    """Find labels that are no UPOS in a column that is evidently one of UPOS.

    Args:
        labels: how many words have each label.
        column: its name; that of ``upos`` half of the words have one, of other columns nearly all.

    Returns:
        What is said of each such label: the nearest UPOS.
    """
    odd = {label: count for label, count in labels.items() if label not in UPOS | {"", MISSING}}
    known = sum(labels[label] for label in UPOS)
    kinds = len(UPOS & labels.keys())
    named = column == "upos"
    if known < (0.5 if named else MOSTLY) * (known + sum(odd.values())) or (kinds < 3 and not named):
        return {}
    return {label: _nearest(label) for label in odd}


def odd_features(labels: Counter[str]) -> dict[str, str]:
    """Find features that break the form ``Case=Nom|Number=Sing``, and say what is wrong with each.

    Args:
        labels: how many words have each value; where most have no ``=``, the form is another.
    """
    filled = {label: count for label, count in labels.items() if label not in ("", MISSING)}
    named = sum(count for label, count in filled.items() if "=" in label)
    if named < MOSTLY * sum(filled.values()):
        return {}
    return {label: problem for label in filled if (problem := _feature_problem(label))}


def _feature_problem(label: str) -> str:
    if not FEATURES.fullmatch(label):
        wrong = next((part for part in label.split("|") if not re.fullmatch(FEATURE, part)), label)
        return f"{excerpt(wrong)}, expected Name=Value"
    names = [part.partition("=")[0] for part in label.split("|")]
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        return f"{repeated} stands twice; its values are joined with a comma"
    in_order = sorted(names, key=str.lower)
    return f"not in the order of the alphabet: {', '.join(in_order)}" if names != in_order else ""


def _nearest(label: str) -> str:
    if label in FORMER_UPOS:
        return f"{FORMER_UPOS[label]} since version 2"
    similar = difflib.get_close_matches(label.upper(), sorted(UPOS), n=1, cutoff=0.5)
    return f"most likely {similar[0]}" if similar else f"expected one of {', '.join(sorted(UPOS))}"
