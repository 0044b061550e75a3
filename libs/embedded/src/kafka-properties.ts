export interface KafkaPorts {
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

/** One node, broker and controller in one process, tuned for a small machine. */
export function serverProperties(dir: string, ports: KafkaPorts): string {
  const broker = `127.0.0.1:${ports.broker}`;
  const controller = `127.0.0.1:${ports.controller}`;
  const { via } = ports;
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    // The quorum is named here and not in the log, so that a kept data folder can come back on other ports.
    'controller.quorum.voters': `1@${controller}`,
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}${via ? `,VIA://127.0.0.1:${via.target}` : ''}`,
    'advertised.listeners': `PLAINTEXT://${broker}${via ? `,VIA://127.0.0.1:${via.proxy}` : ''}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,VIA:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dir,
    'auto.create.topics.enable': false,
    'num.partitions': 4,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'log.message.timestamp.type': 'LogAppendTime',
    'message.max.bytes': 4194304,
    'replica.fetch.max.bytes': 4194304,
    'log.index.size.max.bytes': 1048576,
    'log.cleaner.dedupe.buffer.size': 8388608,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 2,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
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
