"""What people decide on the samples of a run, and how it gets back into the folder of the run."""
