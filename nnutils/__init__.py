"""The helper package of the course: every function in it was first built by hand in a notebook.

The textbook stands at the top, in the order of the course:

========  ====================================================================
notebook  module
========  ====================================================================
01        ``neurons``: a nerve cell, from its spikes to the unit of 1943
02        ``perceptron``: one neuron that learns
03        ``dice``: rolls, their sums, and the neuron that judges them
04        ``activations``: sigmoid, tanh, ReLU, softmax and their derivatives
05        ``losses``, ``landscapes``, ``optimizers``: what to make small, and how
06        ``network``, ``gradcheck``, ``ladder``: layers that learn, and how to check them
07        ``convolution``: windows that slide over pictures
08        ``autograd``: numbers that remember, and find their gradients
08 to 10  ``training``: the pipeline in PyTorch
all       ``plotting``: colours, and figures with a text that describes them
all       ``checks``: settings that do not fit are refused by name
========  ====================================================================

Around it: ``datasets`` (digits, MNIST, toy sets), ``labs``, ``exercises``, and ``learner``
(progress, the self-test, saving one's work). Importing this package loads none of them.
"""

__version__ = "0.2.0"
