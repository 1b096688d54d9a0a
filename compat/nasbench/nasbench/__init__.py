"""The package `nasbench` on nb101fast: `from nasbench import api` means `nb101fast.api`."""

import nb101fast

nb101fast.install_as_nasbench(replace=True)  # It replaces this module in `sys.modules`, too.
