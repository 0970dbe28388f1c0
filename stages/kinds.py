"""What files may hold: values of declared kinds, whose axes of one name are of one length, and finite."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from jaxtyping import jaxtyped

ANY = "_"
"""The name of an axis that may have any length."""


def problems(
    content: Mapping[Any, Any], kinds: Mapping[str, Any], with_gaps: Collection[str] = ()
) -> Iterator[str]:
    """What is wrong with named values, each of which should be as its kind, such as Float[Tensor, "draws n"].

    A length on which axes of one name do not agree is wrong where it is the rarer. Only the values
    `with_gaps` may have numbers that are not finite.
    """
    if set(content) != set(kinds):
        yield f"it should hold {', '.join(sorted(kinds))} and nothing else, and holds {_listed(content)}"
        return
    misfits = [name for name, kind in kinds.items() if not _is(content[name], kind)]
    for name in misfits:
        yield f"{name} is {_described(content[name])}, which is no {kinds[name].__name__}"
    if misfits:
        return
    lengths = _lengths(content, kinds)
    for name, kind in kinds.items():
        value = content[name]
        shape = tuple(getattr(value, "shape", ()))
        right = tuple(lengths.get(axis, size) for axis, size in zip(_axes(kind), shape, strict=True))
        if shape != right:
            yield f"{name} has shape {shape} instead of {right}"
        if name not in with_gaps and not _finite(value):
            yield f"{name} has values that are not finite"


def outside(name: str, index: Any, n: int) -> Iterator[str]:
    """Says so where indices are not from 0 to `n` - 1."""
    if len(index) and not 0 <= index.min() <= index.max() < n:
        yield f"{name} goes from {index.min()} to {index.max()}, which is not within 0 to {n - 1}"


def _is(value: Any, kind: Any) -> bool:
    with jaxtyped("context"):  # in which no axis has a length yet
        return isinstance(value, kind) and not isinstance(value, bool)


def _axes(kind: Any) -> list[str]:
    return getattr(kind, "dim_str", "").split()


def _lengths(content: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, int]:
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for name, kind in kinds.items():
        for axis, size in zip(_axes(kind), getattr(content[name], "shape", ()), strict=True):
            if axis != ANY:
                found[axis][size] += 1
    return {axis: sizes.most_common(1)[0][0] for axis, sizes in found.items()}


def _finite(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return math.isfinite(value)
    if "float" not in str(value.dtype) or 0 in value.shape:
        return True
    return math.isfinite(value.min()) and math.isfinite(value.max())


def _described(value: Any) -> str:
    kind = getattr(value, "dtype", type(value).__name__)
    return f"{kind} of shape {tuple(value.shape)}" if hasattr(value, "shape") else str(kind)


def _listed(content: Mapping[Any, Any]) -> str:
    return ", ".join(sorted(map(str, content)))[:200] or "nothing"
