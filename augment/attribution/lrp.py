"""Layer-wise relevance propagation as a method. Parts of LRP are patented (docs/attribution.md).

Lrp(lrp_rule="alpha_beta").attribute(classifier, rows)
"""

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from augment.attribution.layer_methods import OnePassMethod

if TYPE_CHECKING:
    from augment.attribution.row_parts import RowPart, Shares


class LrpSettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of relevance propagation."""

    lrp_rule: Literal["epsilon", "gamma", "z_plus", "alpha_beta"] = Field(
        default="epsilon", description="of `lrp`: the rule of affine maps"
    )
    epsilon: float = Field(
        default=1e-6,
        gt=0,
        le=10,
        description="of `lrp`: added to divisors, away from 0; more hides what is small",
    )
    gamma: float = Field(
        default=0.25,
        ge=0,
        le=1000,
        description="of `lrp` with `lrp_rule: gamma`: what positive weights count more",
    )
    alpha: float = Field(
        default=2.0, ge=1, le=100, description="of `lrp` with `lrp_rule: alpha_beta`; beta is alpha - 1"
    )
    attention_rule: bool = Field(
        default=False,
        description="of `lrp`: relevance also goes through attention weights (AttnLRP), in place of counting them constant",
    )


class Lrp(LrpSettings, OnePassMethod):
    """Share out the logit backwards, layer by layer."""

    method: Literal["lrp"] = "lrp"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the relevance of one batch."""
        from augment.attribution.relevance import relevance
        from augment.attribution.relevance_rules import LrpRule

        rule = LrpRule(self.lrp_rule, self.epsilon, self.gamma, self.alpha, self.attention_rule)
        return relevance(part, rule)
