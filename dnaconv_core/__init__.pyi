from dnaconv_core import plot as plot
from dnaconv_core.api.data import experiment as experiment
from dnaconv_core.api.data import import_data as import_data
from dnaconv_core.api.data import load_data as load_data
from dnaconv_core.api.design import design as design
from dnaconv_core.api.estimators import ConvNetClassifier as ConvNetClassifier
from dnaconv_core.api.estimators import ConvNetRegressor as ConvNetRegressor
from dnaconv_core.api.explain import attribute as attribute
from dnaconv_core.api.explain import filters as filters
from dnaconv_core.api.explain import ism as ism
from dnaconv_core.api.explain import marginalize as marginalize
from dnaconv_core.api.explain import motifs as motifs
from dnaconv_core.api.models import Model as Model
from dnaconv_core.api.models import load as load
from dnaconv_core.api.models import models as models
from dnaconv_core.api.models import train as train
from dnaconv_core.api.models import wrap as wrap
from dnaconv_core.api.use import evaluate as evaluate
from dnaconv_core.api.use import predict as predict
from dnaconv_core.api.use import scan as scan
from dnaconv_core.api.use import variants as variants
from dnaconv_core.data.dataset import Dataset as Dataset
from dnaconv_core.errors import DnaConvError as DnaConvError

__version__: str
