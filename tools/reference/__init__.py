"""The reference in ``docs/``, made from the code: ``python -m tools.reference [--check]``.

A page says where the code's part of it stands, between two comments::

    <!-- generated: command init "agency create" -->
    <!-- end -->

The first names a kind and what of it stands here, ``*`` for everything. What stands around it is written by people.
"""
