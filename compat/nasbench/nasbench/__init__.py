"""The package `nasbench` on nb101fast: `from nasbench import api` means `nb101fast.api`."""

import nb101fast

nb101fast.install_as_nasbench(replace=True)  # takes this module's own place too
