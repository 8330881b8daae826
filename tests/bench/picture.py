"""The picture: bars of the gradient's time over that of the adjoint by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def draw(ratios: Mapping[str, float], name: str) -> str:
    """NAME.png and NAME.svg, the best first; a line on what was done."""
    if not ratios:
        return "no picture: no program with an adjoint by hand"
    try:
        import matplotlib
    except ImportError as error:
        return f"no picture: {error}"
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    names = sorted(ratios, key=ratios.__getitem__)
    figure, axes = plt.subplots(figsize=(7.0, 0.26 * len(names) + 1.0), layout="constrained")
    bars = axes.barh(names, [ratios[name] for name in names], color="#4878a8")
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8, bbox=behind)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.axvline(1.25, color="black", linewidth=0.8, linestyle=":", zorder=0)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("time of the generated gradient over that of the adjoint by hand (dotted: 1.25)")
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    files = [f"{name}.png", f"{name}.svg"]
    for file in files:
        figure.savefig(file, dpi=150)
    plt.close(figure)
    return f"the picture: {' and '.join(files)}"
