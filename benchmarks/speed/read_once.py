"""Reads a corpus once and says what it cost; run by ``benchmarks.speed.reading`` in a process of its own."""

from __future__ import annotations

import argparse
import json
import time


def main() -> None:
    """Read, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--column", default="upos")
    arguments = parser.parse_args()
    started = time.perf_counter()
    import datasets  # noqa: F401 - its import is counted apart from the reading

    from tagger.corpora.read_corpus import read_split

    imported = time.perf_counter()
    split = read_split(arguments.file, "train", column=arguments.column, offline=True)
    read = time.perf_counter()
    facts = {"sentences": len(split), "words": split.num_tokens}
    print(json.dumps({"import_seconds": imported - started, "read_seconds": read - imported, **facts}))


if __name__ == "__main__":
    main()
