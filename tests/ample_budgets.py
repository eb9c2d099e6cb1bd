"""Policy with budgets that no load empties, for registers that a load is put on: what ships stops it after a minute."""

import re
import shutil
from pathlib import Path

from demo.running import POLICY
from nsor_server.policy.source import packaged

_OF_PORTS = re.compile(r"^all_ports = .*\n|^ports = \[\n(?:.*\n)*?\]\n", re.MULTILINE)
_BUCKETS = {
    "officer": "{ capacity = 900000, refill_per_hour = 900000 }",
    "agency": "{ capacity = 1000000, refill_per_hour = 1000000 }",
}


def written(folder: Path) -> Path:
    """Write the budgets into a folder of policy documents, and give it: the setting `policy_dir`."""
    shutil.copytree(POLICY, folder, dirs_exist_ok=True)
    text = _OF_PORTS.sub("", packaged("budgets.toml").read_text(encoding="utf-8"))
    for name, bucket in _BUCKETS.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {bucket}", text, flags=re.MULTILINE)
    (folder / "budgets.toml").write_text(text, encoding="utf-8")
    return folder
