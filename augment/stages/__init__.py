"""The stages a pipeline is made of. A new one has a line in this union; a user's own is passed as an instance."""

from typing import Annotated

from pydantic import Field, PlainValidator, SerializeAsAny, TypeAdapter

from augment.stages.aeda import Aeda
from augment.stages.attack import Attack
from augment.stages.attribute import Attribute
from augment.stages.balance import Balance
from augment.stages.counterfactual import Counterfactual
from augment.stages.delete import Delete
from augment.stages.distinct import Distinct
from augment.stages.diverse import Diverse
from augment.stages.eda import Eda
from augment.stages.evidence import Evidence
from augment.stages.guard import Guard
from augment.stages.judge import Judge
from augment.stages.keep import Keep
from augment.stages.keywords import Keywords
from augment.stages.protocol import Stage
from augment.stages.rank import Rank
from augment.stages.rephrase import Rephrase
from augment.stages.rewrite import Rewrite
from augment.stages.select import Select
from augment.stages.substitute import Substitute
from augment.stages.tokenize import Tokenize
from augment.stages.weigh import Weigh

# Those that YAML can name.
AnyStage = Annotated[
    Tokenize
    | Attribute
    | Weigh
    | Keywords
    | Evidence
    | Rank
    | Substitute
    | Delete
    | Rephrase
    | Rewrite
    | Attack
    | Eda
    | Aeda
    | Balance
    | Counterfactual
    | Judge
    | Keep
    | Diverse
    | Distinct
    | Guard
    | Select,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Stage] = TypeAdapter(AnyStage)


def _stage_of(value: object) -> Stage:
    """Return a stage as it is, and one that is described by its kind and keys; ValidationError if it is neither."""
    return value if isinstance(value, Stage) else _ADAPTER.validate_python(value)


# A stage of a pipeline: one of these, by its kind, or an instance of any class of stage. The union is read for its keys.
PipelineStage = Annotated[SerializeAsAny[AnyStage | Stage], PlainValidator(_stage_of)]

__all__ = [
    "Aeda",
    "AnyStage",
    "Attack",
    "Attribute",
    "Balance",
    "Counterfactual",
    "Delete",
    "Distinct",
    "Diverse",
    "Eda",
    "Evidence",
    "Guard",
    "Judge",
    "Keep",
    "Keywords",
    "PipelineStage",
    "Rank",
    "Rephrase",
    "Rewrite",
    "Select",
    "Substitute",
    "Tokenize",
    "Weigh",
]
