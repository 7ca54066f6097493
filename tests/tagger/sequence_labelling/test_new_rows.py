"""Words and affixes that a language model did not know begin as what it read in their place."""

from __future__ import annotations

import torch

from tagger.config.tagger import WordsConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.vocabulary import UNKNOWN_ID, Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.subwords.base import VocabularyOptions, build_vocabulary
from tagger.corpora.subwords.word import WordLevelTokenizer
from tagger.language_modelling.preparation import token_features
from tagger.models.layers.encoder import Encoder
from tagger.models.layers.word_representation import WordRepresentation
from tagger.models.networks.multi_head_network import Network
from tagger.sequence_labelling.transfer import init_new_embeddings
from tagger.training.objective import word_tensors


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
        init_new_embeddings(network, before, after)
        for word, expected in zip(("cats", "dogs"), as_before, strict=True):
            torch.testing.assert_close(words(*word_tensors(after.encode([word]), device)), expected)


def test_a_lower_cased_form_owns_a_row_where_words_share_it() -> None:
    """In a language model; a word that is alone with its form has a row already, however often it occurs."""
    words = {"River": 9, "river": 3, "lake": 50, "Sea": 2}
    subwords = WordLevelTokenizer(build_vocabulary(words, 1, VocabularyOptions()))
    text = subwords.vocabulary.encode(["River", *50 * ["lake"], "river", "river"])
    affixes = token_features(subwords, WordsConfig(characters="affix", jamo=0), text).affixes
    assert affixes is not None
    known = {word: affixes.hash(word)[-1] in affixes.hashes for word in words}
    assert known == {"River": True, "river": True, "lake": False, "Sea": False}
    assert affixes.hash("Sea")[0] not in affixes.hashes, "a word that the text never had shares nothing"
