"""Movements over the border that FIA Immigration reports: kept for some days, and compared at the times for reviews."""
