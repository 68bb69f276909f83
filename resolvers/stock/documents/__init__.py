"""What all stock documents share: kinds, numbers, lines, lists and steps."""
