"""A walk backward through one transformer block, for people who want to see every gradient with their own eyes.

This is the front door. Each name is loaded when it is first used, so that `import gradwalk` costs next to nothing and
loads neither Matplotlib nor a widget library.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

# name -> the module that it comes from; a module whose last part is the name itself may hold a function of that name
_HOME = {
    "Model": "gradwalk.model",
    "forward": "gradwalk.walk",
    "backward": "gradwalk.walk",
    "Dial": "gradwalk.dial",
    "DialBoard": "gradwalk.widgets.dial_board",
    "LivePage": "gradwalk.widgets.live_page",
    "OwnSentence": "gradwalk.widgets.own_sentence",
    "tune": "gradwalk.tune",
    "loss_on": "gradwalk.tune",
}
_MODULES = {"checkpoint", "measure", "show", "text"}  # these names are the modules themselves

__all__ = sorted(_HOME.keys() | _MODULES)


def __getattr__(name):
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # the next look-up finds it at once
    return value


def __dir__():
    return sorted(globals().keys() | set(__all__))


class _FrontDoor(ModuleType):
    """This package's type: a submodule never hides the function that carries its name.

    Python binds a submodule to its package once it is imported: without this, `import gradwalk.tune` anywhere would
    turn `gradwalk.tune` from the function into the module.
    """

    def __setattr__(self, name, value):
        if name in _HOME and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor
