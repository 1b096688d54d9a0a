"""What bash proposes where a user presses TAB."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path


def proposals(script: str, line: str, folder: Path) -> list[str]:
    """What bash proposes for the last word of a line.

    Args:
        script: what `--print-completion bash` printed.
        line: the command as far as it is typed; the last word may be empty.
        folder: the current folder.
    """
    words = line.split(" ")
    press = f"""
    COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
    $(complete -p {words[0]} | grep -o '_shtab_[a-z0-9_]*')
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script + press], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return sorted(done.stdout.split())
