"""Every public function tells codes from cell ids by their types.

The source of the package is searched for public functions that take codes or ids. Each of them must
stand in `TAKES_CODES`, in `TAKES_IDS` or, with a reason, in `EXCEPTIONS`. So a new function can't
escape this test: it fails until the function is listed.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import Cell, _core, ingraph, named_parameters, search, search_space, synthetic
from nb101fast.adapters.predictor_data import predictor_data
from nb101fast.chosen_cells import choose_cells
from nb101fast.codes import as_code, as_codes, by_code
from nb101fast.ids import as_id, as_ids
from nb101fast.skeleton import NetworkConfig
from reference.libraries import import_or_skip

PACKAGE = Path(nb101fast.__file__).parent
CODE_NAMES = {"code", "codes", "others"}
ID_NAMES = {"id", "ids", "cell_id"}
OTHER_NAMES = {"cell", "cells", "cell_ids"}  # which say nothing of what they are

INDEX = nb101fast.open(nb101fast.locations.BUILT_IN)
OBJECTIVE = INDEX.objective()
PROBLEM = search.front_training_for(
    search.NSGA2(), INDEX, search.Objectives(("test_accuracy",), ("parameters",))
)
CODE, ID = 32, 0  # the cell of input and output alone; its id is a valid code, too, of no cell

Place = tuple[str, str, str]  # module, function, parameter
Call = Callable[[Any], Any]


def training_run() -> search.SimulatedRun:
    return search.SimulatedTraining(INDEX).start(budget_seconds=1e7, seed=0)


def attach(**cells: Any) -> nb101fast.AttachReport:
    return nb101fast.attach(INDEX, {"x": [1.0]}, "never", **cells)


def configuration(code: Any) -> Any:
    config_space = import_or_skip("nb101fast.config_space", of="ConfigSpace")
    return config_space.configuration_of(code, config_space.configuration_space("A"))


def scored(codes: Any) -> Any:
    import_or_skip("torch")
    from nb101fast import proxies

    config = NetworkConfig(stem_filters=1, num_stacks=1, cells_per_stack=1)
    images = np.zeros((2, 3, 2, 2), np.float32)
    return proxies.score_cells(codes, images, [0, 1], proxies=["params"], config=config)


# Calls with what is given as codes.
TAKES_CODES: dict[Place, Call] = {
    ("cell", "Cell.from_code", "code"): Cell.from_code,
    ("attachment", "attach", "codes"): lambda x: attach(codes=x),
    ("chosen_cells", "choose_cells", "codes"): lambda x: choose_cells(INDEX.reader, codes=x),
    ("matrix_codec", "decode", "codes"): nb101fast.decode,
    ("ids", "cell_ids", "codes"): nb101fast.cell_ids,
    ("codes", "is_valid", "codes"): nb101fast.is_valid,
    ("codes", "as_code", "code"): as_code,
    ("codes", "as_codes", "codes"): as_codes,
    ("codes", "by_code", "codes"): lambda x: by_code(_core.macs, x),
    ("config_space", "configuration_of", "code"): configuration,
    ("index", "Index.query", "codes"): INDEX.query,
    ("index", "Index.to_json", "codes"): INDEX.to_json,
    ("ingraph", "query", "codes"): lambda x: ingraph.query(INDEX.tables(), x, np),
    ("ingraph", "evaluate", "codes"): lambda x: ingraph.evaluate(INDEX.tables(), x, np),
    ("named_parameters", "values_of", "code"): named_parameters.values_of,
    ("proxies.scoring", "score_cells", "codes"): scored,
    ("search.simulated_run", "SimulatedRun.evaluate", "code"): lambda x: training_run().evaluate(x),
    ("search_space.mutation", "mutate", "codes"): search_space.mutate,
    ("search_space.neighborhood", "neighbors", "code"): search_space.neighbors,
    ("search_space.encodings", "encode_as", "codes"): lambda x: search_space.encode_as(x, "A"),
    ("search_space.shape", "depth", "codes"): search_space.depth,
    ("search_space.shape", "width", "codes"): search_space.width,
    ("search_space.shape", "num_vertices", "codes"): search_space.num_vertices,
    ("search_space.shape", "num_edges", "codes"): search_space.num_edges,
    ("search_space.shape", "parameters", "codes"): search_space.parameters,
    ("search_space.shape", "macs", "codes"): search_space.macs,
    ("search_space.shape", "flops", "codes"): search_space.flops,
    ("search_space.distance", "edit_distance", "codes"): lambda x: search_space.edit_distance(
        x, CODE
    ),
    ("search_space.distance", "edit_distance", "others"): lambda x: search_space.edit_distance(
        CODE, x
    ),
    ("synthetic", "write_index", "codes"): lambda x: synthetic.write_index("never", codes=x),
    ("synthetic", "write_tfrecord", "codes"): lambda x: synthetic.write_tfrecord("never", codes=x),
    ("synthetic", "generate", "codes"): lambda x: next(synthetic.generate(codes=x)),
    ("_core", "Objective.__call__", "codes"): OBJECTIVE,
}

# Calls with what is given as ids.
TAKES_IDS: dict[Place, Call] = {
    ("adapters.predictor_data", "predictor_data", "ids"): lambda x: predictor_data(
        INDEX, "A", num_train=1, num_test=0, ids=x
    ),
    ("attachment", "attach", "ids"): lambda x: attach(ids=x),
    ("cell", "Cell.from_id", "cell_id"): Cell.from_id,
    ("chosen_cells", "choose_cells", "ids"): lambda x: choose_cells(INDEX.reader, ids=x),
    ("ids", "as_id", "cell_id"): as_id,
    ("ids", "as_ids", "ids"): as_ids,
    ("index", "Index.query", "ids"): lambda x: INDEX.query(ids=x),
    ("index", "Index.to_json", "ids"): lambda x: INDEX.to_json(ids=x),
    ("index", "Index.hypervolume", "ids"): lambda x: INDEX.hypervolume(
        ["test_accuracy"], [], reference={"test_accuracy": 0.0}, ids=x
    ),
    ("search.multi_objective_training", "MultiObjectiveTraining.told_values", "ids"): lambda x: (
        PROBLEM.told_values(x, np.zeros(np.size(x), np.int32))
    ),
    ("search.multi_objective_training", "MultiObjectiveTraining.reported_values", "ids"): (
        PROBLEM.reported_values
    ),
    ("_core", "Objective.by_id", "ids"): OBJECTIVE.by_id,
}

# Functions that take one cell, or several, but not both.
ONLY_ONE = {
    ("cell", "Cell.from_code", "code"),
    ("codes", "as_code", "code"),
    ("config_space", "configuration_of", "code"),
    ("named_parameters", "values_of", "code"),
    ("search.simulated_run", "SimulatedRun.evaluate", "code"),
    ("search_space.neighborhood", "neighbors", "code"),
    ("cell", "Cell.from_id", "cell_id"),
    ("ids", "as_id", "cell_id"),
}
ONLY_MANY = {
    ("attachment", "attach", "codes"),
    ("attachment", "attach", "ids"),
    ("codes", "as_codes", "codes"),
    ("proxies.scoring", "score_cells", "codes"),
    ("ingraph", "query", "codes"),
    ("ingraph", "evaluate", "codes"),
    ("synthetic", "write_index", "codes"),
    ("synthetic", "write_tfrecord", "codes"),
    ("synthetic", "generate", "codes"),
    ("adapters.predictor_data", "predictor_data", "ids"),
    ("search.multi_objective_training", "MultiObjectiveTraining.told_values", "ids"),
    ("search.multi_objective_training", "MultiObjectiveTraining.reported_values", "ids"),
    ("ids", "as_ids", "ids"),
    ("index", "Index.hypervolume", "ids"),
}

# Good calls would write files.
SKIPPED = {
    ("attachment", "attach", "codes"),
    ("attachment", "attach", "ids"),
    ("synthetic", "write_index", "codes"),
    ("synthetic", "write_tfrecord", "codes"),
}

EXCEPTIONS: dict[Place, str] = {
    ("adapters.torch_network.network", "Network.__init__", "cell_or_matrix"): (
        "a Cell or a matrix; test_adapters_torch_network.py gives it numbers"
    ),
    ("adapters.torch_network.network", "CellLayer.__init__", "cell"): "a part of Network",
    ("ids", "cell_ids", "out"): "an array to write into",
    ("hashes", "hashes_of_cells", "ids"): "a part of compile and synthetic, on ids they checked",
    ("own_column", "OwnColumn.at", "ids"): "a part of compile, on ids that a file stores",
    ("own_column", "OwnColumn.of_runs", "ids"): "a part of compile, on codes that it has read",
    ("analysis.walks", "walk", "ids"): "a step of a report, on ids that the package made",
    ("analysis.walks", "graph_of", "ids"): "a step of a report, on ids that the package made",
    ("search.simulated_run", "checked_configuration", "code"): "a part of evaluate and tell",
    ("json_form", "cells_as_json", "ids"): "a part of Index.to_json, which has checked them",
    ("json_form", "cell_objects", "ids"): "a part of Index.to_json, which has checked them",
    ("cell_values", "given_values", "codes"): "a part of attach",
    ("cell_values", "given_values", "ids"): "a part of attach",
    ("proxies.score_file", "ScoreFile.append", "code"): "a part of score_cells",
    ("run_rows", "are_pruned", "codes"): "a part of compile, on codes that it has read",
    ("run_columns", "check_graphs", "graphs"): "a part of to_arrow, on codes that a file stores",
    ("queries", "query", "cells"): "ChosenCells, which choose_cells has checked",
    ("reader", "IndexReader.rows_of", "ids"): "a part of Index.query, which has checked them",
    ("whole_space", "WholeSpace.hypervolume", "ids"): "what Index.hypervolume calls",
}

TOO_WIDE: list[Any] = [
    np.array([ID], np.int64),
    np.array([ID], np.uint64),
    np.array([ID], np.int16),
]


def public_functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a module and of its classes whose names have no underscore in front."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            functions = [(node.name, node)]
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            inner = [item for item in node.body if isinstance(item, ast.FunctionDef)]
            functions = [(f"{node.name}.{item.name}", item) for item in inner]
        else:
            continue
        for name, function in functions:
            last = name.rpartition(".")[2]
            if not last.startswith("_") or last in ("__init__", "__call__"):
                yield name, function


def takes_cells(argument: ast.arg) -> bool:
    """Whether a parameter's name or annotation says that it takes codes, ids or cells."""
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    named = argument.arg in CODE_NAMES | ID_NAMES | OTHER_NAMES
    return named or re.search(r"\b((One|Many)?(Code|Id)s?|Cell)\b", annotation) is not None


