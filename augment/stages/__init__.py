"""The stages a pipeline is made of. Adding one: its file, a line in this union, its test."""

from typing import Annotated

from pydantic import Field

from augment.stages.aeda import Aeda
from augment.stages.attack import Attack
from augment.stages.attribute import Attribute
from augment.stages.balance import Balance
from augment.stages.counterfactual import Counterfactual
from augment.stages.delete import Delete
from augment.stages.distinct import Distinct
from augment.stages.diverse import Diverse
from augment.stages.eda import Eda
from augment.stages.guard import Guard
from augment.stages.judge import Judge
from augment.stages.keep import Keep
from augment.stages.keywords import Keywords
from augment.stages.rank import Rank
from augment.stages.select import Select
from augment.stages.substitute import Substitute
from augment.stages.tokenize import Tokenize
from augment.stages.weigh import Weigh

AnyStage = Annotated[
    Tokenize
    | Attribute
    | Weigh
    | Keywords
    | Rank
    | Substitute
    | Delete
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
    "Guard",
    "Judge",
    "Keep",
    "Keywords",
    "Rank",
    "Select",
    "Substitute",
    "Tokenize",
    "Weigh",
]
