"""The commands ``intersession patients …``: hand a person everything that is held about them."""

from __future__ import annotations

from pathlib import Path

import click

from dashboard.access.actor import NotFoundError
from dashboard.cli.shared import COMMAND_LINE, database


@click.group("patients")
def patients_command() -> None:
    """Hand people what is held about them."""


@patients_command.command("export")
@click.argument("number", type=int)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="The archive (default: file-NUMBER.zip)."
)
@click.option("--subjective", is_flag=True, help="With the therapists' subjective annotations.")
@click.option("--language", type=click.Choice(["en", "es"]), default="es", help="The language of the PDF.")
def export_file(number: int, output: Path | None, subjective: bool, language: str) -> None:
    """Write everything held about the patient of file NUMBER into one archive, the clinical record included.

    The archive has a PDF to read, JSON and FHIR R4 for machines, the documents, and the log of who opened the file.
    """
    # The words of the screens, which only this command needs: not even the list of commands.
    from dashboard.patients.queries import id_of_number  # noqa: PLC0415
    from dashboard.record import export  # noqa: PLC0415
    from dashboard.ui import record_pdf  # noqa: PLC0415
    from dashboard.ui.language import speaking  # noqa: PLC0415

    target = output or Path(f"file-{number}.zip")
    if target.exists():
        raise click.ClickException(f"{target} is there already; nothing was written.")
    with database():
        try:
            patient_id = id_of_number(COMMAND_LINE, number)
            with speaking(language):
                content = export.archive(
                    export.gather(COMMAND_LINE, patient_id, has_subjective=subjective), record_pdf.document
                )
        except NotFoundError:
            raise click.ClickException("There is no file with this number.") from None
    target.touch(mode=0o600, exist_ok=False)
    target.write_bytes(content)
    click.echo(f"Written to {target}. It holds everything about a person: keep it as you keep the file itself.")
