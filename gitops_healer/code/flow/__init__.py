"""How control flows through functions: what is inefficient in it, what never runs, how hard it is to follow."""
