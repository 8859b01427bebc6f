"""The judgement after a merge: counts in, a Health out. Pure, and the same however often it is asked."""
