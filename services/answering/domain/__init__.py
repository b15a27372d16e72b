"""Pure rules of answering."""
