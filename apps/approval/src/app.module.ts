import { Controller, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import type { Incoming } from '@countersign/contracts';
import { createLogger, messagingSettings, METRICS, openReadModels, parseConfig, startService } from '@countersign/host';
import { createVerifier, loadSealKey, VERIFIER } from '@countersign/identity';
import { CONTROL_SQL, viewOf } from '@countersign/control';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { loadOpeningKey, sealOpener } from '@countersign/sealing';
import { eventPen, loadKeyRing, loadSigner } from '@countersign/signing';
import { loadWorkflows, settlersOf } from '@countersign/workflow-kit';
import type { Known } from './answer.js';
import { ApprovalsController } from './api.controller.js';
import { placeOf } from './decide.js';
import { approvalConfig, type ApprovalConfig } from './config.js';
import { Desk } from './desk.js';
import { DoubtDesk } from './doubt-desk.js';
import { DoubtsController } from './doubts.controller.js';
import type { SettlersOf } from './verdict.js';
import { count, registry, untrusted } from './metrics.js';
import { ApprovalRow, Approvals, project } from './read-model.js';
import { OPENER } from './sealed-values.js';
import { approvalConsumer, controlConsumer, doubtsConsumer } from './service.js';
import { webhookWorker } from './webhook-worker.js';
import { clock } from './work.js';

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  @EventPattern<string>('decisions', KAFKA_BATCH)
  decisions(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('results', KAFKA_BATCH)
  results(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('control-acks', KAFKA_BATCH)
  controlAcks(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

type Loaded = Awaited<ReturnType<typeof loadWorkflows>>;

@Module({})
class AppModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  onApplicationShutdown() {
    return this.source.destroy();
  }

  static with(config: ApprovalConfig, source: DataSource, loaded: Loaded): DynamicModule {
    const verifier = createVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      tenantClaim: config.OIDC_TENANT_CLAIM,
      rolesClaim: config.OIDC_ROLES_CLAIM,
    });
    return {
      module: AppModule,
      controllers: [Inbox, ApprovalsController, DoubtsController],
      providers: [
        { provide: VERIFIER, useValue: verifier },
        {
          provide: Desk,
          useFactory: (messaging: Messaging) =>
            new Desk(messaging, new Approvals(source), loadSealKey(config.COUNTERSIGN_KEYS_DIR), contractsOf(loaded)),
          inject: [Messaging],
        },
        {
          provide: DoubtDesk,
          useFactory: (messaging: Messaging) =>
            new DoubtDesk(messaging, loadSealKey(config.COUNTERSIGN_KEYS_DIR), settlersIn(loaded)),
          inject: [Messaging],
        },
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

/** What people's edits have to fit. Contracts alone: what a tool does is the executor's to load. */
const contractsOf =
  (loaded: Loaded): Known['contractOf'] =>
  (workflow, tool) =>
    loaded.get(workflow)?.workflow.tools.find(({ name }) => name === tool);

/** A doubt does not say of which workflow it is: whoever settles the tool in any of them may speak, and policy judges by the action's own. */
const settlersIn =
  (loaded: Loaded): SettlersOf =>
  (tool, asked) => {
    const having = [...loaded.values()].filter(({ workflow }) => workflow.tools.some(({ name }) => name === tool));
    return [...new Set([...asked, ...having.flatMap(({ workflow }) => settlersOf(workflow, tool, asked))])];
  };

export async function start(env: NodeJS.ProcessEnv = process.env) {
  const config = parseConfig(approvalConfig, env);
  const logger = createLogger('approval', config);
  // The fingerprint, which covers the model, is nothing here.
  const loaded = await loadWorkflows(config.COUNTERSIGN_WORKFLOWS, { model: 'none', baseUrl: 'none' });
  const report = (incoming: Incoming, because: string) => {
    untrusted.inc({ type: incoming.event.type });
    logger.warn({ place: placeOf(incoming), because }, "a record is not its owner's; ignored");
  };
  const source = await openReadModels({ url: config.DATABASE_URL, entities: [ApprovalRow], maxConnections: 5 }, logger);
  const ring = loadKeyRing(config.COUNTERSIGN_KEYS_DIR);
  const { COUNTERSIGN_WEBHOOK_URL: url, COUNTERSIGN_WEBHOOK_SECRET: secret } = config;
  const webhooks = url && secret ? [webhookWorker({ url, secret }, () => messaging.now())] : [];
  const messaging: Messaging = createMessaging({
    ...messagingSettings('approval', config, logger),
    subscriptions: [
      approvalConsumer(ring, report, webhooks.length > 0),
      controlConsumer(ring, report),
      doubtsConsumer(ring, report),
    ],
    workers: [
      clock(
        async () => viewOf(await messaging.sql.query('control', CONTROL_SQL, [])),
        () => messaging.now(),
      ),
      ...webhooks,
    ],
    project,
    committed: count,
    ...eventPen('approval', loadSigner(config.COUNTERSIGN_KEYS_DIR)),
  });
  return startService({
    ...{ name: 'approval', config, logger, messaging },
    module: AppModule.with(config, source, loaded),
  });
}
