"""The course as live pages, which need no Python behind them: notebooks run, made plain HTML, and published."""
