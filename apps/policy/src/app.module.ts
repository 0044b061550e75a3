import type { FastifyInstance } from 'fastify';
import { Controller, Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { createLogger, METRICS, messagingSettings, parseConfig, startService } from '@countersign/host';
import { createVerifier, loadOpenKey } from '@countersign/identity';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { loadSealingKeys, presidioRedactor, SealStore } from '@countersign/sealing';
import { eventPen, loadKeyRing, loadSigner } from '@countersign/signing';
import { loadWorkflows } from '@countersign/workflow-kit';
import { Evaluator } from './authzen/evaluator.js';
import { registerAccess, type AccessRoutes } from './authzen/routes.js';
import { policyConfig, type PolicyConfig } from './config.js';
import { ControlReader } from './control-reader.js';
import { countedBy, registry, untrusted } from './metrics.js';
import type { ControlMeans, Means } from './prepare.js';
import { control, policy } from './service.js';
import { keyWaiter } from './work.js';

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  @EventPattern<string>('intents', KAFKA_BATCH)
  intents(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('proposals', KAFKA_BATCH)
  proposals(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('results', KAFKA_BATCH)
  results(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('approvals', KAFKA_BATCH)
  approvals(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('control', KAFKA_BATCH)
  control(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('replies', KAFKA_BATCH)
  replies(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

const ACCESS = Symbol('access-routes');

@Module({})
class AppModule implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
    @Inject(ACCESS) private readonly access: AccessRoutes,
  ) {}

  onModuleInit() {
    return registerAccess(this.http.httpAdapter.getInstance<FastifyInstance>(), this.access);
  }

  static with(access: AccessRoutes): DynamicModule {
    return {
      module: AppModule,
      controllers: [Inbox],
      providers: [
        { provide: METRICS, useValue: registry },
        { provide: ACCESS, useValue: access },
      ],
      exports: [METRICS],
    };
  }
}

const redactorOf = ({ COUNTERSIGN_REDACTOR_URL: url, COUNTERSIGN_REDACTOR_LANGUAGE: language }: PolicyConfig) =>
  url ? presidioRedactor({ url, language }) : undefined;

export async function start() {
  const config = parseConfig(policyConfig);
  const logger = createLogger('policy', config);
  const keys = config.COUNTERSIGN_KEYS_DIR;
  const model = { model: config.OPENAI_MODEL, baseUrl: config.OPENAI_BASE_URL };
  const verifier = createVerifier({
    issuer: config.OIDC_ISSUER,
    audience: config.OIDC_AUDIENCE,
    tenantClaim: config.OIDC_TENANT_CLAIM,
    rolesClaim: config.OIDC_ROLES_CLAIM,
  });
  await verifier.warm();
  const settings = messagingSettings('policy', config, logger);
  const reader = new ControlReader(() => messaging);
  const means: Means = {
    workflows: await loadWorkflows(config.COUNTERSIGN_WORKFLOWS, model),
    verifier,
    ring: loadKeyRing(keys),
    openKey: loadOpenKey(keys),
    store: new SealStore({ keys: loadSealingKeys(keys), sql: () => messaging.sql }),
    redactor: redactorOf(config),
    freshAfterMs: config.FRESH_AFTER_MS,
    control: reader,
    onUntrusted: ({ event, record }, because) => {
      untrusted.inc({ type: event.type });
      logger.warn(
        { type: event.type, id: event.id, topic: record.topic, offset: String(record.offset), because },
        'not trusted; ignored',
      );
    },
  };
  const controlMeans: ControlMeans = {
    ...{ verifier, openKey: means.openKey, ring: means.ring, instance: settings.instance },
    messaging: () => messaging,
  };
  const messaging: Messaging = createMessaging({
    ...settings,
    subscriptions: [...policy(means), control(controlMeans)],
    workers: [keyWaiter(means, controlMeans)],
    project: (_, applied) => reader.project(applied),
    committed: countedBy(means.workflows),
    ...eventPen('policy', loadSigner(keys)),
  });
  const evaluator = new Evaluator({
    ...{ workflows: means.workflows, subjects: config.COUNTERSIGN_AUTHZEN_SUBJECTS ?? {}, control: reader },
    ...{ freshAfterMs: means.freshAfterMs, messaging: () => messaging, now: () => messaging.now() },
  });
  const module = AppModule.with({ evaluator, verifier, logger });
  return startService({ name: 'policy', config, logger, messaging, module });
}
