"""A pipeline as a model without gradients allows it: what is done otherwise is reported, and what cannot be done is refused later.

plan, notices = adapted(pipeline_of("augment"), job)          # of a Python function: explained by occlusion
"""

from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.pipeline.definition import Pipeline


def adapted(plan: Pipeline, job: Job) -> tuple[Pipeline, tuple[str, ...]]:
    """Return the pipeline as the model of a job allows it, and a notice for each stage that is another one.

    Only what a pipeline leaves to the defaults is changed: a method or source that it names stays.
    """
    if not isinstance(job.model, FunctionModel):
        return plan, ()
    changes = [stage.without_gradients(job) for stage in plan.stages]
    notices = tuple(dict.fromkeys(notice for _, notice in changes if notice is not None))
    return plan.model_copy(update={"stages": tuple(stage for stage, _ in changes)}), notices
