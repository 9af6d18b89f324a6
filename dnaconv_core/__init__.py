"""dnaconv: 1-D convolutional networks on DNA and RNA. `import dnaconv_core as dc` imports neither torch nor numpy."""

from dnaconv_core.front import open_front

__version__ = "0.1.0"

_API = "dnaconv_core.api"
__all__ = open_front(
    __name__,
    {
        "load_data": f"{_API}.data:load_data",
        "import_data": f"{_API}.data:import_data",
        "experiment": f"{_API}.data:experiment",
        "train": f"{_API}.models:train",
        "load": f"{_API}.models:load",
        "wrap": f"{_API}.models:wrap",
        "models": f"{_API}.models:models",
        "Model": f"{_API}.models:Model",
        "predict": f"{_API}.use:predict",
        "evaluate": f"{_API}.use:evaluate",
        "scan": f"{_API}.use:scan",
        "variants": f"{_API}.use:variants",
        "design": f"{_API}.design:design",
        "attribute": f"{_API}.explain:attribute",
        "ism": f"{_API}.explain:ism",
        "filters": f"{_API}.explain:filters",
        "motifs": f"{_API}.explain:motifs",
        "marginalize": f"{_API}.explain:marginalize",
        "plot": "dnaconv_core.plot",
        "Dataset": "dnaconv_core.data.dataset:Dataset",
        "DnaConvError": "dnaconv_core.errors:DnaConvError",
        "ConvNetClassifier": f"{_API}.estimators:ConvNetClassifier",
        "ConvNetRegressor": f"{_API}.estimators:ConvNetRegressor",
    },
)
