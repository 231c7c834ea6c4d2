"""Compares lib/form with the JSON mapping of Google's protobuf for Python, both ways, on messages of every type of proto/
and on one with every kind of field, filled at random (the same in every run).

usage: test_python.py FORM_TOOL PROTO_DIR TEST_PROTO_DIR"""

import importlib
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77
try:
    from google.protobuf import descriptor_pool, json_format, message_factory
    from google.protobuf.descriptor import FieldDescriptor
except ImportError:
    print("skipped: python3-protobuf is not installed")
    sys.exit(SKIPPED)
try:
    import yaml
except ImportError:
    print("python3-yaml is not installed: YAML is compared by our own reader only")
    yaml = None

MESSAGES_PER_TYPE = 40

TEXTS = ["", "Barcelona", "no", "Null", "~", "1.10", "12:30", "2019-04-01", "0x1F", "1_000", "a: b", "# x", " x ",
         "two\nlines\n", "two\n\n  lines", "tab\there", "\r\n", "\u0085\u2028\ufeff", "巴塞罗那", "🌍", '"quoted"',
         "back\\slash", "- a", "*a", "&b", "!c", "|", ">", "%d", "@e", "\x01\x7f", "x" * 3000, "=", "<<", "é: ü"]
WHOLE = {32: [0, 1, -1, 2**31 - 1, -(2**31)], 64: [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)]}
NATURAL = {32: [0, 1, 2**32 - 1], 64: [0, 1, 2**53 + 1, 2**64 - 1]}
REALS = [0.0, 1.0, -1.5, 0.1, 1e-7, 1e20, 123456789.125, float("inf"), float("-inf"), float("nan")]


def compile_protos(out, proto_dir, test_dir):
    files = sorted(pathlib.Path(proto_dir).rglob("*.proto")) + [pathlib.Path(test_dir) / "form_test.proto"]
    subprocess.run(["protoc", f"--python_out={out}", f"-I{proto_dir}", f"-I{test_dir}", *map(str, files)], check=True)
    sys.path.insert(0, out)
    for file in files:
        base = test_dir if str(file).startswith(str(test_dir)) else proto_dir
        name = file.relative_to(base).with_suffix("")
        yield importlib.import_module(".".join(name.parts) + "_pb2").DESCRIPTOR


def all_types(files):
    for file in files:
        for descriptor in file.message_types_by_name.values():
            if descriptor.fields:  # not those that only hold an enum
                yield descriptor


def random_scalar(rng, field):
    f = FieldDescriptor
    if field.type == f.TYPE_STRING:
        return rng.choice(TEXTS)
    if field.type == f.TYPE_BYTES:
        return rng.randbytes(rng.randrange(6))
    if field.type == f.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == f.TYPE_ENUM:
        return rng.choice(list(field.enum_type.values_by_number))
    if field.type == f.TYPE_FLOAT:
        return struct.unpack("f", struct.pack("f", rng.choice(REALS + [rng.gauss(0, 1e3)])))[0]
    if field.type == f.TYPE_DOUBLE:
        return rng.choice(REALS + [rng.gauss(0, 1e3), 5e-324, 1.7976931348623157e308])
    bits = 64 if "64" in f"{FIELD_NAMES[field.type]}" else 32
    natural = FIELD_NAMES[field.type] in ("UINT32", "UINT64", "FIXED32", "FIXED64")
    return rng.choice((NATURAL if natural else WHOLE)[bits])


FIELD_NAMES = {getattr(FieldDescriptor, n): n[5:] for n in dir(FieldDescriptor) if n.startswith("TYPE_")}


def fill(rng, message, depth=0):
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        message.seconds = rng.choice([0, -62135596800, 253402300799, rng.randrange(-10**10, 10**11)])
        message.nanos = rng.choice([0, 1, 500000000, 123000, 999999999])
        return message
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.3:
            continue
        is_message = field.type == FieldDescriptor.TYPE_MESSAGE
        if is_message and depth > 3:
            continue
        if field.label == FieldDescriptor.LABEL_REPEATED:
            for _ in range(rng.randrange(4)):
                if is_message:
                    fill(rng, getattr(message, field.name).add(), depth + 1)
                else:
                    getattr(message, field.name).append(random_scalar(rng, field))
        elif is_message:
            getattr(message, field.name).SetInParent()
            fill(rng, getattr(message, field.name), depth + 1)
        else:
            setattr(message, field.name, random_scalar(rng, field))
    return message


def convert(tool, name, source, target, frames):
    stdin = b"".join(struct.pack("<I", len(frame)) + frame for frame in frames)
    out = subprocess.run([tool, name, source, target], input=stdin, stdout=subprocess.PIPE, check=True).stdout
    result = []
    while out:
        size = struct.unpack("<I", out[:4])[0]
        result.append(out[4 : 4 + size])
        out = out[4 + size :]
    return result


