"""Photos, decoded and encoded anew by a process that can reach nothing: no key, no file, no network."""