def places() -> set[Place]:
    """Every parameter of a public function that takes codes, ids or cells."""
    found = set()
    files = [path for path in PACKAGE.rglob("*.py") if "on_path" not in path.parts]
    for path in files:
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for name, function in public_functions(path):
            arguments = function.args
            listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            found |= {(module, name, a.arg) for a in listed if takes_cells(a)}
    # Of the compiled core, users meet the objective alone.
    for name, function in public_functions(PACKAGE / "_core.pyi"):
        if name.startswith("Objective."):
            listed = [*function.args.posonlyargs, *function.args.args]
            found |= {("_core", name, a.arg) for a in listed if takes_cells(a)}
    return found


def test_no_function_escapes() -> None:
    assert places() == TAKES_CODES.keys() | TAKES_IDS.keys() | EXCEPTIONS.keys()


def test_the_search_finds_what_it_should(tmp_path: Path) -> None:
    source = (
        "def one(codes): ...\n"
        "def two(x: ManyCodes | OneCode): ...\n"
        "def three(*, y: 'Ids'): ...\n"
        "def _four(codes): ...\n"
        "class Five:\n"
        "    def __call__(self, z: Cell): ...\n"
        "    def six(self, decoder): ...\n"
    )
    (tmp_path / "some.py").write_text(source)
    found = {
        name: [a.arg for a in [*f.args.args, *f.args.kwonlyargs] if takes_cells(a)]
        for name, f in public_functions(tmp_path / "some.py")
    }
    expected = {"one": ["codes"], "two": ["x"], "three": ["y"], "Five.__call__": ["z"]}
    assert found == expected | {"Five.six": []}


