"""DeepChem's KerasModel, run by benchmarks/train.py in an environment of its own: see README.md."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import sys
import tempfile

from common import serve

print("loading DeepChem", file=sys.stderr)
import deepchem as dc  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
state: dict = {}


def network(length: int, depth: int, filters: int, kernel: int, dropout: float, covariates: int, regression: bool):
    layers = tf.keras.layers
    sequence = tf.keras.Input(shape=(length, 4))
    inputs, h = [sequence], sequence
    for _ in range(depth):
        h = layers.Dropout(dropout)(layers.Conv1D(filters, kernel, activation="relu", padding="same")(h))
    h = layers.Flatten()(h)
    if covariates:
        inputs.append(tf.keras.Input(shape=(covariates,)))
        h = layers.Concatenate()([h, inputs[1]])
    logits = layers.Dense(1)(h)
    output = layers.Activation("sigmoid")(logits)
    if regression:
        return tf.keras.Model(inputs=inputs, outputs=output), dc.models.losses.L2Loss(), ["prediction"]
    model = tf.keras.Model(inputs=inputs, outputs=[output, logits])
    return model, dc.models.losses.SigmoidCrossEntropy(), ["prediction", "loss"]


def batches(n: int):
    order = np.random.permutation(len(state["y"]))[:n]
    for rows in np.split(order, range(state["batch"], n, state["batch"])):
        yield [array[rows] for array in state["X"]], [state["y"][rows]], [state["w"][rows]]


def answer(question: dict) -> None:
    do = question.pop("do")
    if do == "set up":
        n, batch = question.pop("n"), question.pop("batch")
        keras, loss, outputs = network(**question)
        folder = tempfile.mkdtemp()
        model = dc.models.KerasModel(keras, loss=loss, output_types=outputs, batch_size=batch, model_dir=folder)
        X = [np.eye(4, dtype=np.int8)[np.random.randint(0, 4, (n, question["length"]))]]
        if question["covariates"]:
            X.append(np.random.rand(n, question["covariates"]).astype(np.float32))
        y = (np.random.rand(n, 1) < 0.5).astype(np.float32)
        data = dc.data.NumpyDataset(X[0], y)
        state.update(model=model, data=data, X=X, y=y, w=np.ones_like(y), batch=batch)
    elif do == "train" and len(state["X"]) > 1:
        state["model"].fit_generator(batches(len(state["y"])), checkpoint_interval=0)
    elif do == "train":
        state["model"].fit(state["data"], nb_epoch=1, checkpoint_interval=0)
    else:
        state["model"].predict(state["data"])


serve(answer)
