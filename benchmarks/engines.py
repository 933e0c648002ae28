"""The benefit rule of the paper's Figure 1 in four engines, on the same lines.

Each engine reads the same Parquet partitions into the form it is fastest with, classifies them
with the results in memory, and gives the number of the rule of each line for comparison.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from alkpool.analysis import benefit
from benchmarks.registry import part_folder

RESPONSES = ("CR", "PR", "SD", "PD", "MR", "NE", "unknown")
RELATIONS = ("", "=", ">", "<", "~")
STATUSES = ("ended", "ongoing", "unknown")
RULES = tuple(f"R{number}" for number in range(1, 10))
BENEFITS = ("benefit", "no benefit", "unknown")
WITH_BENEFIT, WITHOUT_BENEFIT = ("R1", "R3", "R6"), ("R2", "R5", "R8")
TERMS = {"best_response": RESPONSES, "pfs_relation": RELATIONS, "dot_relation": RELATIONS,
         "status": STATUSES}  # fmt: skip
COLUMNS = ["best_response", "pfs_relation", "pfs_months", "dot_relation", "dot_months", "status"]
THRESHOLD = 6


def read_lines(folder: Path, count: int) -> pa.Table:
    """Read the first lines of a registry, the columns of the rule."""
    tables, missing, part = [], count, 0
    while missing > 0:
        file = part_folder(folder, part) / "treatments.parquet"
        tables.append(pq.read_table(file, columns=COLUMNS).slice(0, missing))
        missing -= len(tables[-1])
        part += 1
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


class Engine(ABC):
    """One way to classify."""

    name: ClassVar[str]

    @abstractmethod
    def hold(self, lines: pa.Table) -> Any:
        """Put lines into the engine's own form."""

    @abstractmethod
    def classify(self, held: Any) -> Any:
        """Give the class and the rule of each line."""

    @abstractmethod
    def rules(self, result: Any) -> tuple[np.ndarray, np.ndarray]:
        """Places of each line's rule in `RULES`, and of its class in `BENEFITS`."""


