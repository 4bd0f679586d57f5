"""Train a classifier on the attacks that it falls for, and measure what that changes, on texts it never saw.

hardening = harden(read_job([Path("configs/sst2-en.yaml")]), Path("runs/sst2-harden"))
hardening.gains["starting model"]["accuracy under attack"].low
"""
