"""What both recall stages mean by a candidate, a failed stage and a batch of the catalogue.

A pure library of the two recall services; their indexes and compilers stay with them.
"""
