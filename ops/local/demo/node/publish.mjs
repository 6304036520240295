// Publishes one event from Node: `node publish.mjs TYPE DATA.json`. What it knows of the event it has from the JSON Schema.
// With kafkajs (npm install kafkajs) it sends; without, or with --print, it prints the record's value, for
// `learnwire events publish`. Exit codes: 0 published or printed, 2 the data break the schema.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { faults } from "./check.mjs";

const schemas = new URL("../../../../contracts/src/contracts/schemas/", import.meta.url);

// The topic and the key of the types that this program publishes, as the table in docs/publishing.md has them.
const places = {
  "learnwire.content-action.recorded.v1": ["learnwire.content-actions.v1", (d) => d.email.trim().normalize("NFC").toLowerCase()],
  "learnwire.learner.accessed.v1": ["learnwire.learners.v1", (d) => `${d.portal_id}/${d.learner_id}`],
  "learnwire.bulk-action.started.v1": ["learnwire.bulk-actions.v1", (d) => d.action_id],
};

const [type, file] = process.argv.slice(2).filter((each) => !each.startsWith("--"));
const schema = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, schemas), "utf8"));
const data = JSON.parse(readFileSync(file, "utf8"));
refuse(faults(schema(type), data));
const [topic, key] = places[type];
const event = {
  specversion: "1.0",
  id: uuid7(),
  source: "/lms/acme",
  type,
  time: new Date().toISOString(),
  partitionkey: key(data),
  datacontenttype: "application/json",
  data,
};
refuse(faults(schema("envelope"), event, "event"));
const value = JSON.stringify(event);
const kafkajs = process.argv.includes("--print") ? null : installed("kafkajs");
if (kafkajs) await send(kafkajs);
else console.log(value);

function refuse(found) {
  if (!found.length) return;
  console.error(found.join("\n"));
  process.exit(2);
}

// Looks where the program is run, not where it lies.
function installed(name) {
  try {
    return createRequire(`${process.cwd()}/`)(name);
  } catch {
    return null;
  }
}

async function send({ Kafka, Partitioners, logLevel }) {
  const kafka = new Kafka({
    clientId: "lms-acme",
    brokers: (process.env.LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS ?? "localhost:9092").split(","),
    logLevel: logLevel.ERROR,
  });
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner, // as Java's: one key, one partition, whoever publishes
    allowAutoTopicCreation: false,
    idempotent: true,
  });
  await producer.connect();
  await producer.send({
    topic: (process.env.LEARNWIRE_KAFKA_TOPIC_PREFIX ?? "") + topic,
    acks: -1, // all in-sync replicas
    messages: [
      {
        key: event.partitionkey,
        value,
        headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
      },
    ],
  });
  await producer.disconnect();
  console.log(event.id);
}

// RFC 9562: 48 bits of milliseconds, then randomness; ids made later sort later, and `learnwire explain` finds them by their time.
function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
