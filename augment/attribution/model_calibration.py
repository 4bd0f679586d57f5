"""Keep in the folder of a model that was trained here how its integrated gradients are calibrated, for all later runs.

calibrate_model(job, texts, pairs)        # texts of the corpus, a few hundred
"""

from collections.abc import Sequence
from dataclasses import replace

from augment.attribution.calibrating import folders_of
from augment.attribution.calibration import choose
from augment.attribution.calibration_cache import keep, sample_digest
from augment.attribution.gradient_methods import IntegratedGradients
from augment.attribution.long_texts import one_window_each
from augment.attribution.method import Setting
from augment.attribution.path_integral import ModelInputs
from augment.attribution.rule_trials import effort
from augment.config.job import Job
from augment.models.classifier import open_classifier

# The texts that a run needs first are these times as many as a calibration begins with: a training takes longer anyway.
_MORE = 4


def calibrate_model(job: Job, texts: Sequence[str], pairs: Sequence[str | None]) -> None:
    """Write the calibration of `method: integrated_gradients`, all else at its defaults, next to the weights of a model.

    A model whose integral has a closed form needs none.
    """
    classifier = open_classifier(job.needs_model(), job.run)
    setting = Setting(job, None, "ig", "predicted", "logit")
    calibrating = IntegratedGradients().calibrating(classifier, setting)
    if calibrating is None:
        return
    encodings = classifier.encode(texts, pairs)
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    logits = classifier.answer(pieces, segments)
    rows = ModelInputs(pieces, segments, logits, logits.argmax(-1))
    teaching = choose(rows.target.tolist(), _MORE * effort(calibrating.plan.tolerance).texts)
    chosen, names = one_window_each(classifier, rows.take(teaching), [str(index) for index in teaching])
    learned = replace(calibrating, mode="new").made(chosen, names)
    keep(
        folders_of(job).get("model"), calibrating.made_for, sample_digest(chosen, names), learned, rows=False
    )
