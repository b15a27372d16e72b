"""The `concierge` command."""

from __future__ import annotations

import typer

from services.cli import admin, catalog, changes, ingest, search, serve, up

app = typer.Typer(
    name="concierge",
    help="Find hotels in your own words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("settings")(serve.settings)
app.command("search")(search.search)
app.command("chat")(search.chat)
app.command("plan")(search.plan)
app.command("geocode")(search.geocode)
app.command("ingest")(ingest.ingest)
app.command("remove")(changes.remove)
app.command("facts")(changes.facts)
app.command("jobs")(ingest.jobs)
app.add_typer(ingest.quarantine_app, name="quarantine")
app.add_typer(catalog.catalog_app, name="catalog")
app.add_typer(admin.admin_app, name="admin")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
