"""Twenty-eight days in the width of a word: a line that breaks where a day is missing, a dot on the last day."""

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 120, 28, 3


def sparkline(history: Sequence[float | None], *, base: float | None = None) -> str:
    """SVG of the values, oldest first, from zero up; empty without any. `base` is drawn as a dashed level."""
    present = [value for value in history if value is not None]
    if not present:
        return ""
    top = max([*present, base or 0.0]) or 1.0
    step = (WIDTH - 2 * MARGIN) / max(1, len(history) - 1)

    def height(value: float) -> float:
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * max(value, 0.0) / top

    points = [
        None if value is None else (MARGIN + index * step, height(value))
        for index, value in enumerate(history)
    ]
    level = (
        f'<path class="base" d="M{MARGIN} {height(base):.1f}H{WIDTH - MARGIN}"/>' if base is not None else ""
    )
    last = points[-1]
    # A dot that stays round when the picture is stretched: a line of almost no length with round ends.
    dot = f'<path class="dot" d="M{last[0]:.1f} {last[1]:.1f}h.01"/>' if last is not None else ""
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true"'
        f' focusable="false">{level}<path d="{_path(points)}"/>{dot}</svg>'
    )


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Moves and lines; a point alone becomes a line of almost no length, which round caps make visible."""
    drawn, is_down = [], False
    for index, point in enumerate(points):
        if point is not None:
            is_alone = not is_down and (index + 1 == len(points) or points[index + 1] is None)
            drawn.append(
                f"{'L' if is_down else 'M'}{point[0]:.1f} {point[1]:.1f}{'h.01' if is_alone else ''}"
            )
        is_down = point is not None
    return "".join(drawn)
