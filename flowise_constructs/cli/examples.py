"""The examples that `--help` shows, by command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_PROGRAM = "flowise-constructs"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "init": (
        f"{_PROGRAM} init chat",
        f"{_PROGRAM} init chat --queue",
        f"{_PROGRAM} init chat --queue --database postgresql --redis external --bucket identity",
        f"{_PROGRAM} init chat --database postgresql",
    ),
    "synth": (
        f"{_PROGRAM} synth",
        f"{_PROGRAM} synth --output deploy/flowise",
        f"{_PROGRAM} synth --stdout | kubectl diff -f -",
        f"{_PROGRAM} synth --app 'python other.py'",
    ),
    "from-helm": (
        f"{_PROGRAM} from-helm values.yaml values-prod.yaml --release flowise --output flowise.yaml",
        f"{_PROGRAM} from-helm values.yaml --chart cowboysysop --release ai --output flowise.yaml",
        f"helm get values flowise -o yaml | {_PROGRAM} from-helm - --format python --output flowise_release.py",
    ),
    "from-env": (
        f"{_PROGRAM} from-env .env --output flowise.yaml --secrets-output flowise-secrets.yaml",
        f"{_PROGRAM} from-env .env --compose docker-compose.yml --encryption-key encryption.key --format python",
        f"{_PROGRAM} from-env main.env --worker-env worker.env --output flowise.yaml",
    ),
    "secrets": (
        f"{_PROGRAM} secrets dist/*.yaml | kubectl create -f -",
        f"{_PROGRAM} secrets dist/*.yaml --ask --namespace flowise --format sealed > sealed-secrets.yaml",
        f"{_PROGRAM} secrets dist/*.yaml --format external-secrets --store vault > external-secrets.yaml",
    ),
    "check": (
        f"{_PROGRAM} check dist/*.yaml",
        f"{_PROGRAM} check --images dist/*.yaml | xargs -n 1 docker pull",
    ),
    "docs": (
        f"{_PROGRAM} docs",
        f"{_PROGRAM} docs own-ca",
        f"{_PROGRAM} docs examples/queue_managed > main.py",
        f"{_PROGRAM} docs --search 'NetworkPolicy'",
    ),
    "completion": (
        f'eval "$({_PROGRAM} completion bash)"',
        f"{_PROGRAM} completion zsh > ~/.zfunc/_{_PROGRAM}",
        f"{_PROGRAM} completion fish > ~/.config/fish/completions/{_PROGRAM}.fish",
    ),
}


def epilog(lines: Iterable[str]) -> str:
    """The last part of a help text."""
    return "examples:\n" + "".join(f"  {line}\n" for line in lines)
