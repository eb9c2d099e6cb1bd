"""Access requests, grants, and the restricted look-up."""
