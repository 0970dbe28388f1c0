"""Checks types and shapes of every call into `stages` while tests run; an int will do for a float."""

from beartype import BeartypeConf, beartype

typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
