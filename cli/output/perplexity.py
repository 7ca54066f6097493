"""Perplexities as a table, each with its unit."""

from __future__ import annotations

from collections.abc import Mapping

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, plain_text
from tagger.evaluation.perplexity import LanguageScores, score_rows


def render_language_scores(scores: Mapping[str, LanguageScores], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the scores of each split side by side.

    Args:
        scores: by split.
        terminal: the capabilities of the stream.
    """
    table = new_table(terminal)
    table.add_column("")
    for split in scores:
        table.add_column(plain_text(split), justify="right")
    for row in score_rows(list(scores.values())):
        table.add_row(*row)
    notes = [
        f"cache: window {one.cache.window:,}, theta {one.cache.theta:g}, lambda {one.cache.weight:g}, chosen on dev"
        for one in list(scores.values())[:1]
        if one.cache
    ]
    return "\n".join([as_text(table, terminal), *notes])
