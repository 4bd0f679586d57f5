"""What attribution costs, and whether its promises are kept."""
