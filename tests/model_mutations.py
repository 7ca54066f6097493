"""Ways to damage a model folder: by accident, and on purpose by someone who also corrects the checksums."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagger.serialization.manifest import CONFIG, TOKENIZER, WEIGHTS, describe_file, with_checksum, write_json

NEEDED = (CONFIG, WEIGHTS, TOKENIZER)
Mutation = Callable[[Path, random.Random], None]


def _change(path: Path, change: Callable[[bytearray], object]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def flip_bits(folder: Path, chance: random.Random) -> None:
    """One to eight bits of a file."""

    def flip(data: bytearray) -> None:
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)

    _change(folder / chance.choice(NEEDED), flip)


def cut(folder: Path, chance: random.Random) -> None:
    """A file cut short."""
    path = folder / chance.choice(NEEDED)
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


def lengthen(folder: Path, chance: random.Random) -> None:
    """A file with something after its end."""
    _change(folder / chance.choice(NEEDED), lambda data: data.extend(chance.randbytes(chance.choice((1, 100, 10_000)))))


def swap(folder: Path, chance: random.Random) -> None:
    """Two files in each other's places."""
    first, second = chance.sample(NEEDED, 2)
    (folder / first).rename(folder / "x")
    (folder / second).rename(folder / first)
    (folder / "x").rename(folder / second)


def lose(folder: Path, chance: random.Random) -> None:
    """A file missing, or a folder in its place, or a link to nowhere or to outside."""
    path = folder / chance.choice(NEEDED)
    data = path.read_bytes()
    path.unlink()
    kind = chance.randrange(4)
    if kind == 1:
        path.mkdir()
    elif kind == 2:
        path.symlink_to(folder / "nowhere")
    elif kind == 3:
        outside = folder.with_name(folder.name + "-outside")
        outside.write_bytes(data)
        path.symlink_to(outside)


def blank(folder: Path, chance: random.Random) -> None:
    """A run of zeros, as after a power cut."""

    def zero(data: bytearray) -> None:
        start = chance.randrange(len(data))
        end = min(len(data), start + chance.choice((1, 64, 4096)))
        data[start:end] = bytes(end - start)

    _change(folder / chance.choice(NEEDED), zero)


ACCIDENTS: list[Mutation] = [flip_bits, cut, lengthen, swap, lose, blank]


def _mended(change: Mutation) -> Mutation:
    """A change, and checksums that fit it."""

    def mutate(folder: Path, chance: random.Random) -> None:
        change(folder, chance)
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        listed = {name: describe_file(folder / name) for name in (WEIGHTS, TOKENIZER)}
        further = {name: facts for name, facts in values["files"].items() if name not in listed}
        write_json(folder / CONFIG, with_checksum({**values, "files": {**listed, **further}}))

    mutate.__name__ = change.__name__
    return mutate


def _header(change: Callable[[dict[str, Any], random.Random], object]) -> Mutation:
    """A change of the JSON header of the weights."""

    def mutate(folder: Path, chance: random.Random) -> None:
        data = (folder / WEIGHTS).read_bytes()
        end = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:end])
        change(header, chance)
        text = json.dumps(header).encode()
        (folder / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + data[end:])

    mutate.__name__ = change.__name__
    return _mended(mutate)


