"""Parts that are imported on demand: by name, in a fresh process, without SciPy, from threads."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, 1.5])
A = np.array([[3.0, 1.0], [1.0, 2.0]])


def programs():
    special = pytest.importorskip("scipy.special")
    traced = {
        "further": lambda x: np.i0(x),
        "linalg": lambda x: np.linalg.det(x * A),
        "fft": lambda x: np.abs(np.fft.fft(x)),
        "special": lambda x: special.gammaln(x),
        "scipy.linalg": lambda x: ad.scipy.linalg.expm(x * A),
        "interpolate": lambda x: ad.scipy.interpolate.CubicSpline(np.arange(4.0), np.ones(4))(x),
        "ndimage": lambda x: ad.scipy.ndimage.gaussian_filter(x, 1.0),
        "signal": lambda x: ad.scipy.signal.lfilter([1.0], [1.0, 0.5], x),
        "solving": lambda x: ad.fixed_point(lambda z: np.cos(z) / 2, x),
        "sparse": lambda x: ad.sparse_solve(x, np.array([0, 1]), np.array([0, 1, 2]), X),
    }
    return {name: ad.trace(f)(X) for name, f in traced.items()}


WITHOUT_SCIPY = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "scipy":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
"""
READ = """
import pickle, sys
import autodiff as ad
texts, pickled = pickle.load(sys.stdin.buffer)
"""
BY_TEXT = "for text in texts: assert str(ad.parse(text)).split() == text.split()"
BY_NAME = "for program in pickled: pickle.loads(program)"


def run(code, given=b""):
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("scipy", ["", WITHOUT_SCIPY], ids=["scipy", "without scipy"])
@pytest.mark.parametrize("how", [BY_TEXT, BY_NAME], ids=["parsed", "unpickled"])
def test_a_fresh_process_knows_the_primitives_of_every_part(scipy, how):
    made = programs()
    given = pickle.dumps(
        ([str(p) for p in made.values()], [pickle.dumps(p) for p in made.values()])
    )
    run(scipy + READ + how, given)


def test_an_unknown_primitive_is_still_an_error():
    with pytest.raises(ad.errors.InvalidProgramError, match="there is no primitive 'sinn'"):
        ad.parse("program(a: f64[]) -> f64[] {\n    b: f64[] = sinn a\n    return b\n}")


def test_threads_that_need_a_part_at_the_same_time_all_get_it():
    run(
        """
import threading
import numpy as np, scipy.special
import autodiff as ad
barrier, errors = threading.Barrier(6), []
def work():
    barrier.wait()
    try:
        ad.jit(lambda x: scipy.special.gammaln(x) + np.i0(x) + np.linalg.det(np.eye(2) * x))(2.0)
        ad.odeint
    except Exception as error:
        errors.append(error)
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not errors, errors
"""
    )