@pytest.mark.parametrize("place", TAKES_CODES, ids=".".join)
def test_ids_are_refused_as_codes(place: Place) -> None:
    call = TAKES_CODES[place]
    ids = np.array([ID], np.int32)
    given: list[Any] = []
    if place not in ONLY_ONE:
        given += [ids, *TOO_WIDE]
    if place not in ONLY_MANY:
        given += [ids[0], *(array[0] for array in TOO_WIDE), ids[0].reshape(())]
    for wrong in given:
        with pytest.raises(TypeError, match=re.escape("but a code is uint32")) as caught:
            call(wrong)
        message = str(caught.value)
        assert str(wrong.dtype) in message
        assert "cell_codes()[ids]" in message
    for nothing in (np.array([True]), np.array([0.5])):
        with pytest.raises(TypeError):
            call(nothing)


@pytest.mark.parametrize("place", TAKES_IDS, ids=".".join)
def test_codes_are_refused_as_ids(place: Place) -> None:
    call = TAKES_IDS[place]
    code = np.array([CODE], np.uint32)
    given: list[Any] = []
    if place not in ONLY_ONE:
        given += [code, *TOO_WIDE]
    if place not in ONLY_MANY:
        given += [code[0], *(array[0] for array in TOO_WIDE), code[0].reshape(())]
    for wrong in given:
        with pytest.raises(TypeError, match="but a cell id is int32") as caught:
            call(wrong)
        assert str(wrong.dtype) in str(caught.value)
    with pytest.raises(TypeError):
        call(True)


