from colours._table import TABLE as TABLE
