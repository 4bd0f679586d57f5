"""Whether the folder of a finished run is whole and consistent."""

from augment.verification.checks import Check
from augment.verification.verifying import Verification, verify

__all__ = ["Check", "Verification", "verify"]
