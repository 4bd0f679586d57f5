"""Interpreto's KernelSHAP of one text, for `methods.py`; run by an interpreter that has Interpreto.

    python benchmarks/attribution/methods_interpreto.py --model FOLDER --text TEXT --draws 5

Prints a JSON object: `gaps`, for each draw of 512 perturbations how far the scores of the words are from the change of the logit of
the predicted class between the text and the same text with every word masked, which is its own baseline; and `change`, that change.
This file imports nothing of `augment`.
"""

import argparse
import json

import torch
from interpreto import Granularity, KernelShap
from transformers import AutoModelForSequenceClassification, AutoTokenizer

PERTURBATIONS = 512


def main() -> None:
    """Print the gaps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--draws", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = AutoModelForSequenceClassification.from_pretrained(arguments.model).eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    explainer = KernelShap(
        model, tokenizer, batch_size=64, granularity=Granularity.WORD, n_perturbations=PERTURBATIONS
    )
    target, change = ends(model, tokenizer, arguments.text)
    gaps = []
    for draw in range(arguments.draws):
        torch.manual_seed(draw)
        (result,) = explainer([arguments.text], torch.tensor([[target]]))
        gaps.append(abs(float(result.attributions.double().sum()) - change))
    print(json.dumps({"gaps": gaps, "change": change}))


def ends(model: torch.nn.Module, tokenizer: AutoTokenizer, text: str) -> tuple[int, float]:
    """Return the predicted class, and the change of its logit from the text with every word masked."""
    batch = tokenizer(text, return_tensors="pt")
    special = torch.tensor(
        [tokenizer.get_special_tokens_mask(batch["input_ids"][0], already_has_special_tokens=True)]
    ).bool()
    masked = torch.where(special, batch["input_ids"], tokenizer.mask_token_id)
    with torch.no_grad():
        whole = model(**batch).logits[0].double()
        without = model(**{**batch, "input_ids": masked}).logits[0].double()
    target = int(whole.argmax())
    return target, float(whole[target] - without[target])


if __name__ == "__main__":
    main()
