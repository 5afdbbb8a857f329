"""Words whose effect only a real engine shows."""

from pathlib import Path

from tests.journeys.house import house, wait_until

JOBS = """
jobs:
  shell: {schedule: "@startup", command: 'echo "$0"', shell: [/bin/sh, -c, 'eval "$1"', here]}
  signal: {command: "trap 'echo stopped by INT; exit 0' INT; touch ready; sleep 60 & wait",
    stop_signal: INT}
"""


def test_the_shell_runs_and_the_signal_stops(tmp_path: Path) -> None:
    with house(tmp_path, JOBS) as it:
        it.start()
        it.run("run", "signal")
        wait_until((tmp_path / "ready").exists, it.log())
        it.run("stop", "signal")
        it.wait_idle()

        assert "here" in it.run("logs", "shell").stdout
        assert "stopped by INT" in it.run("logs", "signal").stdout
        assert it.history("signal")[-1]["outcome"] == "stopped"
