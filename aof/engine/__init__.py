"""One run: assess, reason, plan, conclude. Sees tools, models and memory as protocols only."""
