import { Controller, Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { TOPICS, type OutRecord } from '@countersign/contracts';
import {
  createLogger,
  messagingSettings,
  METRICS,
  parseConfig,
  startService,
  type RunningService,
  openReadModels,
} from '@countersign/host';
import { createVerifier, VERIFIER } from '@countersign/identity';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { loadKeyRing, loadSigner, signedEncoder } from '@countersign/signing';
import { TraceController } from './api.controller.js';
import { auditConfig, type AuditConfig } from './config.js';
import { Heartbeat } from './heartbeat.js';
import { AuditMetrics } from './metrics.js';
import { keepPartitions } from './partitions.js';
import { Traces } from './read-model.js';
import { RecordRow } from './record.entity.js';
import { trace } from './service.js';

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  @EventPattern<string[]>([...TOPICS], KAFKA_BATCH)
  records(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

@Module({})
class AppModule {
  static with(
    config: AuditConfig,
    source: DataSource,
    metrics: AuditMetrics,
    background: OnModuleDestroy,
  ): DynamicModule {
    const {
      OIDC_ISSUER: issuer,
      OIDC_AUDIENCE: audience,
      OIDC_TENANT_CLAIM: tenantClaim,
      OIDC_ROLES_CLAIM: rolesClaim,
    } = config;
    return {
      module: AppModule,
      controllers: [Inbox, TraceController],
      providers: [
        { provide: VERIFIER, useValue: createVerifier({ issuer, audience, tenantClaim, rolesClaim }) },
        { provide: Traces, useValue: new Traces(source) },
        { provide: METRICS, useValue: metrics.registry },
        { provide: 'background', useValue: background },
      ],
      exports: [METRICS],
    };
  }
}

export async function start(): Promise<RunningService> {
  return startAudit(parseConfig(auditConfig));
}

export async function startAudit(config: AuditConfig): Promise<RunningService> {
  const logger = createLogger('audit', config);
  const metrics = new AuditMetrics();
  const source = await openReadModels({ url: config.DATABASE_URL, entities: [RecordRow], maxConnections: 5 }, logger);
  const settings = messagingSettings('audit', config, logger);
  const keys = config.COUNTERSIGN_KEYS_DIR;
  const parts = { ring: loadKeyRing(keys) };
  const encode = signedEncoder('audit', loadSigner(keys));
  const messaging = createMessaging({
    ...settings,
    subscriptions: [trace(parts, metrics, logger)],
    workers: [],
    encode,
  });
  const partitions = keepPartitions(source, logger);
  const heartbeat = new Heartbeat({
    instance: settings.instance,
    version: versionOfThis(),
    everyMs: config.AUDIT_HEARTBEAT_MS,
    sql: messaging.sql,
    bounds: (topic) => messaging.bounds(topic),
    publish: (records: OutRecord[]) => messaging.publish(records),
    encode,
    metrics,
    log: logger,
  });
  const background = {
    async onModuleDestroy() {
      heartbeat.stop();
      partitions.stop();
      await source.destroy();
    },
  };
  const running = await startService({
    name: 'audit',
    config,
    logger,
    messaging,
    module: AppModule.with(config, source, metrics, background),
  });
  heartbeat.start();
  return running;
}

const versionOfThis = () =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
