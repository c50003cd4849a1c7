"""Charts of the key figures. Colours come from the theme of whoever shows them; nothing here fixes a background."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

HEIGHT = 260
NEUTRAL = "#8a8f98"  # legible on a light and on a dark page


@dataclass(frozen=True)
class Titles:
    """The words of a chart's axes, already in the reader's language, and d3's format of the values."""

    across: str
    value: str
    format: str = ",.0f"


def trend_chart(values: pd.DataFrame, titles: Titles, target: float | None = None) -> alt.LayerChart:
    """Return the course of a figure's total: ``month`` and ``value``, with a dashed line at ``target``."""
    months = values.assign(month=pd.to_datetime(values["month"]))[["month", "value"]]
    across = alt.X("month:T", title=titles.across, axis=alt.Axis(format="%m/%Y", labelOverlap=True))
    upward = alt.Y("value:Q", title=titles.value, axis=alt.Axis(format=titles.format))
    tooltip = [
        alt.Tooltip("month:T", title=titles.across, format="%m/%Y"),
        alt.Tooltip("value:Q", title=titles.value, format=titles.format),
    ]
    line = alt.Chart(months).mark_line(point=True).encode(x=across, y=upward, tooltip=tooltip)
    layers: list[alt.Chart] = [line]
    if target is not None:
        rule = alt.Chart(pd.DataFrame({"target": [target]})).mark_rule(strokeDash=[6, 4], color=NEUTRAL)
        layers.append(rule.encode(y="target:Q"))
    return alt.LayerChart(layer=layers, height=HEIGHT, background="transparent")


def items_chart(values: pd.DataFrame, titles: Titles, order: list[str] | None = None) -> alt.Chart:
    """Return bars of a figure's parts: ``item`` (in words) and ``value``, in ``order`` or as they come."""
    bars: alt.Chart = (
        alt.Chart(values[["item", "value"]], height=HEIGHT, background="transparent")
        .mark_bar()
        .encode(
            x=alt.X("value:Q", title=titles.value, axis=alt.Axis(format=titles.format)),
            y=alt.Y("item:N", title=titles.across, sort=order),
            tooltip=[
                alt.Tooltip("item:N", title=titles.across),
                alt.Tooltip("value:Q", title=titles.value, format=titles.format),
            ],
        )
    )
    return bars