def _tensor(header: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    entry: dict[str, Any] = header[chance.choice([name for name in header if name != "__metadata__"])]
    return entry


HOSTILE: tuple[Any, ...] = (-1, 2**31, 2**40, 2**63, 2**64, 10**40, 1e308, 0.5, "1", None, [], {}, True)


def _other(value: Any, chance: random.Random) -> Any:
    """Something else than a value."""
    choices = [one for one in HOSTILE if one != value]
    return chance.choice([*choices, value + 1 if isinstance(value, int) else f"{value}x"])


def huge_shapes(header: dict[str, Any], chance: random.Random) -> None:
    """A tensor of a terabyte or more, or of a shape that is none."""
    shape = _tensor(header, chance)["shape"]
    shape[chance.randrange(len(shape))] = _other(shape[0], chance)


def huge_places(header: dict[str, Any], chance: random.Random) -> None:
    """A tensor that lies beyond the end, or before the beginning."""
    _tensor(header, chance)["data_offsets"][chance.randrange(2)] = _other(0, chance)


def wrong_kinds(header: dict[str, Any], chance: random.Random) -> None:
    """Another type of numbers."""
    entry = _tensor(header, chance)
    entry["dtype"] = chance.choice(
        [k for k in ("F64", "F32", "I64", "U8", "BOOL", "X9", "", None, 3) if k != entry["dtype"]]
    )


def wrong_shapes(header: dict[str, Any], chance: random.Random) -> None:
    """A tensor of the same size and another shape."""
    entry = chance.choice([e for n, e in header.items() if n != "__metadata__" and len(e["shape"]) > 1])
    entry["shape"] = entry["shape"][::-1] if entry["shape"] != entry["shape"][::-1] else [1, *entry["shape"]]


def other_names(header: dict[str, Any], chance: random.Random) -> None:
    """A tensor of another name, or none."""
    name = chance.choice([name for name in header if name != "__metadata__"])
    entry = header.pop(name)
    if chance.random() < 0.7:
        header[chance.choice(["", "x" * 10_000, name + ".weight", "../" + name, "\0"])] = entry


def _lengths(folder: Path, chance: random.Random) -> None:
    """A header that claims to be longer than the file, or shorter than it is."""
    claimed = chance.choice((0, 1, 7, 10**5, 10**9, 2**40, 2**63, 2**64 - 1))
    _change(folder / WEIGHTS, lambda data: data.__setitem__(slice(0, 8), claimed.to_bytes(8, "little")))


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all values of a nested JSON value."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in _places(one, (*at, key)))]


NO_MATTER = ("about", "library_version", "files", "sha256")
"""What of a configuration says nothing about the model."""
FREE = ("training", "streams")
"""Settings that only training reads, but for dropout, which a network without training does not have either."""


def configurations(folder: Path, chance: random.Random) -> None:
    """One value of the configuration replaced by another or removed."""
    values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    places = [p for p in _places(values) if p and p[0] not in NO_MATTER]
    *path, last = chance.choice(places)
    target = values
    for key in path:
        target = target[key]
    if chance.random() < 0.2:
        del target[last]
    else:
        target[last] = _other(target[last], chance)
    (folder / CONFIG).write_text(json.dumps(values), encoding="utf-8")


def sizes(folder: Path, chance: random.Random) -> None:
    """A configuration that asks for a network of any size."""
    values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    tables = {**values["config"], "vocabulary": values.get("vocabulary")}
    table, key = chance.choice(
        [(table, key) for table, key in [
            ("encoder", "hidden_size"), ("encoder", "layers"), ("words", "embedding_size"), ("words", "output_size"),
            ("words", "affix_size"), ("vocabulary", "embedded"), ("vocabulary", "trained"), ("head", "embedding_size"),
        ] if key in (tables.get(table) or {})]
    )  # fmt: skip
    target = tables[table]
    target[key] = chance.choice((1, 999, 99_999, 100_000, 10**9, 10**15))
    (folder / CONFIG).write_text(json.dumps(values), encoding="utf-8")


def paths(folder: Path, chance: random.Random) -> None:
    """A list of files that leads out of the folder."""
    values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    name = chance.choice(["../secret", "/etc/hostname", "a/b", "..", "", "\0", "C:\\x"])
    values["files"][name] = {"size": 1, "sha256": "0"}
    (folder / CONFIG).write_text(json.dumps(values), encoding="utf-8")


def deep(folder: Path, chance: random.Random) -> None:
    """JSON nested without end, or numbers without end."""
    path = folder / chance.choice((TOKENIZER, WEIGHTS))
    text = chance.choice(["[" * 100_000, '{"a":' * 100_000, "1" * 100_000, '{"model": {"vocab": ' + "9" * 5000 + "}}"])
    length = len(text).to_bytes(8, "little") if path.name == WEIGHTS else b""
    path.write_bytes(length + text.encode())


def tokenizers(folder: Path, chance: random.Random) -> None:
    """One value of the tokenizer replaced by another or removed."""
    values = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
    places = [p for p in _places(values) if p]
    if chance.random() < 0.7:  # most of them are words
        places = [p for p in places if "vocab" not in p] or places
    *path, last = chance.choice(places)
    target = values
    for key in path:
        target = target[key]
    if chance.random() < 0.3:
        del target[last]
    else:
        target[last] = _other(target[last], chance)
    (folder / TOKENIZER).write_text(json.dumps(values), encoding="utf-8")


ATTACKS: list[Mutation] = [
    _header(huge_shapes), _header(huge_places), _header(wrong_kinds), _header(wrong_shapes), _header(other_names),
    _mended(_lengths), _mended(configurations), _mended(sizes), _mended(paths), _mended(deep), _mended(tokenizers),
]  # fmt: skip


def mutant(model: Path, place: Path, number: int) -> str:
    """Make the nth damaged copy of a model folder; what was done to it."""
    chance = random.Random(f"model {number}")
    mutations = ACCIDENTS + ATTACKS
    mutate = mutations[number % len(mutations)]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in NEEDED:
        shutil.copyfile(model / name, place / name)
    os.chmod(place, 0o755)
    mutate(place, chance)
    return mutate.__name__.strip("_")
