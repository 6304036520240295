"""`learnwire events`."""

import typer

app = typer.Typer(no_args_is_help=True, help="Events: what there is, what is valid, publish.")


@app.callback()
def _events() -> None:
    """Events."""