def expect(condition, name, what, *values):
    if not condition:
        print(f"{name}: {what}", *values, sep="\n")
        sys.exit(1)


def normal(cls, data):
    """Python's own bytes for a message, so that both sides order fields alike."""
    return cls.FromString(data).SerializeToString(deterministic=True)


def check_json(tool, cls, name, messages, packed):
    """Our JSON is read by Python, and is what Python writes; Python's, in both spellings, is read by us."""
    ours = convert(tool, name, "pb", "json", packed)
    for message, text in zip(messages, ours):
        expect(not text.startswith(b"!"), name, "not written:", text)
        back = json_format.Parse(text, cls())
        expect(back.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True), name,
               "Python reads our JSON otherwise", text, message)
        theirs = json_format.MessageToDict(message, preserving_proto_field_name=True)
        same = json.dumps(json.loads(text), sort_keys=True) == json.dumps(theirs, sort_keys=True)
        expect(same or has_float(message.DESCRIPTOR), name, "Python writes other JSON", text, theirs)
    for keep in (True, False):
        theirs = [json_format.MessageToJson(m, preserving_proto_field_name=keep).encode() for m in messages]
        for data, text, back in zip(packed, theirs, convert(tool, name, "json", "pb", theirs)):
            expect(normal(cls, back) == data if not back.startswith(b"!") else False, name,
                   "we read Python's JSON otherwise", text, back)


def has_float(descriptor):
    """Floats may be written with other digits, or 1 for 1.0: their values are compared after reading."""
    return descriptor.full_name.startswith("form.test.")


def check_yaml(tool, cls, name, messages, packed):
    """Our YAML is read back by us; another reader finds every text and number in it as it is in the message."""
    ours = convert(tool, name, "pb", "yaml", packed)
    for data, text, back in zip(packed, ours, convert(tool, name, "yaml", "pb", ours)):
        expect(not text.startswith(b"!") and not back.startswith(b"!"), name, "YAML is refused", text, back)
        expect(normal(cls, back) == data, name, "YAML comes back otherwise", text.decode(), back)
    if yaml is None:
        return
    for message, text in zip(messages, ours):
        seen = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        expect_same_tree(name, seen, message, text.decode())


def expect_same_tree(name, seen, message, text):
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        expect(isinstance(seen, str), name, "another YAML reader takes a time for", type(seen), text)
        return
    expect(set(seen) == {field.name for field, _ in message.ListFields()}, name, "other keys", seen, text)
    for field, value in message.ListFields():
        repeated = field.label == FieldDescriptor.LABEL_REPEATED
        pairs = zip(seen[field.name], value) if repeated else [(seen[field.name], value)]
        for found, item in pairs:
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                expect_same_tree(name, found, item, text)
            elif field.type == FieldDescriptor.TYPE_STRING or isinstance(item, (bool, int)):
                known = field.type != FieldDescriptor.TYPE_ENUM
                expect(found == item and type(found) is type(item) if known else isinstance(found, str), name,
                       f"another YAML reader finds {found!r} for {item!r}", text)


def check_refused(tool, name, cls):
    """What Python refuses, we refuse."""
    texts = ['{"an_int32": 2147483648}', '{"an_uint32": -1}', '{"an_int32": 1.5}', '{"a_bool": "true"}',
             '{"color": "PINK"}', '{"at": "2026-02-30T00:00:00Z"}', '{"at": "0000-01-01T00:00:00Z"}',
             '{"nothing": 1}', '{"strings": [null]}', '{"strings": "x"}', '{"chosen_text": "", "chosen_bool": true}',
             '{"a_float": 1e39}', '{"a_string": 5}', '{"child": 1}', '{"a_string": "a", "a_string": "b"}', "{"]
    for text, result in zip(texts, convert(tool, name, "json", "pb", [t.encode() for t in texts])):
        try:
            json_format.Parse(text, cls())
            expect(False, name, "Python reads this: not a case for this list", text)
        except json_format.ParseError:
            expect(result.startswith(b"!"), name, "we read what Python refuses", text)


def main():
    tool, proto_dir, test_dir = sys.argv[1:]
    rng = random.Random(20260301)
    with tempfile.TemporaryDirectory() as out:
        count = 0
        for descriptor in all_types(compile_protos(out, proto_dir, test_dir)):
            cls = message_factory.MessageFactory(descriptor_pool.Default()).GetPrototype(descriptor)
            name = descriptor.full_name
            messages = [cls()] + [fill(rng, cls()) for _ in range(MESSAGES_PER_TYPE)]
            packed = [message.SerializeToString(deterministic=True) for message in messages]
            check_json(tool, cls, name, messages, packed)
            check_yaml(tool, cls, name, messages, packed)
            if name == "form.test.Everything":
                check_refused(tool, name, cls)
            count += 1
        print(f"{count} message types compared")


main()
