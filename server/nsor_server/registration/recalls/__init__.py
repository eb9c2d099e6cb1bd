"""What makes a recall due: a version after which something that was told of a registration isn't so."""