def masked(value: int, dtype: Any, hidden: bool) -> Any:
    return np.ma.array([value, value], dtype=dtype, mask=[False, hidden])


@pytest.mark.parametrize("place", sorted(TAKES_CODES.keys() - ONLY_ONE), ids=".".join)
def test_a_mask_that_hides_codes_is_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="codes are a masked array that hides 1 of its elements"):
        TAKES_CODES[place](masked(CODE, np.uint32, True))
    if place not in SKIPPED:
        TAKES_CODES[place](masked(CODE, np.uint32, False))


@pytest.mark.parametrize("place", sorted(TAKES_IDS.keys() - ONLY_ONE), ids=".".join)
def test_a_mask_that_hides_ids_is_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="ids are a masked array that hides 1 of its elements"):
        TAKES_IDS[place](masked(ID, np.int32, True))


MATRIX = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
TAKES_VALUES: dict[str, tuple[Call, Any]] = {
    "encode matrices": (lambda x: nb101fast.encode(x, [0]), MATRIX),
    "encode ops": (lambda x: nb101fast.encode(MATRIX, x), np.array([0])),
    "Cell matrix": (lambda x: Cell(x, [0]), MATRIX),
    "Cell ops": (lambda x: Cell(MATRIX, x), np.array([0])),
    "count_parameters": (lambda x: nb101fast.count_parameters(x, [0]), MATRIX),
    "vertex_channels": (
        lambda x: nb101fast.vertex_channels(x, input_channels=8, output_channels=8),
        MATRIX,
    ),
    "decode_from": (
        lambda x: search_space.decode_from(x, "A"),
        search_space.encode_as(np.array([32], np.uint32), "A"),
    ),
    "ids_of_hashes": (nb101fast.ids_of_hashes, nb101fast.cell_hashes()[:2]),
    "find": (INDEX.find, nb101fast.cell_hashes()[:2]),
    "regret_at": (
        search.run("rs", INDEX, runs=1, budget_seconds=100).regret_at,
        np.array([1.0, 2.0]),
    ),
}


