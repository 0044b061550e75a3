/** A node of the cluster and where it listens. */
export interface KafkaNode {
  id: number;
  broker: number;
  controller: number;
  /** Clients of the listener at `target` are told to come to `proxy`, which leads there. */
  via?: Via;
}

/** Where something is told to be, and where it is. */
export interface Via {
  proxy: number;
  target: number;
}

/** Every record is on so many nodes. */
const COPIES = 3;

/**
 * One node, broker and controller in one process, tuned for a small machine. Of three nodes and more each record is on three, and is
 * acknowledged once two have it: one may be lost.
 */
export function serverProperties(dir: string, node: KafkaNode, cluster: KafkaNode[]): string {
  const broker = `127.0.0.1:${node.broker}`;
  const controller = `127.0.0.1:${node.controller}`;
  const { via } = node;
  const copies = Math.min(COPIES, cluster.length);
  const inSync = Math.max(1, copies - 1);
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    // The quorum is named here and not in the log, so that a kept data folder can come back on other ports.
    'controller.quorum.voters': cluster.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(','),
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}${via ? `,VIA://127.0.0.1:${via.target}` : ''}`,
    'advertised.listeners': `PLAINTEXT://${broker}${via ? `,VIA://127.0.0.1:${via.proxy}` : ''}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,VIA:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
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
