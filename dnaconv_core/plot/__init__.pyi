from dnaconv_core.api.figures import logo as logo
from dnaconv_core.api.figures import precision_recall as precision_recall
from dnaconv_core.api.figures import roc as roc
from dnaconv_core.api.figures import scatter as scatter
