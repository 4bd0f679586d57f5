"""Train the classifier of a job: the built-in ones from scratch, any other by fine-tuning.

result = train(read_job([Path("configs/demo-zh.yaml")]))
result.accuracy, result.macro_f1
"""

from augment.training.examples import require_two
from augment.training.fitting import SCRATCH, default_epochs
from augment.training.making import ALGORITHM, Training, train

__all__ = ["ALGORITHM", "SCRATCH", "Training", "default_epochs", "require_two", "train"]
