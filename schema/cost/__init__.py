"""What an operation costs, computed before it runs, and how much a caller may spend."""
