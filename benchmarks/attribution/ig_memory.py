"""Measure the peak memory of integrated gradients beside Captum: the same model, the same texts and nodes in flight.

    python -m benchmarks.attribution.ig_memory --model runs/ig_speed/sst2-minilm --corpus sst2-en

Each side runs in a fresh process under torch's profiler; the figure is the largest total of its allocations, less what
is allocated before. 32 texts, sorted by length, 50 Gauss-Legendre nodes, float32, 256 texts x nodes in one pass.
Captum is given the model as transformers loads it, ours freezes its weights; `recompute` is ours with
`run.recompute: true`. Seconds are CPU seconds of the same work without the profiler.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from augment.attribution.path_integral import ModelInputs, Plan, attribute, fixed
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import open_classifier
from benchmarks.attribution.ig_speed import captum
from benchmarks.common import HERE, command_line, some_texts, write_page

NODES, TEXTS, FLIGHT = 50, 32, 256
SIDES = ("ours", "recompute", "captum")


def main() -> None:
    """Measure both sides, or one of them in a process of its own."""
    arguments = _arguments()
    if arguments.side:
        print(json.dumps(measure(arguments)))
        return
    result = {side: _apart(side) for side in SIDES}
    captum_takes = result["captum"]["mebibytes"]
    ratios = {side: round(captum_takes / result[side]["mebibytes"], 2) for side in SIDES[:2]}
    result["captum over"] = ratios
    (HERE / "attribution/ig_memory.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    lines = ["| side | MiB | seconds | texts | nodes | longest |", "|---|---|---|---|---|---|"]
    for side in SIDES:
        cell = result[side]
        sizes = f"{TEXTS} | {NODES} | {cell['longest']:.0f}"
        lines.append(f"| {side} | {cell['mebibytes']} | {cell['seconds']} | {sizes} |")
    reported = " and ".join(f"{ratio} times that of `{side}`" for side, ratio in ratios.items())
    lines += ["", f"Captum takes {reported}."]
    write_page("attribution/ig_memory", "Peak memory of integrated gradients", __doc__, lines)
    print("\n".join(lines[-6:]))


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Return the peak of one side in MiB."""
    torch.set_num_threads(1)
    config = ModelConfig(path=str(arguments.model), max_length=64)
    classifier = open_classifier(
        config, RunConfig(device="cpu", threads=1, recompute=arguments.side == "recompute")
    )
    texts = sorted(some_texts(arguments.corpus, arguments.data, TEXTS), key=len)
    encodings = classifier.encode(texts, [None] * len(texts))
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    longest = max(len(row) for row in pieces)
    classifier.budget = FLIGHT * longest
    logits = classifier.answer(pieces, segments)
    rows = ModelInputs(pieces, segments, logits, logits.argmax(-1))
    batch = classifier.batch(pieces, segments)
    if arguments.side == "captum":
        # As a model is when it was loaded; ours freezes it.
        classifier.model.requires_grad_(True)

    def work() -> None:
        """Explain all texts."""
        if arguments.side == "captum":
            captum(classifier, batch, NODES)
        else:
            attribute(classifier, rows, Plan(mode="fixed", chains=fixed(NODES)))

    began = time.process_time()
    work()
    seconds = time.process_time() - began
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        work()
    peak = round(_peak(profiler) / (1 << 20), 1)
    return {"mebibytes": peak, "seconds": round(seconds, 1), "longest": float(longest)}


def _peak(profiler: profile) -> float:
    """Return the largest total of allocated bytes, less the smallest."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(file))
        events = json.loads(file.read_text(encoding="utf-8"))["traceEvents"]
    totals = [event["args"]["Total Allocated"] for event in events if event.get("name") == "[memory]"]
    return float(max(totals) - min(totals))


def _apart(side: str) -> dict[str, float]:
    """Return what a fresh process measures of one side."""
    line = [sys.executable, "-m", "benchmarks.attribution.ig_memory", *sys.argv[1:], "--side", side]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    content: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return content


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of a fine-tuned encoder")
    parser.add_argument("--corpus", default="sst2-en", help="a shipped config")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
