"""How a derivation, a name, a number comes onto a page; `gradwalk.show` is the one door to it."""
