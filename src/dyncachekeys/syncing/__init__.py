"""The use cases (`use_cases`, of many projects `scope`): what a sync would write, as data (`plan`), and its writing.

`last_run` -> `status` -> `planning` -> `apply`; then what there is to report of it: `report`, `notices`, `forecast`,
`explanation`. May use: everything below it.
"""
