"""Emergency look-ups: opened without a grant, read for some minutes, and each reviewed by NPB."""
