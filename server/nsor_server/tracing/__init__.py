"""One span per call, from an allow-list of attributes, and where spans go. No person ever."""
