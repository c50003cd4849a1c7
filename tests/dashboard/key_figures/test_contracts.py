"""Contracts of the figures: read from YAML, refused when they are not sound, read anew when they change."""

import os
import shutil

import pytest

from dashboard import db
from dashboard.config import ROOT
from dashboard.key_figures.contracts import ContractError, figures, words


@pytest.fixture
def contracts(tmp_path, monkeypatch):
    """Return the folder of the figures' contracts in a copy of the project."""
    marts = tmp_path / "models" / "marts"
    shutil.copytree(ROOT / "dbt" / "models" / "marts", marts)
    monkeypatch.setenv("INTERSESSION_DBT_DIR", str(tmp_path))
    db.forget_engines()
    yield marts / "key_figures"
    monkeypatch.undo()
    db.forget_engines()


def change(contracts, old, new):
    file = contracts / "_training__figures.yml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000))


def test_the_figures_come_in_the_order_of_their_contracts():
    orders = [figure.order for figure in figures()]
    assert orders == sorted(orders)
    assert len(orders) >= 15


def test_every_figure_speaks_both_languages():
    for figure in figures():
        assert words(figure, "en").definition.endswith(".")
        assert words(figure, "es_ES").definition != words(figure, "en").definition
        assert words(figure, None).label == figure.label.en


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("unit: percent", "unit: apples", "unit"),
        ("roles: [manager, therapist, auditor]", "roles: [visitor]", "roles"),
        ("model: training_progress", "model: nowhere", "no mart is called nowhere"),
        ("where: null", "where: is_lucky", "has no column is_lucky"),
        ("model: training_progress", 'model: "x; drop table patient"', "drill_down.model"),
        ("            es: Formación al día\n", "", "label.es"),
        ("          order: 150\n", "          order: 150\n          colour: red\n", "colour"),
    ],
)
def test_a_contract_that_is_not_sound_is_refused_by_file_model_and_rule(contracts, old, new, rule):
    change(contracts, old, new)
    with pytest.raises(ContractError) as refusal:
        figures()
    for part in ("_training__figures.yml", "kpi_training_compliance", rule):
        assert part in str(refusal.value)


def test_a_figure_without_a_contract_is_refused(contracts):
    change(contracts, "        figure:\n", "        something:\n")
    with pytest.raises(ContractError, match=r"kpi_training_compliance: config\.meta\.figure is missing"):
        figures()


def test_a_file_that_is_not_yaml_is_named(contracts):
    change(contracts, "models:", "models: [")
    with pytest.raises(ContractError, match="_training__figures"):
        figures()


def test_contracts_are_read_anew_only_when_a_file_changed(contracts):
    first = figures()
    assert figures() is first
    change(contracts, "Training on pace", "Training in time")
    assert "Training in time" in [figure.label.en for figure in figures()]
