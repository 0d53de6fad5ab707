"""The command line: migrate and prepare, import areas, load the demonstration, check the history."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from cases import demonstration
from cases.verify import differences
from core import migrating
from core.csvfile import Faults
from core.db import db
from core.i18n import missing_translations
from core.routing import route_table
from grid import divisions
from grid.access import EVERYWHERE, scoped_to


def register(app: Flask) -> None:
    """Add the commands to ``flask --app wsgi``."""
    for group in (areas, demo, cases, translations):
        app.cli.add_command(group)
    for command in (prepare, routes, upgrade):
        app.cli.add_command(command)


areas = AppGroup("areas", help="The tree of areas.")
demo = AppGroup("demo", help="Demonstration data.")
cases = AppGroup("cases", help="Cases.")
translations = AppGroup("translations", help="Catalogues of texts.")


@areas.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--scheme", default="NBS", show_default=True, help="The scheme the codes belong to.")
@click.option("--version", default="2023", show_default=True, help="The edition of the scheme.")
def import_areas(file, scheme, version):
    """Import areas from a CSV file with the columns code, name, level, parent_code."""
    with scoped_to(EVERYWHERE), _faults_as_lines():
        done = divisions.import_file(file, scheme=scheme, version=version)
        divisions.found_centres()
        db.session.commit()
    click.echo(f"{done.new} new areas, {done.known} known.")


@demo.command("load")
@click.option("--cases", "case_file", type=click.Path(exists=True, dir_okay=False), help="Case texts as CSV.")
def load_demo(case_file):
    """Load demonstration people and cases; with --cases, the case texts of that file."""
    if current_app.config["ENVIRONMENT"] == "production":
        raise click.ClickException("Demonstration data cannot exist in production.")
    with scoped_to(EVERYWHERE), _faults_as_lines():
        if not case_file and demonstration.is_loaded():
            raise click.ClickException("The demonstration is there already. To begin again, delete instance/.")
        demonstration.load_people()
        for count, total in demonstration.load_cases(case_file):
            if count % 50 == 0 or count == total:
                click.echo(f"{count} of {total} cases", err=True)
        db.session.commit()
    click.echo("Loaded.")


@cases.command("verify")
def verify():
    """Check that every case is what replaying its history gives."""
    with scoped_to(EVERYWHERE):
        found = list(differences())
    for difference in found:
        click.echo(difference)
    if found:
        raise click.ClickException(f"{len(found)} differences.")
    click.echo("Every case is what its history gives.")


@translations.command("check")
def check_translations():
    """Check that every text has its Chinese."""
    missing = missing_translations()
    for text in missing:
        click.echo(text)
    if missing:
        raise click.ClickException(f"{len(missing)} texts have no Chinese.")
    click.echo("Every text has its Chinese.")


@click.command("route-table")
def routes():
    """Print every route and who may use it."""
    click.echo("\n".join(route_table(current_app)))


@click.command("upgrade")
def upgrade():
    """Migrate the database to the newest schema."""
    migrating.upgrade()


@click.command("prepare")
@click.pass_context
def prepare(context):
    """Migrate; where the database is empty and this is not production, load the county and the demonstration."""
    migrating.upgrade()
    if current_app.config["ENVIRONMENT"] == "production":
        return
    with scoped_to(EVERYWHERE):
        empty = divisions.is_empty()
    if empty:
        context.invoke(import_areas, file=str(divisions.COUNTY_FILE), scheme="NBS", version="2023")
        context.invoke(load_demo, case_file=None)
    click.echo(demonstration.who_may_sign_in())


class _faults_as_lines:  # noqa: N801 -- used like a function
    """Show all faults of a file, each with its line, and end without a trace."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        if isinstance(error, Faults):
            raise click.ClickException("\n".join(["Nothing was imported.", *error.lines])) from None
        return False
