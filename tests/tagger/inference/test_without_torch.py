"""All that a tagger does beside the network works without torch: other engines need not install it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WITHOUT_TORCH = """
import importlib, pkgutil, sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is not to be imported")

sys.meta_path.insert(0, NoTorch())
import tagger.config, tagger.corpora

for package in (tagger.config, tagger.corpora):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
for name in ("inference.tagger", "inference.windows", "inference.document_tagging", "inference.resumable_output",
             "serialization.manifest", "serialization.tokenizer", "serialization.tag_lexicon",
             "serialization.atomic_folder", "runtime.device", "runtime.process_pool", "runtime.filesystem"):
    importlib.import_module("tagger." + name)

from tagger.corpora.documents.input import Documents
from tagger.corpora.documents.output import make_renderer
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.inference.document_tagging import tag_documents
from tagger.inference.tagged_text import TaggedSentence

tokenizer = WordTokenizer.from_rules("english")
assert [token.text for token in tokenizer.words("They can fish.")] == ["They", "can", "fish", "."]
features = WordFeatures(Vocabulary(("<unk>", "They", "can"), 3, 3))
assert features.encode(["can", "fish"]).word_ids.tolist() == [2, 0]

class Upper:
    def tag_sentences(self, sentences, *, scores=False):
        for words in sentences:
            yield TaggedSentence(words, ["X"] * len(words))

with Documents([sys.argv[1]], "auto", None) as documents:
    written = []
    tag_documents(Upper(), documents.pieces(tokenizer), make_renderer("pairs", "upos"), written.append)
assert b"".join(written) == b"They/X can/X fish/X ./X\\n", written
assert "torch" not in sys.modules
"""


def test_reading_tokenizing_encoding_and_writing_need_no_torch(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("They can fish.\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "a.txt")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
