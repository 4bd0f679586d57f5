"""Measure which attribution method to trust for a model and a corpus: `augment evaluate --attribution`.

result = evaluate_attribution(read_job("hotel-zh"), "runs/hotel-zh-attribution")
result.means["deeplift"]["deleted"], result.verdicts["deeplift"]
"""

from augment.evaluation.faithfulness.evaluating import evaluate_attribution
from augment.evaluation.faithfulness.result import Faithfulness

__all__ = ["Faithfulness", "evaluate_attribution"]
