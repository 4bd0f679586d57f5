"""Attacks from the literature by name, as settings of the stage `attack`; what differs from the papers is in docs/pipelines.md."""

from collections.abc import Mapping
from typing import Literal, get_args

RecipeName = Literal["wide", "textfooler", "pwws", "deepwordbug", "a2t", "bae", "deletion", "input-reduction"]
RECIPE_NAMES: tuple[RecipeName, ...] = get_args(RecipeName)

RECIPES: Mapping[str, Mapping[str, object]] = {
    # The default search where an edit has few conditions: any word of a dictionary, as PWWS may take, or one that sounds alike.
    "wide": {
        "sources": ("lexicon", "masked_lm", "homophones"),
        "words": 5,
        "most": 50,
        "share": 1.0,
        "senses": True,
        "every_word": True,
        "pos": False,
        "frequency": 0.0,
    },
    # Jin et al. 2020, "Is BERT Really Robust?": words by deletion, all candidates of each, similar texts only.
    "textfooler": {
        "search": "greedy",
        "reword": False,
        "order": "deletion",
        "most": 50,
        "share": 1.0,
        "senses": True,
        "every_word": True,
        "frequency": 0.0,
    },
    # Ren et al. 2019, "Generating Natural Language Adversarial Examples through Probability Weighted Word Saliency".
    "pwws": {
        "search": "weighted",
        "reword": False,
        "order": "deletion",
        "most": 50,
        "share": 1.0,
        "senses": True,
        "every_word": True,
        "pos": False,
        "frequency": 0.0,
    },
    # Gao et al. 2018, "Black-box Generation of Adversarial Text Sequences": one typing error a word.
    "deepwordbug": {
        "search": "greedy",
        "reword": False,
        "order": "deletion",
        "sources": ("typos", "look_alikes"),
        "most": 4,
        "share": 1.0,
        "every_word": True,
    },
    # Yoo and Qi 2021, "Towards Improving Adversarial Training of NLP Models": words by gradient, a tenth of them at most.
    "a2t": {"search": "greedy", "order": "gradient", "reword": False, "most": 20, "share": 0.1},
    # Garg and Ramakrishnan 2020, "BAE: BERT-based Adversarial Examples": a masked model replaces words and puts words next to them.
    "bae": {
        "search": "greedy",
        "reword": False,
        "order": "deletion",
        "sources": ("masked_lm",),
        "masked": ("replace", "insert"),
        "most": 50,
        "share": 1.0,
        "senses": True,
        "every_word": True,
        "frequency": 0.0,
    },
    "deletion": {"search": "screened", "sources": (), "reword": False, "delete": True},
    # Feng et al. 2018, "Pathologies of Neural Models Make Interpretations Difficult".
    "input-reduction": {"search": "reduced", "sources": (), "reword": False, "delete": True, "share": 1.0},
}


def with_recipe(values: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of a stage with those of its recipe, which what is given overrides."""
    recipe = values.get("recipe")
    return {**RECIPES.get(str(recipe), {}), **values}
