"""The run: shards, their receipts, and the executors that schedule them."""
