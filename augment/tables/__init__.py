"""What a row is, and how a file of rows gets onto the disk."""
