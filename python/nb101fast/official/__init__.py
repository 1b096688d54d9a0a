"""The modules of the official package `nasbench.lib`, on nb101fast.

`nb101fast.install_as_nasbench()` shows them under their official names.
"""
