"""The report: tables in, one HTML file out. No model and no torch, so that a finished run is drawn in seconds."""
