"""Verify the folder of a finished run: whole and consistent, by all that its files show, without the model.

A SHA-256 shows that a file is the one the run wrote. The other checks show that the files agree with each other, so a
fault of the run itself, or a file that was changed and hashed again, is found too. Of the rows only hashes are kept.

    result = verify("runs/demo-zh-augment")
    result.ok, [check.description() for check in result.checks if check.wrong]
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from augment.errors import DataError
from augment.progress import Progress, silent
from augment.tables.run_folder import MANIFEST, PLAN, require_finished
from augment.verification.checks import UNITS, Check, Findings
from augment.verification.files import (
    Manifest,
    RunPlan,
    check_balance,
    check_files,
    check_plan,
    read_facts,
    unsealed,
)
from augment.verification.rows import RowChecker


@dataclass(frozen=True)
class Verification:
    """What the checks of a folder found."""

    folder: Path
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not any(check.wrong for check in self.checks)

    def require(self) -> None:
        """Raise DataError, naming the first check that failed, if one did."""
        failed = [check for check in self.checks if check.wrong]
        if failed:
            raise DataError(
                str(self.folder),
                f"{len(failed)} of {len(self.checks)} checks failed, first `{failed[0].name}`: {failed[0].problems[0]}",
                "copy the folder again from where it is whole, take out what is not of the run, or run again with --overwrite",
            )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        checks = [{**asdict(check), "ok": not check.wrong} for check in self.checks]
        return {"folder": str(self.folder), "ok": self.ok, "checks": checks}


def verify(folder: Path | str, progress: Progress | None = None) -> Verification:
    """Return what is wrong with the folder of a finished run, by check; RequestError if there is no such run."""
    folder = Path(folder)
    require_finished(folder)
    report = progress or silent
    findings = Findings()
    findings.note("files", unsealed(folder / MANIFEST))
    manifest, plan = (
        read_facts(folder / MANIFEST, Manifest, findings),
        read_facts(folder / PLAN, RunPlan, findings),
    )
    if manifest is not None:
        check_files(folder, manifest, findings, report)
    if manifest is not None and plan is not None:
        counted = RowChecker(folder, manifest, plan, findings).check(report)
        check_balance(manifest, counted, findings)
        check_plan(folder, manifest, plan, findings)
    else:
        for name in list(UNITS)[1:]:
            findings.note(name, f"not checked: {MANIFEST if manifest is None else PLAN} cannot be read", 0)
    return Verification(folder, findings.checks())
