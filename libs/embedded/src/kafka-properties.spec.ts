import { describe, expect, it } from '@jest/globals';
import { KAFKA_ROLES } from '@countersign/contracts';
import { serverProperties, type KafkaNode, type Superusers } from './kafka-properties.js';

const login = (username: string) => ({ username, password: `password-of-${username}`, passwordFile: '' });
const superusers: Superusers = { broker: login('cs-broker'), admin: login('cs-admin') };
const via = { target: 5, proxy: 6 };
const written = (node: Omit<KafkaNode, 'id'>, users?: Superusers) => {
  const only = { id: 1, ...node };
  return serverProperties('/log', only, [only], users);
};
const read = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
  );

describe('the settings of the embedded broker', () => {
  it('without users have no login and no authorizer', () => {
    const settings = read(written({ broker: 1, controller: 2, via }));
    expect(settings['listeners']).toBe('CLIENTS://127.0.0.1:1,VIA://127.0.0.1:5,CONTROLLER://127.0.0.1:2');
    expect(settings['advertised.listeners']).toBe('CLIENTS://127.0.0.1:1,VIA://127.0.0.1:6');
    expect(Object.keys(settings).filter((name) => /sasl|authorizer|super/.test(name))).toEqual([]);
  });

  it('with users let nobody in anywhere without a login, and by SCRAM no superuser', () => {
    const settings = read(written({ broker: 1, controller: 2, internal: 3, via }, superusers));
    const listeners = settings['listeners']!.split(',').map((each) => each.split(':')[0]);
    const protocols = new Map(
      settings['listener.security.protocol.map']!.split(',').map((each) => each.split(':') as [string, string]),
    );
    expect(listeners.map((name) => protocols.get(name!))).toEqual(listeners.map(() => 'SASL_PLAINTEXT'));
    expect(settings['listeners']).not.toMatch(/:\/\/(?!127\.0\.0\.1:)/);
    expect(settings['allow.everyone.if.no.acl.found']).toBe('false');
    expect(settings['super.users']).toBe('User:cs-broker;User:cs-admin');
    for (const listener of ['clients', 'via'])
      expect(settings[`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]).not.toMatch(/password|ANONYMOUS/);
    expect(settings['listener.name.controller.plain.sasl.jaas.config']).not.toContain('cs-admin');
    for (const role of KAFKA_ROLES) expect(settings['super.users']).not.toContain(`-${role}`);
  });

  it('of three have each record three times, and acknowledge what two have', () => {
    const nodes = [1, 2, 3].map((id) => ({ id, broker: 10 + id, controller: 20 + id }));
    const settings = read(serverProperties('/log', nodes[1]!, nodes));
    expect(settings).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@127.0.0.1:21,2@127.0.0.1:22,3@127.0.0.1:23',
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'offsets.topic.replication.factor': '3',
    });
  });
});
