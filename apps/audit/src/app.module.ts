import { Controller, Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
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
import { loadOpeningKey, sealOpener } from '@countersign/sealing';
import { loadKeyRing, loadSigner, loadStoredKeyRing, signedEncoder } from '@countersign/signing';
import { TraceController } from './api.controller.js';
import { DisclosureController } from './disclosure/disclosure.controller.js';
import { DisclosureList } from './disclosure/disclosure-list.js';
import { Disclosures } from './disclosure/disclosures.js';
import { Pace } from './disclosure/pace.js';
import { auditConfig, type AuditConfig } from './config.js';
import { Figures } from './figures/figures.js';
import { FiguresController } from './figures/figures.controller.js';
import { Heartbeat } from './heartbeat.js';
import { IncidentStore } from './incidents/incident-store.js';
import { Incidents } from './incidents/incidents.js';
import { IncidentsController } from './incidents/incidents.controller.js';
import { Teller } from './incidents/teller.js';
import { AuditMetrics } from './metrics.js';
import { keepPartitions } from './partitions.js';
import { gapsNoticed } from './progress.js';
import { Traces } from './read-model.js';
import { RecordRow } from './record.entity.js';
import { trace } from './service.js';
import { Evidence } from './tree/evidence.js';
import { EvidenceController } from './tree/evidence.controller.js';
import { lastOutside } from './tree/outside.js';
import { Sequencer } from './tree/sequencer.js';

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
    evidence: Evidence,
    disclosures: Disclosures,
    incidents: Incidents,
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
      controllers: [
        Inbox,
        TraceController,
        DisclosureController,
        EvidenceController,
        FiguresController,
        IncidentsController,
      ],
      providers: [
        { provide: VERIFIER, useValue: createVerifier({ issuer, audience, tenantClaim, rolesClaim }) },
        { provide: Traces, useValue: new Traces(source) },
        { provide: Evidence, useValue: evidence },
        { provide: Figures, useValue: new Figures(source) },
        { provide: Disclosures, useValue: disclosures },
        { provide: DisclosureList, useValue: new DisclosureList(source) },
        { provide: Incidents, useValue: incidents },
        { provide: Pace, useValue: new Pace(() => performance.now()) },
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
  const source = await openReadModels({ url: config.DATABASE_URL, entities: [RecordRow], maxConnections: 6 }, logger);
  const settings = messagingSettings('audit', config, logger);
  const keys = config.COUNTERSIGN_KEYS_DIR;
  const parts = { ring: loadKeyRing(keys) };
  const signer = loadSigner(keys);
  const encode = signedEncoder('audit', signer);
  const messaging = createMessaging({
    ...settings,
    subscriptions: [trace(parts, metrics, logger)],
    workers: [],
    encode,
    notReady: () => sequencer.refuses,
    notices: () => gapsNoticed(messaging.sql),
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
  const system = config.AUDIT_ORIGIN ?? `${config.TOPIC_PREFIX}/audit`;
  const ring = loadStoredKeyRing(keys);
  const { kafka, instance } = settings;
  const sequencer: Sequencer = new Sequencer({
    source,
    instance,
    system,
    everyMs: config.AUDIT_CHECKPOINT_MS,
    signer,
    ring,
    outside: () => lastOutside({ kafka, log: logger, prefix: config.TOPIC_PREFIX, ring, system }),
    encode,
    publish: (records) => messaging.publish(records),
    metrics,
    log: logger,
  });
  const evidence = new Evidence(
    source,
    system,
    signer,
    () => ring.keysOf('audit'),
    (tenant) => sequencer.headOf(tenant),
  );
  const disclosures = new Disclosures({
    traces: new Traces(source),
    opener: sealOpener(() => messaging.sql, loadOpeningKey(keys)),
    sql: () => messaging.sql,
    inTransaction: (run) =>
      source.transaction((manager) => run({ query: (_, text, values) => manager.query(text, values) })),
    encode,
    publish: (records) => messaging.publish(records),
    now: () => messaging.now(),
  });
  const incidents = new Incidents({
    store: new IncidentStore(source),
    traces: new Traces(source),
    metrics,
    now: () => messaging.now(),
    until: (isSo) => untilSo(isSo, HEARS_OF_RELEASES_MS),
  });
  const teller = new Teller({
    source,
    everyMs: config.AUDIT_HEARTBEAT_MS,
    encode,
    publish: (records) => messaging.publish(records),
    now: () => messaging.now(),
    metrics,
    log: logger,
  });
  const background = {
    async onModuleDestroy() {
      heartbeat.stop();
      await teller.stop();
      await sequencer.stop();
      partitions.stop();
      await source.destroy();
    },
  };
  const running = await startService({
    name: 'audit',
    config,
    logger,
    messaging,
    module: AppModule.with(config, source, metrics, evidence, disclosures, incidents, background),
  });
  heartbeat.start();
  sequencer.start();
  teller.start();
  return running;
}

/** Audit stores what policy said of a release a moment after everybody else has heard it. */
const HEARS_OF_RELEASES_MS = 10_000;

async function untilSo(isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > end) return false;
    await setTimeout(200);
  }
  return true;
}

const versionOfThis = () =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
