"""Measure whether augmentation helps: conditions trained on equal rows and steps, on draws of several sizes, and tested on unseen rows.

Long work, so what is measured is kept at once: the same call goes on, and more conditions, sizes or seeds can be added later.

    evaluation = evaluate(read_job([Path("configs/sst2-en.yaml")], ["evaluate.seeds=5"]), Path("runs/sst2-evaluate"))
    evaluation.differences("clean")["augment"].verdict       # 'no measurable difference'
"""

from augment.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
