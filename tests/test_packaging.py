"""What is built holds what the repository holds, under one top-level name."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def folders(top: Path, package: str) -> set[str]:
    """The packages below a folder: every folder with Python files in it."""
    files = (path for path in top.rglob("*.py") if "__pycache__" not in path.parts)
    return {".".join((package, *path.parent.relative_to(top).parts)) for path in files}


def test_packages_match_the_folders():
    own = {name for name in folders(ROOT / "srcad", "srcad") if not name.startswith("srcad.transforms")}
    expected = own | folders(ROOT / "transforms", "srcad.transforms")
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == expected


def test_every_package_has_an_init():
    tops = (ROOT / "srcad", ROOT / "transforms")
    missing = [p.parent for top in tops for p in top.rglob("*.py") if not (p.parent / "__init__.py").is_file()]
    assert not missing


def test_the_symlink_leads_to_transforms():
    link = ROOT / "srcad" / "transforms"
    assert link.is_symlink()
    assert os.readlink(link) == "../transforms"


def test_nobody_imports_transforms_by_its_folder_name():
    lines = [
        f"{path.relative_to(ROOT)}: {line}"
        for top in ("srcad", "transforms", "tests", "examples")
        for path in (ROOT / top).rglob("*.py")
        for line in path.read_text().splitlines()
        if line.split()[:2] in (["import", "transforms"], ["from", "transforms"]) or line.startswith("from transforms.")
    ]
    assert not lines


def test_version():
    import srcad

    assert srcad.__version__ == PROJECT["project"]["version"]


def test_the_installed_version_is_this_one():
    try:
        installed = metadata.version("srcad")
    except metadata.PackageNotFoundError:
        pytest.skip("srcad is not installed here")
    assert installed == PROJECT["project"]["version"]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    """The sdist, and the wheel made from it."""
    pytest.importorskip("build", reason="pip install srcad[test]")
    if int(metadata.version("setuptools").partition(".")[0]) < 77:
        pytest.skip("needs setuptools 77: pip install srcad[test]")
    out = tmp_path_factory.mktemp("dist")
    # From a copy, so that parallel runs do not write build/ and srcad.egg-info here.
    copy = tmp_path_factory.mktemp("source") / "srcad"
    subprocess.run(["cp", "-a", str(ROOT), str(copy)], check=True)
    for leftover in ("build", "srcad.egg-info"):
        subprocess.run(["rm", "-rf", str(copy / leftover)], check=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


def test_the_wheel_has_one_top_level_name(built):
    names = zipfile.ZipFile(built[1]).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"srcad"}


def test_the_wheel_holds_every_file(built):
    names = set(zipfile.ZipFile(built[1]).namelist())
    own = {p for p in (ROOT / "srcad").rglob("*.py") if "transforms" not in p.parts[len(ROOT.parts) :]}
    expected = {str(path.relative_to(ROOT)) for path in own}
    expected |= {f"srcad/{path.relative_to(ROOT)}" for path in (ROOT / "transforms").rglob("*.py")}
    assert expected | {"srcad/py.typed"} <= names


def test_the_sdist_holds_the_license(built):
    names = {name.partition("/")[2] for name in tarfile.open(built[0]).getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "srcad/py.typed"} <= names


def test_the_wheel_works_by_itself(built, tmp_path):
    """Unpacked elsewhere, with the dependencies of this environment."""
    zipfile.ZipFile(built[1]).extractall(tmp_path / "site")
    code = "import srcad, srcad.transforms; print(srcad.__file__, srcad.grad(abs_)(-3.0))"
    script = tmp_path / "script.py"
    script.write_text(f"def abs_(x):\n    return x * x if x > 0.0 else -x\n\n{code}\n")
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "SRCAD_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file, value = done.stdout.split()
    assert Path(file).is_relative_to(tmp_path)
    assert float(value) == -1.0


def test_help_does_not_import_numba():
    """It costs a second, and `srcad --help` can do without it."""
    code = "import sys, srcad.cli\ntry: srcad.cli.main(['--help'])\nexcept SystemExit: pass\nassert 'numba' not in sys.modules"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