@pytest.mark.parametrize("name", TAKES_VALUES)
def test_a_mask_that_hides_values_is_refused(name: str) -> None:
    call, values = TAKES_VALUES[name]
    mask = np.zeros(values.shape, np.bool_)
    call(np.ma.array(values, mask=mask))
    mask.flat[-1] = True
    with pytest.raises(ValueError, match="are a masked array that hides 1 of its elements"):
        call(np.ma.array(values, mask=mask))


def test_a_masked_array_to_write_into_is_refused() -> None:
    out = np.ma.array([0, 0], dtype=np.int32, mask=[True, False])
    with pytest.raises(ValueError, match="the elements of out are a masked array"):
        nb101fast.cell_ids([CODE, CODE], out=out)


@pytest.mark.parametrize("place", sorted(TAKES_CODES.keys() - ONLY_MANY), ids=".".join)
def test_one_code_may_be_of_each_kind(place: Place) -> None:
    call = TAKES_CODES[place]
    for code in (CODE, np.uint32(CODE), np.array(CODE, np.uint32), Cell.from_code(CODE)):
        call(code)


@pytest.mark.parametrize("place", sorted(TAKES_CODES.keys() - ONLY_ONE - SKIPPED), ids=".".join)
def test_many_codes_may_be_an_array(place: Place) -> None:
    TAKES_CODES[place](np.array([CODE, CODE], np.uint32))


@pytest.mark.parametrize("place", sorted(TAKES_IDS.keys() - ONLY_MANY), ids=".".join)
def test_one_id_may_be_of_each_kind(place: Place) -> None:
    for cell_id in (ID, np.int32(ID), np.array(ID, np.int32)):
        TAKES_IDS[place](cell_id)


@pytest.mark.parametrize("place", sorted(TAKES_IDS.keys() - ONLY_ONE - SKIPPED), ids=".".join)
def test_many_ids_may_be_an_array_or_a_list(place: Place) -> None:
    some = INDEX.cells[:2]
    for ids in (some, some.tolist()):
        TAKES_IDS[place](ids)


# What returns codes, and what returns ids.
RETURNS_CODES: dict[str, Callable[[], Any]] = {
    "cell_codes": nb101fast.cell_codes,
    "encode": lambda: nb101fast.encode(np.zeros((2, 7, 7)), np.zeros((2, 5), int)),
    "sample": lambda: search_space.sample(2, seed=0),
    "mutate": lambda: search_space.mutate(search_space.sample(2, seed=0), seed=1),
    "decode_from": lambda: search_space.decode_from(np.zeros((2, 26)), "A"),
}
RETURNS_IDS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "cell_ids": (nb101fast.cell_ids, lambda: nb101fast.cell_ids([CODE])),
    "ids_of_hashes": (
        nb101fast.ids_of_hashes,
        lambda: nb101fast.ids_of_hashes(nb101fast.cell_hashes()[:2]),
    ),
    "neighbors": (search_space.neighbors, lambda: search_space.neighbors(0)),
    "neighbor_table": (search_space.neighbor_table, lambda: search_space.neighbor_table().indices),
    "find": (nb101fast.Index.find, lambda: INDEX.find(nb101fast.cell_hashes()[:2])),
    "top_k": (nb101fast.Index.top_k, lambda: INDEX.top_k("test_accuracy", 2)),
    "where": (nb101fast.Index.where, lambda: INDEX.where(depth=(1, 2))),
    "pareto": (nb101fast.Index.pareto, INDEX.pareto),
    "ingraph.query": (
        ingraph.query,
        lambda: ingraph.query(INDEX.tables(), np.array([CODE], np.uint32), np),
    ),
}


@pytest.mark.parametrize("name", RETURNS_CODES)
def test_codes_come_as_uint32(name: str) -> None:
    assert RETURNS_CODES[name]().dtype == np.dtype("uint32")


@pytest.mark.parametrize("name", RETURNS_IDS)
def test_ids_come_as_int32_and_say_how_to_go_on(name: str) -> None:
    function, call = RETURNS_IDS[name]
    ids = call()
    assert ids.dtype == np.dtype("int32")
    text = " ".join((inspect.getdoc(function) or "").split())
    for way in ("by_id(", "query(ids=", "cell_codes()["):
        assert way in text
