"""What a run survives, what it costs, and whether it decides the same."""
