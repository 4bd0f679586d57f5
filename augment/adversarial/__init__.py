"""Search for small edits that change what a model answers: goals, victims, guides, searches, constraints and recipes."""
