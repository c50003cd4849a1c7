"""How long a full round of figures and checks takes: `DATABASE_URL=… python -m tests.benchmarks.bench_refresh`."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from sqlalchemy import text

from dashboard import db
from dashboard.config import ROOT

STAGES = """
select stage, extract(epoch from finished_at - started_at)::float8 from refresh_run where state = 'done'
order by id desc limit 2
"""


def run() -> dict[str, float]:
    """Refresh once in a process of its own; return the seconds of the whole, of each stage, and the peak of memory."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dashboard.refresh", "--once"], cwd=ROOT, check=True)
    seconds = time.perf_counter() - begun
    with db.administration(read_only=True) as session:
        stages = {str(stage): round(float(taken), 1) for stage, taken in session.execute(text(STAGES))}
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": round(seconds, 1), **stages, "peak_megabytes": round(megabytes)}


if __name__ == "__main__":
    print(run())
