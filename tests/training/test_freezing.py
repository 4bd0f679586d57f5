"""Freezing a part of an encoder."""

import pytest
from transformers import BertConfig, BertForSequenceClassification

from augment.errors import RequestError
from augment.models.textcnn import TextCNN, TextCNNConfig
from augment.training.freezing import freeze


def small_bert() -> BertForSequenceClassification:
    """Return an encoder of three small layers."""
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
    return BertForSequenceClassification(BertConfig(vocab_size=30, num_hidden_layers=3, **sizes))


def test_embeddings_and_the_first_layers_are_left_out_of_training() -> None:
    model = small_bert()
    freeze(model, 2)
    still = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    assert all(".embeddings." in name or ".layer.0." in name or ".layer.1." in name for name in still)
    assert "bert.embeddings.word_embeddings.weight" in still
    moving = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert all(".layer.2." in name or "pooler" in name or "classifier" in name for name in moving)


def test_no_layer_frozen_still_freezes_the_embeddings() -> None:
    model = TextCNN(TextCNNConfig(vocab_size=30))
    freeze(model, 0)
    assert [name for name, weight in model.named_parameters() if not weight.requires_grad] == [
        "embedding.weight"
    ]


def test_more_layers_than_there_are_is_an_error() -> None:
    with pytest.raises(RequestError, match="has 3 layers"):
        freeze(small_bert(), 4)
