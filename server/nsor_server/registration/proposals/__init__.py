"""What one officer of NPB has proposed and another one confirms: how it ends when he doesn't.

Each kind of proposal (the end of a record, an unsealing, a reading of what is sealed) has versions of its own, beside
what it is about. What they have in common is here: until when one can be confirmed, who withdraws it, and who refuses
it.
"""
