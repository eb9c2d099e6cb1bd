"""Manifests at the border: declared, and their passengers screened."""
