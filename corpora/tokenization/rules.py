r"""Word and sentence rules: regular expressions for words, a small table for sentences.

The word rules are one alternation in Oniguruma syntax, the dialect of the ``tokenizers`` library, so that
a model's ``tokenizer.json`` can hold them. The first alternative that matches wins; white space lies
between matches. The rules take linear time: repetitions that may fail afterwards are bounded (``{1,64}``), the others
are possessive (``++``). No rule looks across white space, so a cut at white space does not change the words.

English follows the UD English guidelines (https://universaldependencies.org/en/tokenization): clitics are
words (do n't, it 's, gon na), hyphenated compounds are split except after a prefix (well - known, but
co-worker), an abbreviation keeps its period.
"""

from __future__ import annotations

from typing import Any

# Python counts the separators U+001C to U+001F as white space, Oniguruma does not.
_ANY = r"[^\s\x{1C}-\x{1F}]"
_START = r"(?<![\p{L}\p{N}])"  # no letter or digit before
_END = r"(?![\p{L}\p{N}])"  # no letter or digit after
_APOSTROPHE = "['’`´]"
_LABEL = r"[\p{L}\p{N}_-]{1,63}"  # one label of a domain name

_WEB = [
    r"(?i:(?:https?|ftp)://|www\.|mailto:|ymsgr:)[^\s\x{1C}-\x{1F}<>\"“”|]*[^\s\x{1C}-\x{1F}<>\"“”|'’.,;:!?)\]}]",
    rf"[\p{{L}}\p{{N}}_.+%-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{0,8}}",
    rf"[\p{{L}}\p{{N}}]{_LABEL}(?:\.{_LABEL}){{0,6}}\.(?:com|org|net|edu|gov|info|biz|co\.uk|io|eu|de|fr|ru|kr|jp){_END}"
    r"(?:/[^\s\x{1C}-\x{1F}<>\"“”|]*[^\s\x{1C}-\x{1F}<>\"“”|'’.,;:!?)\]}])?",
]
_DOTTED_NAME = rf"{_START}\p{{Ll}}{{2,30}}(?:\.\p{{Ll}}{{2,30}}){{2,8}}{_END}"  # comp.lang.python
_FILE_NAME = (
    r"[\p{L}\p{N}_#-]{1,80}(?:\.[\p{L}\p{N}_-]{1,20}){0,3}\.(?i:docx?|xlsx?|pptx?|pdf|txt|html?|jpe?g|png|gif|zip|csv|exe)"
    + _END
)
_EMOTICONS = [
    r"(?:[:;=8]['’]?[-^o]?[)(\]\[DPpOo/\\|*]|<3|\^_+\^|-_+-|[(]:|[xX]D|:'\()(?![\p{L}\p{N}(])",
    r"[\p{So}\p{Sk}][\x{FE0F}\x{200D}\p{So}\p{Sk}\p{M}]*+",
]
_PUNCTUATION = [
    r"\.{2,}+(?:[?!]++)?",
    r"[!?]{2,}+",
    r"[.,][?!]++",
    r"''|’’|‘‘|‘’|``|<<|>>|,,",
    r"([-=*_+~#–—·.])\1++",  # a rule across the page is one token
    _ANY,
]
_NUMBER = r"\p{Nd}++(?:[.,:/٫٬]\p{Nd}++)*+"

# Words before a clitic that is written without an apostrophe: do|nt, ca|nt, i|m.
_BARE_NEGATION = "do|does|did|ca|wo|is|are|was|were|would|could|should|have|has|had|ai"
_JOINED = [
    ("can", "not"),
    ("gon|wan", "na"),
    ("got", "ta"),
    ("gim|lem", "me"),
    ("i", "m|ve"),
    ("you|they", "re|ve"),
    ("that|what|there|here|he|she|who", "s"),
    (_BARE_NEGATION, "nt"),
    ("du", "nno"),
    ("dun", "no"),
    ("out", "ta"),
]
_PREFIXES = (
    "e|anti|co|counter|de|eco|ex|extra|hyper|infra|intra|macro|mid|mini|multi|neo|non|over|post|pre|"
    "pro|pseudo|psycho|quasi|re|self(?=-same)|semi|socio|sub|super|supra|trans|ultra|un|under|uni"
)
_UNITS = (
    r"a\.m\.|p\.m\.|a\.m|p\.m|am|pm|hrs?|mins?|secs?|k|m|b|mm|bn|mn|t|cm|km|kg|mg|lbs?|ft|sq|hz|khz|mhz|ghz|kb|mb|gb|tb|"
    "mph|kmh|watts?|w|v|c|f|x|p|hh|percent|years?|yrs?|days?|weeks?|months?|minutes|hours?|degrees"
)
# Abbreviations that are followed by a name or a number, so never end a sentence.
_TITLES = (
    "mr|mrs|ms|dr|prof|rev|hon|gen|col|maj|capt|cmdr|lt|sgt|gov|sen|sens|rep|reps|pres|st|mt|ft|messrs|mme|mlle|fr|"
    "no|nos|vs|vol|pp|fig|figs|ed|eds|ch|sec|approx|attn|dept|arrv|univ|cf"
)
_MONTHS = "jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
_DAYS = "mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun"
_ABBREVIATIONS = (
    "etc|inc|co|corp|ltd|jr|sr|bros|ave|blvd|rd|hwy|u\\.s\\.a|a\\.k\\.a|al|est|min|mins|hr|hrs|yr|yrs|oz|lb|lbs|ps|"
    "tel|ext|intl|assn|govt|b\\.s|ph\\.d|d\\.phil|esq|lv|la|calif|conn|mass|penn|tex|wash|ariz|colo|fla|ill|mich|minn"
)


