"""Movements over the border, as FIA Immigration reports them."""
