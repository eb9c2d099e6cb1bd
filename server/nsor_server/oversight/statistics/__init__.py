"""Monthly tables of counts: what was recorded in a month, counted once after its end, with small counts not shown."""
