"""The package `nasbench` on nb101fast. Python finds it if the folder above is on its path."""

import nb101fast

nb101fast.install_as_nasbench(replace=True)  # It replaces this module in `sys.modules`, too.
