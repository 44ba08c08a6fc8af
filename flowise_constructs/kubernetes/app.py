"""cdk8s' App, whose errors can be read."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import cdk8s

from flowise_constructs.core.findings import ConfigError
from flowise_constructs.kubernetes.patch_errors import unfit_patch


class App(cdk8s.App):
    """cdk8s' `App`, and one thing more: a JSON patch that doesn't fit its object is a ConfigError that names both. From
    `cdk8s.App` it is a RuntimeError with a JavaScript traceback, or with the whole object."""

    def synth(self) -> None:
        """Writes every chart's file into the output folder."""
        with _readable():
            super().synth()

    def synth_yaml(self) -> str:
        """The YAML of all charts as text."""
        with _readable():
            return super().synth_yaml()


@contextmanager
def _readable() -> Generator[None, None, None]:
    try:
        yield
    except RuntimeError as error:
        finding = unfit_patch(str(error))
        if finding is None:
            raise
        raise ConfigError([finding]) from None
