"""The use cases: what a sync would write, as data (`coverage`), and the writing of it (`apply`).

Also what there is to say of it: reports, notices, explanations, forecasts. May use: everything below it.
"""
