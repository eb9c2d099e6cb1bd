"""That a record's owner looks at it again: on the policy's cycle, which the record's supervision tier may shorten."""
