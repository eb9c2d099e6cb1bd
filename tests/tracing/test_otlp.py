from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nsor_server.tracing import attributes, otlp
from nsor_server.tracing.spans import Tracing

METHOD = "nsor.v1.LookupService/LookUpRegistration"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_our_encoding_is_the_sdks() -> None:
    # A collector reads what it would read from the SDK's own encoder, field by field.
    exporter = InMemorySpanExporter()
    tracing = Tracing([SimpleSpanProcessor(exporter)], host="127.0.0.1")
    tracing.listening(7443)
    for parent in (None, PARENT):
        for code in ("OK", "NOT_FOUND", "INTERNAL"):
            call = tracing.call(METHOD, parent)
            call.set(attributes.AGENCY, "punjab-police")
            call.set(attributes.ACCESS_ID, "5f0c8a0e-7d0b-4a9e-9f43-0b1f0a3f8f11")
            tracing.committed([call] * 100, lock=0.0123, decide=0.004, store=None, whole=False)
            message = tracing.message(call, METHOD)
            message.set(attributes.PURPOSE, "\u0645" * 200)
            message.end()
            call.end(code, "REASON" if code != "OK" else "")
    ended = exporter.get_finished_spans()
    assert otlp.encode(ended) == encode_spans(ended)
    assert otlp.encode(ended).SerializeToString() != b""
