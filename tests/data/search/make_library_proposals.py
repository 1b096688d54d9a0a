"""Writes what Hyperopt and HpBandSter propose after given histories.

The proposals are the judges of the compiled TPE and BOHB, see tests/python/test_search_*.py. They
are committed because the libraries need minutes for them.

    PYTHONPATH=tests/python python tests/data/search/make_library_proposals.py
"""

from __future__ import annotations

import numpy as np

import test_search_bohb as bohb
import test_search_tpe as tpe
from reference import hyperopt_model, library_proposals

COUNT = 2000


def main() -> None:
    made = {}
    for case, (settings, name) in bohb.PROPOSED.items():
        history = bohb.MADE_UP[name]
        library = bohb.Library(history, settings, only_last=True)
        made[case] = history.codes, library.propose(COUNT)
        print("HpBandSter:", case, flush=True)
    library_proposals.write("hpbandster-bohb", made)
    made = {}
    for case, (settings, budget_seconds) in tpe.PROPOSED.items():
        run = tpe.recorded(tpe.search.TPE(), budget_seconds)
        told = hyperopt_model.Told(run.codes.tolist(), run.losses.tolist())
        model = hyperopt_model.Model(settings, told)
        made[case] = run.codes, np.array(model.proposals(COUNT), np.uint32)
        print("Hyperopt:", case, flush=True)
    library_proposals.write("hyperopt-tpe", made)


if __name__ == "__main__":
    main()
