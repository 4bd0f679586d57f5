"""What the samples, candidates and lists are worth."""
