"""The `learnwire` command: for publishers and operators."""

import logging

import typer

from shared.cli import dead_letters, events, token, topics
from shared.cli.doctor import doctor
from shared.cli.explain import explain
from shared.cli.status import status

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Learnwire for publishers and operators. Settings are LEARNWIRE_* variables, as for the services.",
)
app.add_typer(topics.app, name="topics")
app.add_typer(events.app, name="events")
app.add_typer(dead_letters.app, name="dead-letters")
app.command("status")(status)
app.command("explain")(explain)
app.command("doctor")(doctor)
app.command("token")(token.token)


def main() -> None:
    """Run the command. Libraries' own lines are switched off: what is wrong is said once, in our words."""
    logging.disable(logging.CRITICAL)
    app()
