"""After the tests: how many checks of the standard there were, and how many passed."""

from tests.array_api.modes import asked, passed


def pytest_terminal_summary(terminalreporter):
    for mode, count in asked.items():
        share = 100 * passed[mode] / count
        terminalreporter.write_line(
            f"array API 2024.12, {mode}: {passed[mode]} of {count} checks passed ({share:.1f} %)"
        )
