"""Running out of memory ends in one line; other errors pass."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tagger.errors import TrainingError
from tagger.runtime.device import intra_op_threads, processor
from tagger.runtime.filesystem import scratch_folder
from tagger.runtime.memory_limit import memory_limit


def test_a_tensor_too_large_for_memory_is_one_line() -> None:
    with pytest.raises(TrainingError, match=r"not enough memory.*--hidden-size"), memory_limit(None):
        torch.empty(1 << 50)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), memory_limit(None):
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    with intra_op_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


X86 = "model name\t: A Processor  @ 2GHz\nflags\t: fpu sse4_2 avx2 avx512_bf16 avx fma\n\nprocessor\t: 1\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16 sve\n"


@pytest.mark.parametrize(
    ("text", "flags"), [(X86, "sse4_2 avx avx2 fma avx512_bf16"), (ARM, "asimd bf16 sve"), ("processor: 0\n", None)]
)
def test_the_processor(text: str, flags: str | None, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    found = processor(tmp_path / "cpuinfo")
    assert found.get("cpu flags") == flags
    assert found["cpu"] == ("A Processor  @ 2GHz" if text == X86 else platform.machine())
    assert set(processor(tmp_path / "none")) <= {"cpu"}


def test_scratch_goes_with_its_run(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as scratch:
        (scratch / "ids").write_bytes(b"1")
        assert scratch.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs processes that can be asked whether they live")
def test_scratch_of_dead_runs_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "import os; from tagger.runtime.filesystem import *; c = scratch_folder(None); c.__enter__(); os._exit(1)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    (dead,) = tmp_path.iterdir()
    assert dead.is_dir()
    (tmp_path / "sequence-tagger-notes").mkdir()
    (tmp_path / f"sequence-tagger-{os.getpid()}-living").mkdir()
    with scratch_folder(None) as own:
        assert not dead.exists()
        assert {path.name for path in tmp_path.iterdir()} == {
            own.name,
            "sequence-tagger-notes",
            f"sequence-tagger-{os.getpid()}-living",
        }
