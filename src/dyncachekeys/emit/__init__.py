"""From what was resolved to what is written: plan, stamp, writes."""
