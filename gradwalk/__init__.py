"""A walk backward through one transformer block, for people who want to see every gradient with their own eyes.

This is the front door. Each name is loaded when it is first used, so that `import gradwalk` costs next to nothing and
loads neither Matplotlib nor a widget library.
"""

from importlib import import_module

__version__ = "0.1.0"

# name -> the module that it comes from
_HOME = {
    "Model": "gradwalk.model",
    "forward": "gradwalk.walk",
    "backward": "gradwalk.walk",
    "Dial": "gradwalk.dial",
    "check": "gradwalk.exercises.check",
    "predict": "gradwalk.exercises.predict",
    "repair": "gradwalk.exercises.repair",
    "which_rule": "gradwalk.exercises.which_rule",
    "DialBoard": "gradwalk.widgets.dial_board",
    "Exercise": "gradwalk.widgets.exercise",
    "LivePage": "gradwalk.widgets.live_page",
    "OwnSentence": "gradwalk.widgets.own_sentence",
    "tune": "gradwalk.tuning",
    "loss_on": "gradwalk.tuning",
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
