"""The proof of every access: leaf, tree, checkpoint, group commit, verification. No policy."""