def _joined_words() -> str:
    """Match the first half of a contraction without apostrophe."""
    halves = "|".join(rf"(?:{first})(?=(?:{second}){_END})" for first, second in _JOINED)
    return rf"{_START}(?i:{halves})"


def _english() -> str:
    before_clitic = rf"(?!(?i:n{_APOSTROPHE}t){_END})"
    letter = rf"(?:{before_clitic}[\p{{L}}\p{{M}}])"
    inner = rf"(?:{_APOSTROPHE}(?!(?i:s|m|d|ll|re|ve){_END}){letter}++)*+"
    alternatives = [
        _joined_words(),
        rf"{_START}[\p{{L}}\p{{M}}]++(?=[\s,;?!)\"”]|$)",  # most words: nothing below is tried for them
        *_WEB,
        _FILE_NAME,
        _DOTTED_NAME,
        *_EMOTICONS,
        rf"(?i:n{_APOSTROPHE}t){_END}",
        rf"(?<![^\s\p{{L}}\p{{N}}.%)]){_APOSTROPHE}(?i:s|m|d|ll|re|ve){_END}",
        rf"{_START}(?i:{_TITLES}|{_MONTHS}|{_DAYS}|{_ABBREVIATIONS})\.(?!\.)(?![\p{{L}}])",
        rf"{_START}(?:\p{{L}}\.){{2,8}}(?![\p{{L}}\p{{N}}])",  # U.S., a.m.
        rf"{_START}\p{{Lu}}\.(?=\s|$|\p{{Lu}}|,)",  # an initial
        rf"{_START}(?i:w/(?:o|out)?)(?!\p{{L}})",
        rf"{_START}\p{{L}}{{1,3}}(?:&\p{{L}}{{1,3}}){{1,2}}{_END}",
        rf"{_START}(?i:{_PREFIXES})-(?=\p{{L}}){letter}++{inner}",
        rf"{_START}\p{{Nd}}{{1,4}}(?:-\p{{Nd}}{{2,4}}){{2,3}}{_END}|{_START}\p{{Nd}}{{3}}-\p{{Nd}}{{4}}{_END}",
        rf"{_NUMBER}(?=(?i:{_UNITS}){_END})",
        rf"{_NUMBER}(?i:st|nd|rd|th|s|{_APOSTROPHE}s)?{_END}",
        rf"{_APOSTROPHE}(?:(?i:em|cause|til|bout|tis|twas)|\p{{Nd}}{{2}}s?){_END}",
        rf"(?:{letter}|\p{{N}}|_(?=[\p{{L}}\p{{N}}]))++{inner}",
        *_PUNCTUATION,
    ]
    return "|".join(alternatives)


def _generic() -> str:
    word = r"[\p{L}\p{M}\p{N}_]"
    alternatives = [
        *_WEB,
        *_EMOTICONS,
        rf"{_START}(?:\p{{L}}\.){{2,8}}(?![\p{{L}}\p{{N}}])",
        rf"{_NUMBER}{_END}",
        rf"(?:{_NUMBER}(?={word}))?{word}++(?:['’·\x{{200C}}\x{{200D}}-]{word}++)*+",  # 12.5km is one word
        *_PUNCTUATION,
    ]
    return "|".join(alternatives)


def _korean() -> str:
    alternatives = [
        *_WEB,
        *_EMOTICONS,
        r"\^{2,}+",
        rf"{_START}(?:[A-Z]\.){{2,8}}[\p{{L}}\p{{M}}]*+",  # U.S.A.와 is one word
        rf"{_NUMBER}(?:[\p{{L}}\p{{M}}\p{{N}}]++(?:[~∼-]?{_NUMBER}[\p{{L}}\p{{M}}\p{{N}}]*+)*+)?",
        r"[\p{L}\p{M}\p{N}_]++(?:[-·&][\p{L}\p{M}\p{N}_]++)*+",
        *_PUNCTUATION,
    ]
    return "|".join(alternatives)


WORD_PATTERNS: dict[str, str] = {
    "english": _english(),
    "generic": _generic(),
    "korean": _korean(),
    "whitespace": _ANY + "++",
}

_TERMINATORS = ".!?…‥。！？｡؟۔।॥։።"
_CLOSERS = "\"'”’»›)]}」』）】〉》"
_NEVER_LAST = [f"{word}." for word in f"{_TITLES}|{_MONTHS}|{_DAYS}|e.g|i.e|u.s|u.n".split("|")]

_GENERIC_SENTENCES: dict[str, Any] = {
    "terminators": _TERMINATORS,  # a word that ends in one of these may be the last of its sentence
    "closers": _CLOSERS,  # what may follow the terminator inside the same sentence
    "never_last": [],  # words with a period (lower case) that never end a sentence
    "followers": [":)", ":(", ";)", ":-)", ":-(", ";-)", ":D", ":P", ":p", "=)", "^_^", "<3"],  # so may these
    "lower_case_begins": False,  # True: after a bare . ! or ? a small letter may begin a sentence
    "line_end": False,  # True: every line end is a sentence end
    "max_words": 1000,  # a sentence is cut here, so that text without any terminator stays bounded
}

SENTENCE_RULES = dict.fromkeys(WORD_PATTERNS, _GENERIC_SENTENCES)
SENTENCE_RULES["english"] = {**_GENERIC_SENTENCES, "never_last": _NEVER_LAST, "lower_case_begins": True}


def is_hangul(word: str) -> bool:
    """Whether the word holds a precomposed Hangul syllable."""
    return any("가" <= char <= "힣" for char in word)
