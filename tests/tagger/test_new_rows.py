"""Words and affixes that a language model did not know begin as what it read in their place."""

from __future__ import annotations

import torch

from tagger.corpora.affixes import AffixFeatures
from tagger.corpora.vocabulary import UNKNOWN_ID, Vocabulary
from tagger.corpora.word_features import WordFeatures
from tagger.models.encoder import Encoder
from tagger.models.network import Network
from tagger.models.word_representation import WordRepresentation
from tagger.tensors import word_tensors
from tagger.transfer import start_new_rows


def features(words: tuple[str, ...], hashes: tuple[int, ...]) -> WordFeatures:
    affixes = AffixFeatures(2, 2, 0, hashes)
    return WordFeatures(Vocabulary(words, len(words), len(words)), affixes)


def test_a_new_word_is_read_as_it_was_before() -> None:
    known = AffixFeatures(2, 2, 0).hash("dogs")
    new = [hash_ for hash_ in AffixFeatures(2, 2, 0).hash("cats") if hash_ not in known]
    assert new
    before = features(("<unk>", "dogs"), tuple(known))
    after = features(("<unk>", "dogs", "cats"), (*known, *new))
    assert before.affixes is not None
    assert after.affixes is not None
    torch.manual_seed(3)
    words = WordRepresentation(
        num_words=3, embedding_size=4, num_affixes=after.affixes.num_rows, affixes_per_word=after.affixes.size,
        affix_size=3, output_size=5,
    )  # fmt: skip
    encoder = Encoder(cell="rnn", input_size=5, hidden_size=4, layers=1)
    network = Network(words=words, encoder=encoder, heads={"tag": 2}, dropout=0.0, locked=True)
    device = torch.device("cpu")
    with torch.no_grad():
        as_before = [words(*word_tensors(before.encode([word]), device)) for word in ("cats", "dogs")]
        assert before.encode(["cats"]).word_ids.tolist() == [UNKNOWN_ID]
        assert not torch.allclose(words(*word_tensors(after.encode(["cats"]), device)), as_before[0])
        start_new_rows(network, before, after)
        for word, expected in zip(("cats", "dogs"), as_before, strict=True):
            torch.testing.assert_close(words(*word_tensors(after.encode([word]), device)), expected)
