"""Say whether augmentation helps: arms trained on equal rows and steps, on draws of several sizes, and tested on what none has seen.

Long work, so what is measured is kept at once: the same call goes on, and more arms, sizes or seeds can be asked for later.

    found = evaluate(read_job([Path("configs/sst2-en.yaml")], ["evaluate.seeds=5"]), Path("runs/sst2-evaluate"))
    found.differences("clean")["augment"].verdict       # 'no measurable difference'
"""

from augment.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
