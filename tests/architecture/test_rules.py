"""The rules of the architecture: which package imports which, who may commit, who may see everything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ["core", "grid", "cases", "drills", "wsgi"]
PURE = ["core.lifecycle", "core.calendar", "core.text", "core.errors", "core.marks", "grid.roles", "cases.lifecycle",
        "cases.effects", "cases.capacities", "cases.dictionaries", "cases.labels"]  # fmt: skip
# Within a package the rules come first and the pages last; a module imports only what stands before it.
CASES = ["dictionaries", "lifecycle", "capacities", "effects", "labels", "sight", "models", "mediation", "search", "limits",
         "queues", "queries", "commands", "reporting", "forms", "views", "report_form", "phone_work", "api_forms", "api", "openapi", "phone"]  # fmt: skip


def sources(*packages):
    """The files of packages, or of a module at the root."""
    files = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [*files, ROOT / "wsgi.py"] if "wsgi" in packages else files


def those_containing(code, paths):
    """The files in which a piece of code stands."""
    return {str(path.relative_to(ROOT)) for path in paths if code in path.read_text()}


def imports(path):
    """The modules a file imports, by their full names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_each_layer_imports_only_the_layers_below():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(*LAYERS[:-1])
        for name in imports(path)
        if (package := name.split(".")[0]) in LAYERS
        and LAYERS.index(package) > LAYERS.index(path.relative_to(ROOT).parts[0])
    ]
    assert wrong == []


def test_within_cases_rules_come_first_and_pages_last():
    wrong = [
        f"{path.stem} imports {below}"
        for path in sources("cases")
        if path.stem in CASES
        for name in imports(path)
        if name.startswith("cases.") and (below := name.split(".")[1]) in CASES
        and CASES.index(below) > CASES.index(path.stem)
    ]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("module", PURE)
def test_rules_are_pure(module):
    """All rules can be imported, and tested, with neither Flask nor SQLAlchemy installed."""
    code = f"import sys; sys.modules.update(flask=None, sqlalchemy=None); import {module}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_only_routes_and_the_command_line_commit():
    """core/db.py only ends the reading transaction of a request before it begins to write."""
    assert those_containing(".commit()", sources(*LAYERS)) == {"core/routing.py", "core/db.py", "cases/cli.py"}


@pytest.mark.parametrize("reading", [".now(", "today()", "time.time(", "utcnow", "strftime('now"])
def test_only_the_clock_reads_the_time(reading):
    assert those_containing(reading, sources(*LAYERS)) <= {"core/clock.py"}


def test_only_named_modules_see_everywhere():
    """Signing in and leaders' links, before anybody is known, and the command line."""
    assert those_containing("EVERYWHERE", sources(*LAYERS)) == {
        "grid/access.py", "grid/queries.py", "grid/groups.py", "cases/intake.py", "cases/cli.py"}  # fmt: skip


def test_only_the_settings_read_the_environment():
    assert those_containing("os.environ", sources(*LAYERS)) == set()
    assert those_containing("getenv", [*sources(*LAYERS), ROOT / "config.py"]) == set()


@pytest.mark.parametrize("bypass", [".connection(", "from_statement(", "exec_driver_sql", "raw_connection",
                                    "is_orm_statement", "session.info"])  # fmt: skip
def test_nobody_goes_around_the_scope(bypass):
    allowed = {"grid/access.py", "core/db.py"}
    assert those_containing(bypass, sources(*LAYERS)) <= allowed


def test_nobody_writes_sql_by_hand():
    assert [path.name for path in sources(*LAYERS) if "sqlalchemy.text" in imports(path)] == []


@pytest.mark.parametrize(
    "unsafe", ["|safe", "Markup(", "autoescape false", "render_template_string", "eval(", "pickle"]
)
def test_nothing_is_shown_or_run_unescaped(unsafe):
    templates = sorted((ROOT / "templates").rglob("*.html"))
    assert templates
    assert those_containing(unsafe, [*sources(*LAYERS), *templates]) == set()


def test_only_act_writes_a_state():
    writes = those_containing("_state =", sources(*LAYERS)) | those_containing('"_state"', sources(*LAYERS))
    assert writes == {"grid/lifecycle_mixin.py"}
    assert those_containing(".lay_over(", sources(*LAYERS)) == {"cases/models.py", "cases/reporting.py"}


def test_nothing_has_grown_too_big():
    """An alarm, not a law: whoever hears it decides what to take apart."""
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in sources(*LAYERS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 30
    ]
    big = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(*LAYERS)}
    assert long == []
    assert {name: lines for name, lines in big.items() if lines > 250} == {}


def test_what_is_public_says_what_it_does():
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources(*LAYERS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
        and not getattr(node, "name", "module").startswith("_")
        and node in ast.parse(path.read_text()).body
        and ast.get_docstring(node) is None
    ]
    assert silent == []
