"""The scripts behind measured claims; README.md lists them. Run one from the checkout: `python -m benchmarks.quality.helps`."""
