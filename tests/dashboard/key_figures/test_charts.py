"""Charts of the figures: what they draw, and that they fit a light and a dark page."""

from datetime import date

import pandas as pd

from dashboard.key_figures.charts import Titles, items_chart, trend_chart

VALUES = pd.DataFrame({"month": [date(2026, 1, 1), date(2026, 2, 1)], "value": [81.0, 84.5]})


def test_the_course_of_a_figure_has_a_line_at_its_target():
    chart = trend_chart(VALUES, Titles("Mes", "Tasa"), target=80).to_dict()
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["line", "rule"]
    assert chart["layer"][0]["encoding"]["y"]["title"] == "Tasa"


def test_without_a_target_there_is_no_line_for_it():
    assert len(trend_chart(VALUES, Titles("Month", "Rate")).to_dict()["layer"]) == 1


def test_parts_keep_the_order_they_are_given():
    parts = pd.DataFrame({"item": ["not due", "30 days"], "value": [10.0, 5.0]})
    chart = items_chart(parts, Titles("Age", "Amount", ",.2f"), order=["not due", "30 days"]).to_dict()
    assert chart["encoding"]["y"]["sort"] == ["not due", "30 days"]
    assert chart["encoding"]["x"]["axis"]["format"] == ",.2f"


def test_no_chart_paints_a_background():
    assert trend_chart(VALUES, Titles("Month", "Rate")).to_dict()["background"] == "transparent"
