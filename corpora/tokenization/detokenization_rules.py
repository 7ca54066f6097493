"""Which words stand without a space beside them, as data for ``detokenization``."""

from __future__ import annotations

import re

CLOSER = re.compile(r"[.,;:!?…。、，！？]+|[)\]}”»’]+|''|%|°|>+|-R[RSC]B-")
"""Binds to the word before."""
OPENER = re.compile(r"[(\[{“‘«¿¡]+|`+|<+|-L[RSC]B-")
"""Binds to the word after."""
CURRENCY = re.compile(r"[A-Z]{0,3}[$£€¥]|[#~]")
"""Binds to a number after."""
CLITIC = re.compile(r"n['’`´]?t|['’`´](?:s|m|d|ll|re|ve)|s", re.IGNORECASE)
"""Binds to the word before, from ``do n't`` to ``it 's``; without an apostrophe only to letters."""
UNIT = re.compile(r"[kK]|mm")
"""Binds to a number before."""
JOINED = frozenset({
    ("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("out", "ta"), ("gim", "me"), ("lem", "me"),
    ("du", "nno"), ("dun", "no"), ("i", "m"), ("i", "ve"), ("you", "re"), ("you", "ve"), ("they", "re"),
    ("they", "ve"),
})  # fmt: skip
"""Pairs of words that are written as one."""
HYPHENATED = frozenset({"al", "el", "ex", "non", "anti", "pre", "co", "e", "self", "semi", "multi", "mid", "half"})
"""A hyphen after one of these is never a dash."""
STARTS_CLAUSE = frozenset({
    "the", "a", "an", "i", "it", "they", "we", "you", "he", "she", "but", "and", "this", "that", "which", "not",
    "so", "if", "there", "my", "our", "his", "her", "their", "its", "is", "are", "was", "were", "what", "when",
    "where", "then", "just", "or", "because", "have", "has", "no", "all", "even", "please", "yes",
})  # fmt: skip
"""A hyphen before one of these is a dash."""
PLAIN_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
"""The Penn Treebank's brackets."""
