"""Audit a corpus: texts that occur twice or nearly, texts with two labels, labels that read alike, labels in doubt.

result = audit(read_job([Path("mine.yaml")]))
result.facts()           # name and sentence, for a terminal
result.findings          # a line for each row and reason
"""

from augment.audit.audit import Audit, audit
from augment.audit.listing import require_free, write_findings

__all__ = ["Audit", "audit", "require_free", "write_findings"]