class Alkpool(Engine):
    """`alkpool.analysis.benefit.classify` on categories."""

    name = "alkpool"

    def hold(self, lines: pa.Table) -> pd.DataFrame:
        return lines.to_pandas()

    def classify(self, held: pd.DataFrame) -> pd.DataFrame:
        return benefit.classify(held)

    def rules(self, result: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return result["rule"].cat.codes.to_numpy(), result["benefit"].cat.codes.to_numpy()


def decide(line: pd.Series) -> tuple[str, str]:
    """Rule and class of one line, read from the top of Figure 1."""
    if line["best_response"] in ("CR", "PR"):
        return "R1", "benefit"
    if line["best_response"] == "PD":
        return "R2", "no benefit"
    for measure, (long, ongoing, short) in (
        ("pfs", ("R3", "R4", "R5")), ("dot", ("R6", "R7", "R8"))
    ):  # fmt: skip
        months, relation = line[f"{measure}_months"], line[f"{measure}_relation"]
        if pd.isna(months):
            continue
        if months >= THRESHOLD and relation != "<":
            return long, "benefit"
        if months <= THRESHOLD if relation == "<" else months < THRESHOLD and relation != ">":
            return (ongoing, "unknown") if line["status"] == "ongoing" else (short, "no benefit")
        break
    return "R9", "unknown"


class RowWise(Engine):
    """pandas, one row after the other: ``DataFrame.apply``."""

    name = "row-wise pandas"

    def hold(self, lines: pa.Table) -> pd.DataFrame:
        return lines.to_pandas().astype(dict.fromkeys(TERMS, object))

    def classify(self, held: pd.DataFrame) -> pd.DataFrame:
        return held.apply(decide, axis="columns", result_type="expand")

    def rules(self, result: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return (
            pd.Categorical(result[0], RULES).codes, pd.Categorical(result[1], BENEFITS).codes
        )  # fmt: skip


class DuckDB(Engine):
    """One SQL statement on a table with enumerations, fetched as Arrow."""

    name = "DuckDB"

    def hold(self, lines: pa.Table) -> Any:
        import duckdb

        connection = duckdb.connect()
        for column, terms in {**TERMS, "rule": RULES, "benefit": BENEFITS}.items():
            listed = ", ".join(f"'{term}'" for term in terms)
            connection.execute(f"CREATE TYPE {column}_term AS ENUM ({listed})")
        columns = ", ".join(f"{c}::{c}_term AS {c}" if c in TERMS else c for c in COLUMNS)
        connection.register("given", lines)
        connection.execute(f"CREATE TABLE lines AS SELECT {columns} FROM given")
        connection.unregister("given")
        return connection

    def classify(self, held: Any) -> pa.Table:
        reached = "{0}_months >= 6 AND {0}_relation <> '<'"
        missed = (
            "({0}_relation = '<' AND {0}_months <= 6"
            " OR {0}_relation IN ('', '=', '~') AND {0}_months < 6)"
        )
        # Constants of the enumerations: as texts the results would take a third longer.
        rule = {name: f"'{name}'::rule_term" for name in RULES}
        benefit, no_benefit, unknown = (f"'{name}'::benefit_term" for name in BENEFITS)
        return held.sql(f"""
            SELECT rule, CASE
                WHEN rule IN {WITH_BENEFIT} THEN {benefit}
                WHEN rule IN {WITHOUT_BENEFIT} THEN {no_benefit}
                ELSE {unknown} END AS benefit
            FROM (SELECT CASE
                WHEN best_response IN ('CR', 'PR') THEN {rule["R1"]}
                WHEN best_response = 'PD' THEN {rule["R2"]}
                WHEN {reached.format("pfs")} THEN {rule["R3"]}
                WHEN {missed.format("pfs")} AND status = 'ongoing' THEN {rule["R4"]}
                WHEN {missed.format("pfs")} THEN {rule["R5"]}
                WHEN pfs_months IS NOT NULL THEN {rule["R9"]}
                WHEN {reached.format("dot")} THEN {rule["R6"]}
                WHEN {missed.format("dot")} AND status = 'ongoing' THEN {rule["R7"]}
                WHEN {missed.format("dot")} THEN {rule["R8"]}
                ELSE {rule["R9"]} END AS rule FROM lines)
            """).to_arrow_table()

    def rules(self, result: pa.Table) -> tuple[np.ndarray, np.ndarray]:
        frame = result.to_pandas()
        return (
            pd.Categorical(frame["rule"], RULES).codes,
            pd.Categorical(frame["benefit"], BENEFITS).codes,
        )


class Polars(Engine):
    """Expressions on categories; the rule first, then the class from it."""

    name = "Polars"

    def hold(self, lines: pa.Table) -> Any:
        import polars

        return polars.from_arrow(lines)

    def classify(self, held: Any) -> Any:
        import polars
        from polars import col

        def named(term: str, terms: tuple[str, ...]) -> polars.Expr:
            return polars.lit(term, dtype=polars.Enum(terms))

        def reached(measure: str) -> polars.Expr:
            months, relation = col(f"{measure}_months"), col(f"{measure}_relation")
            return (months >= THRESHOLD) & (relation != "<")

        def missed(measure: str) -> polars.Expr:
            months, relation = col(f"{measure}_months"), col(f"{measure}_relation")
            bounded = (relation == "<") & (months <= THRESHOLD)
            return bounded | ((relation != "<") & (relation != ">") & (months < THRESHOLD))

        ongoing = col("status") == "ongoing"
        conditions = [
            ((col("best_response") == "CR") | (col("best_response") == "PR"), "R1"),
            (col("best_response") == "PD", "R2"),
            (reached("pfs"), "R3"),
            (missed("pfs") & ongoing, "R4"),
            (missed("pfs"), "R5"),
            (col("pfs_months").is_not_null(), "R9"),
            (reached("dot"), "R6"),
            (missed("dot") & ongoing, "R7"),
            (missed("dot"), "R8"),
        ]
        rule: Any = polars
        for condition, name in conditions:
            rule = rule.when(condition).then(named(name, RULES))
        rule = rule.otherwise(named("R9", RULES))
        # Two steps: in one, Polars computes the rule again for the class.
        judged = held.lazy().select(rule=rule).collect()
        return judged.with_columns(
            benefit=polars.when(col("rule").is_in(WITH_BENEFIT))
            .then(named("benefit", BENEFITS))
            .when(col("rule").is_in(WITHOUT_BENEFIT))
            .then(named("no benefit", BENEFITS))
            .otherwise(named("unknown", BENEFITS))
        )

    def rules(self, result: Any) -> tuple[np.ndarray, np.ndarray]:
        return tuple(result[name].to_physical().to_numpy() for name in ("rule", "benefit"))


ENGINES = {engine.name: engine for engine in (Alkpool(), RowWise(), DuckDB(), Polars())}
