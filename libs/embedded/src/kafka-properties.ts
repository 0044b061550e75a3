import type { KafkaAccount, KafkaLogin } from './kafka-users.js';

/** A node of the cluster and where it listens. */
export interface KafkaNode {
  id: number;
  broker: number;
  controller: number;
  /** Of the superusers, where everybody logs in. */
  internal?: number;
  /** Clients of the listener at `target` are told to come to `proxy`, which leads there. */
  via?: Via;
}

/** Where something is told to be, and where it is. */
export interface Via {
  proxy: number;
  target: number;
}

type Settings = Record<string, string | number | boolean>;
export type Superusers = Record<Extract<KafkaAccount, 'broker' | 'admin'>, KafkaLogin>;

/** Every record is on so many nodes. */
const COPIES = 3;

/**
 * One node, broker and controller in one process, tuned for a small machine. Of three nodes and more each record is on three, and is
 * acknowledged once two have it: one may be lost. `superusers`: everybody has to log in.
 */
export function serverProperties(dir: string, node: KafkaNode, cluster: KafkaNode[], superusers?: Superusers): string {
  const copies = Math.min(COPIES, cluster.length);
  const inSync = Math.max(1, copies - 1);
  const settings: Settings = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    // The quorum is named here and not in the log, so that a kept data folder can come back on other ports.
    'controller.quorum.voters': cluster.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    ...listeners(node),
    ...(superusers ? guarded(superusers) : OPEN),
    'log.dirs': dir,
    'auto.create.topics.enable': false,
    'num.partitions': 4,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'log.message.timestamp.type': 'LogAppendTime',
    'message.max.bytes': 4194304,
    'replica.fetch.max.bytes': 4194304,
    'log.index.size.max.bytes': 1048576,
    'log.cleaner.dedupe.buffer.size': 8388608,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 2,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // After a kill -9 the controller takes the broker back only when its old session has run out (9 s by default).
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `${lines.join('\n')}\n`;
}

function listeners({ broker, controller, internal, via }: KafkaNode): Settings {
  const at = (name: string, port?: number) => (port === undefined ? [] : [`${name}://127.0.0.1:${port}`]);
  const clients = (port?: number) => [...at('CLIENTS', broker), ...at('INTERNAL', internal), ...at('VIA', port)];
  return {
    listeners: [...clients(via?.target), ...at('CONTROLLER', controller)].join(),
    'advertised.listeners': clients(via?.proxy).join(),
  };
}

const OPEN: Settings = {
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT,VIA:PLAINTEXT',
  'inter.broker.listener.name': 'CLIENTS',
};

const WITH_LOGIN = ['CONTROLLER', 'INTERNAL', 'CLIENTS', 'VIA'].map((name) => `${name}:SASL_PLAINTEXT`).join();

/**
 * Clients log in by SCRAM, whose users are in the cluster's own metadata. Superusers log in by PLAIN with what stands here: the broker
 * has to reach its controller before there is any metadata, and no client's password opens those two listeners.
 */
function guarded({ broker, admin }: Superusers): Settings {
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const self = `username="${broker.username}" password="${broker.password}"`;
  const known = [broker, admin].map(({ username, password }) => `user_${username}="${password}"`);
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    'listener.security.protocol.map': WITH_LOGIN,
    'inter.broker.listener.name': 'INTERNAL',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-256',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.internal.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.internal.plain.sasl.jaas.config': `${plain} ${self} ${known.join(' ')};`,
    'listener.name.controller.plain.sasl.jaas.config': `${plain} ${self} ${known[0]};`,
    'listener.name.clients.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.via.scram-sha-256.sasl.jaas.config': scram,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': false,
    'super.users': [broker, admin].map(({ username }) => `User:${username}`).join(';'),
  };
}
