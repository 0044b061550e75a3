"""A product in Python publishes what its user said with a plain Kafka client, and reads the reply.

pip install kafka-python
KAFKA_BROKERS=… TOKEN="$(npx countersign token alice)" python publish_intent.py "Where is order ord_1001?"
"""

import hashlib
import json
import os
import sys
import time
import uuid

try:
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
except ModuleNotFoundError:
    sys.exit("kafka-python is missing: python -m pip install kafka-python")

TENANT, SOURCE, SESSION = "acme", "/examples/python", "example"
WAIT_SECONDS = 60


def setting(name: str, what: str) -> str:
    if value := os.environ.get(name):
        return value
    sys.exit(f"{name} is not set: {what}")


def main() -> None:
    brokers = setting("KAFKA_BROKERS", "host:port of Kafka, as `npm start` prints it").split(",")
    token = setting("TOKEN", "the user's token, such as `npx countersign token alice` prints")
    prefix = os.environ.get("TOPIC_PREFIX", "countersign")
    text = sys.argv[1] if len(sys.argv) > 1 else "Where is order ord_1001?"

    # From the ends as they are now: the reply is not there yet.
    replies = KafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False)
    topic = f"{prefix}.replies.v1"
    partitions = [TopicPartition(topic, one) for one in replies.partitions_for_topic(topic) or ()]
    if not partitions:
        sys.exit(f"there is no topic {topic}: is TOPIC_PREFIX right?")
    replies.assign(partitions)
    for partition, end in replies.end_offsets(partitions).items():
        replies.seek(partition, end)

    request = str(uuid.uuid4())
    headers = {
        "ce_specversion": "1.0",
        "ce_id": request,
        "ce_source": SOURCE,
        "ce_type": "countersign.intent.requested.v1",
        "authorization": f"Bearer {token}",
    }
    producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
    value = {"workflow": "support-desk", "session": SESSION, "text": text}
    producer.send(
        f"{prefix}.intents.v1",
        key=f"{TENANT}/{SESSION}".encode(),
        value=json.dumps(value).encode(),
        headers=[(name, content.encode()) for name, content in headers.items()],
    ).get(timeout=30)

    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        for records in replies.poll(timeout_ms=500).values():
            for record in records:
                reply = json.loads(record.value)
                if dict(record.headers).get("ce_correlationid", b"").decode() == intent_id(request):
                    print(f"{reply['intentId']} {reply['outcome']}: {reply['text']}")
                    return
    sys.exit(f"no reply in {WAIT_SECONDS} s")


def intent_id(request: str) -> str:
    """Derived from tenant, source and the request's own id: known before anybody read the record."""
    derived = "countersign/v1" + "".join(f"\n{len(part)}:{part}" for part in (TENANT, SOURCE, request))
    return f"int_{hashlib.sha256(derived.encode()).hexdigest()[:32]}"


if __name__ == "__main__":
    main()
