"""The run: shards, their receipts, what locks a folder, and what schedules the work."""
