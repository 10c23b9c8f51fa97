"""`python -m myna.bench`: all benchmarks, with tables on screen and JSON under `bench/results/`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from myna.bench import BenchError, results, turn
from myna.bench.stock import EPOCHS
from myna.bench.summary import format_turn


@click.command()
@click.option(
    "--turns",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Turns in each window of `turn`.",
)
@click.option(
    "--depth",
    "depths",
    type=click.IntRange(min=1),
    multiple=True,
    default=turn.DEPTHS,
    show_default=True,
    help="Measure `turn` once more after so many turns; may be given several times.",
)
@click.option("--new-only", is_flag=True, help="`turn`: short conversations only (the quickest).")
@click.option("--epochs", type=click.IntRange(min=1), help="Of the stock pipelines beside ours.")
@click.option("--against", type=click.Choice(["diet"]), help="`nlu`: stock Rasa beside ours.")
def main(
    turns: int, depths: tuple[int, ...], new_only: bool, epochs: int | None, against: str | None
) -> None:
    """All benchmarks: understanding, on each *.tsv in $BENCH_DATA, and one turn of the stack."""
    failed = _understanding(os.environ.get("BENCH_DATA"), against, epochs)
    try:
        result = turn.bench_turn(turns, epochs=epochs or EPOCHS, depths=() if new_only else depths)
    except BenchError as error:
        click.echo(f"turn: {error}", err=True)
        failed = True
    else:
        click.echo(f"\n{format_turn(result)}\nWritten: {results.RESULTS / 'turn.json'}")
    sys.exit(1 if failed else 0)


def _understanding(folder: str | None, against: str | None, epochs: int | None) -> bool:
    """`nlu` on each file of a folder; whether anything failed."""
    if not folder:
        click.echo("nlu: skipped, for BENCH_DATA names no folder of *.tsv files.")
        return False
    files = sorted(Path(folder).glob("*.tsv"))
    if not files:
        click.echo(f"nlu: there is no *.tsv in BENCH_DATA ({folder}).", err=True)
        return True
    from myna.bench.nlu import bench_nlu, format_nlu  # imports Rasa

    failed = False
    for path in files:
        try:
            result = bench_nlu(path, against, epochs)
        except (ValueError, OSError) as error:
            click.echo(f"nlu: {error}", err=True)
            failed = True
            continue
        written = results.write_result(f"nlu-{path.stem}", result)
        click.echo(f"\n{format_nlu(result)}\nWritten: {written}")
    return failed


if __name__ == "__main__":
    main()
