"""What an operator is told of a running installation: `cli.py doctor` and `/health/ready`."""
