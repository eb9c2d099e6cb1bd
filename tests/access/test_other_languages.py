"""The contract as other languages' generators read it: with protoc alone, from a fresh checkout."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from google.type import date_pb2

PROTOS = Path(__file__).parents[2] / "protos"
DATE = "google/type/date.proto"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Sequence[descriptor_pb2.FileDescriptorProto]:
    """What plain protoc reads of a copy of the protos, with nothing else on its path but its own well-known types."""
    folder = tmp_path_factory.mktemp("checkout")
    protos = folder / "protos"
    shutil.copytree(PROTOS, protos)
    named = [path.relative_to(protos) for path in protos.glob("nsor/*/*.proto")]
    named += [path.relative_to(protos) for path in protos.glob("nsor/ledger/*/*.proto")]
    assert len(named) > 10
    protoc = (sys.executable, "-m", "grpc_tools.protoc", "-I", "protos", "--include_imports")
    subprocess.run(
        [*protoc, "--descriptor_set_out=found.binpb", *(str(path) for path in sorted(named))], cwd=folder, check=True
    )
    return descriptor_pb2.FileDescriptorSet.FromString((folder / "found.binpb").read_bytes()).file


def of_nsor(files: Sequence[descriptor_pb2.FileDescriptorProto]) -> list[descriptor_pb2.FileDescriptorProto]:
    return [file for file in files if file.package.startswith("nsor.")]


def test_java_gets_no_class_twice(files: Sequence[descriptor_pb2.FileDescriptorProto]) -> None:
    # Without a name of its own, officer.proto's outer class would be Officer, a message of directory.proto, and protoc
    # refuses to write one file twice. File systems of some developers don't tell case apart.
    classes: Counter[tuple[str, str]] = Counter()
    for file in of_nsor(files):
        assert file.options.java_multiple_files, file.name
        assert file.options.java_outer_classname, file.name
        names = [file.options.java_outer_classname]
        names += [part.name for kind in (file.message_type, file.enum_type, file.service) for part in kind]
        names += [f"{message.name}OrBuilder" for message in file.message_type]
        names += [f"{service.name}Grpc" for service in file.service]
        classes.update((file.options.java_package, name.lower()) for name in names)
    assert [name for name, times in classes.items() if times > 1] == []
    assert ("pk.gov.nsor.v1", "officer") in classes


def test_the_vendored_date_is_the_one_that_python_has(files: Sequence[descriptor_pb2.FileDescriptorProto]) -> None:
    (date,) = [file for file in files if file.name == DATE]
    known = descriptor_pb2.FileDescriptorProto()
    date_pb2.DESCRIPTOR.CopyToProto(known)
    for field in date.message_type[0].field:
        field.ClearField("json_name")  # protoc writes it into a file alone
    assert date == known


def test_the_vendored_date_keeps_its_licence() -> None:
    assert "Licensed under the Apache License, Version 2.0" in (PROTOS / DATE).read_text(encoding="utf-8")
    assert "Apache License" in (PROTOS / DATE).with_name("LICENSE").read_text(encoding="utf-8")
