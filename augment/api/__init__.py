"""The public doors, one file each."""
