import { Controller, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import type { Incoming } from '@countersign/contracts';
import { createLogger, messagingSettings, METRICS, parseConfig, startService } from '@countersign/host';
import { createVerifier, loadSealKey, VERIFIER } from '@countersign/identity';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { loadOpeningKey, sealOpener } from '@countersign/sealing';
import { eventPen, loadKeyRing, loadSigner } from '@countersign/signing';
import { ApprovalsController, SEAL_KEY } from './api.controller.js';
import { placeOf } from './decide.js';
import { approvalConfig, type ApprovalConfig } from './config.js';
import { registry, untrusted } from './metrics.js';
import { ApprovalRow, Approvals, project } from './read-model.js';
import { OPENER } from './sealed-values.js';
import { approvalConsumer } from './service.js';
import { expiry } from './work.js';

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  @EventPattern<string>('decisions', KAFKA_BATCH)
  decisions(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

@Module({})
class AppModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  onApplicationShutdown() {
    return this.source.destroy();
  }

  static with(config: ApprovalConfig, source: DataSource): DynamicModule {
    const verifier = createVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      tenantClaim: config.OIDC_TENANT_CLAIM,
      rolesClaim: config.OIDC_ROLES_CLAIM,
    });
    return {
      module: AppModule,
      controllers: [Inbox, ApprovalsController],
      providers: [
        { provide: VERIFIER, useValue: verifier },
        { provide: SEAL_KEY, useValue: loadSealKey(config.COUNTERSIGN_KEYS_DIR) },
        {
          provide: OPENER,
          useFactory: ({ sql }: Messaging) => sealOpener(() => sql, loadOpeningKey(config.COUNTERSIGN_KEYS_DIR)),
          inject: [Messaging],
        },
        { provide: METRICS, useValue: registry },
        { provide: DataSource, useValue: source },
        { provide: Approvals, useValue: new Approvals(source) },
      ],
      exports: [METRICS],
    };
  }
}

export async function start(env: NodeJS.ProcessEnv = process.env) {
  const config = parseConfig(approvalConfig, env);
  const logger = createLogger('approval', config);
  const report = (incoming: Incoming, because: string) => {
    untrusted.inc({ type: incoming.event.type });
    logger.warn({ place: placeOf(incoming), because }, "a record on decisions is not policy's; ignored");
  };
  const source = new DataSource({
    type: 'postgres',
    url: config.DATABASE_URL,
    entities: [ApprovalRow],
    synchronize: false,
    extra: { max: 5 },
  });
  await source.initialize();
  const messaging = createMessaging({
    ...messagingSettings('approval', config, logger),
    subscriptions: [approvalConsumer(loadKeyRing(config.COUNTERSIGN_KEYS_DIR), report)],
    workers: [expiry],
    project,
    ...eventPen('approval', loadSigner(config.COUNTERSIGN_KEYS_DIR)),
  });
  return startService({ name: 'approval', config, logger, messaging, module: AppModule.with(config, source) });
}
