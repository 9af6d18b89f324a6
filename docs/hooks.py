"""What mkdocs makes while it builds: the commands' reference, the settings' tables, and a notebook of each tutorial."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

COMMANDS, SETTINGS = "<!-- commands -->", "<!-- settings -->"  # places in pages
_WITH_NOTEBOOK = "tutorials/", "ko/"
_GROUPS = {"model": "The network", "train": "Its training"}


def on_files(files: Any, config: Any, **_: Any) -> Any:
    import jupytext
    from mkdocs.structure.files import File

    for page in [file for file in files.documentation_pages() if file.src_uri.startswith(_WITH_NOTEBOOK)]:
        notebook = jupytext.writes(jupytext.read(page.abs_src_path), "ipynb")
        files.append(File.generated(config, page.src_uri.removesuffix(".md") + ".ipynb", content=notebook))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    if page.file.src_uri.startswith(_WITH_NOTEBOOK):
        name = Path(page.file.src_uri).with_suffix(".ipynb").name
        markdown = markdown.replace("\n", f"\n\n[As a notebook]({name})\n", 1)
    return markdown.replace(COMMANDS, commands()).replace(SETTINGS, settings())


def commands() -> str:
    """Usage and options of every command, from the parser that reads them."""
    from dnaconv_core.cli import command_parsers

    os.environ["COLUMNS"] = "100"  # the width of the usage, whatever terminal builds it
    return "\n".join(
        f"## dnaconv {words}\n\n```text\n{parser.format_help().rstrip()}\n```\n"
        for words, parser in command_parsers().items()
    )


def settings() -> str:
    """A table for each group of settings: name, default, choices, what it does."""
    from dnaconv_core.model.config import ModelConfig, TrainConfig

    groups: dict[str, list[str]] = {}
    for config in (ModelConfig, TrainConfig):
        for field in dataclasses.fields(config):
            if "group" in field.metadata:
                groups.setdefault(str(field.metadata["group"]), []).append(_row(field))
    head = "| setting | default | choices | what it does |\n|---|---|---|---|\n"
    return "\n".join(f"### {_GROUPS[group]}\n\n{head}{''.join(rows)}" for group, rows in groups.items())


def _row(field: dataclasses.Field[Any]) -> str:
    default = "" if field.default is dataclasses.MISSING else f"`{field.default}`"
    choices = ", ".join(f"`{choice}`" for choice in field.metadata.get("choices", ()))
    words = str(field.metadata["help"]).replace("|", "\\|")
    return f"| `{field.name}` | {default} | {choices} | {words} |\n"
